import * as CredentialCheck from "./CredentialCheck.ts"
import * as FakeManagedIdentity from "./FakeManagedIdentity.ts"
import { aadReply, type FakeReply, type FakeRequest, jsonReply } from "../FakeRequest.ts"
import type { FakeTenant } from "../tenant/FakeTenant.ts"
import type { FakeTokens } from "./FakeTokens.ts"

const tokenPath = "oauth2/v2.0/token"
const metadataPath = "v2.0/.well-known/openid-configuration"

/** The login service of a fake Graph: metadata, app-only tokens, and tokens of managed identities. */
export class FakeLogin {
  readonly #tenants: ReadonlyMap<string, FakeTenant>
  readonly #tokens: FakeTokens

  constructor(tenants: ReadonlyMap<string, FakeTenant>, tokens: FakeTokens) {
    this.#tenants = tenants
    this.#tokens = tokens
  }

  /** Answers requests below `/{tenant}` and `/metadata`; undefined for other paths. */
  handle(request: FakeRequest, now: number): FakeReply | undefined {
    const [, tenantId = "", ...rest] = request.url.pathname.split("/")
    const resource = rest.join("/")
    if (resource !== tokenPath && resource !== metadataPath) {
      return FakeManagedIdentity.handle(request, this.#tenants.values(), this.#tokens, now)
    }
    const tenant = this.#tenants.get(tenantId.toLowerCase())
    if (tenant === undefined) {
      return aadReply(400, "invalid_request", 90002, `Tenant '${tenantId}' not found.`)
    }
    return resource === tokenPath ? this.#token(request, tenant, now) : metadata(request.url.host, tenantId)
  }

  #token({ body, url }: FakeRequest, tenant: FakeTenant, now: number): FakeReply {
    const form = new URLSearchParams(body)
    const clientId = form.get("client_id")
    if (form.get("grant_type") !== "client_credentials" || clientId === null) {
      return aadReply(400, "invalid_request", 900144, "The request body must contain: 'client_id', 'grant_type'.")
    }
    if (clientId !== tenant.clientId) {
      return aadReply(400, "unauthorized_client", 700016, `Application '${clientId}' was not found in the directory.`)
    }
    const audience = /^(\S+)\/\.default$/.exec(form.get("scope") ?? "")?.[1]
    if (audience === undefined) {
      return aadReply(400, "invalid_scope", 70011, "The provided value for scope is not valid.")
    }
    const refusal = CredentialCheck.refusalOf(tenant, form, `https://${url.host}${url.pathname}`, now)
    if (refusal !== undefined) return aadReply(401, "invalid_client", refusal.number, refusal.message)
    const token = this.#tokens.issue({ tenant, clientId, audience, claims: form.get("claims") }, now)
    const seconds = this.#tokens.lifetimeSeconds
    return jsonReply(
      200,
      JSON.stringify({ token_type: "Bearer", expires_in: seconds, ext_expires_in: seconds, access_token: token })
    )
  }
}

/** Discovery, with https addresses as behind a gateway, since msal accepts no others. */
const metadata = (host: string, tenantId: string): FakeReply => {
  const base = `https://${host}/${tenantId}`
  return jsonReply(
    200,
    JSON.stringify({
      issuer: `${base}/v2.0`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      token_endpoint: `${base}/${tokenPath}`,
      jwks_uri: `${base}/discovery/v2.0/keys`
    })
  )
}
