import { randomBytes } from "node:crypto"
import { type FakeReply, type FakeRequest, jsonReply } from "./FakeRequest.ts"
import type { FakeTenant } from "./FakeTenant.ts"

interface Issued {
  readonly tenant: FakeTenant
  readonly expiresAt: number
}

/** Tokens remembered at most; the oldest are forgotten first, and thereby rejected. */
const capacity = 10_000

/**
 * A refusal in the shape of Entra ID.
 *
 * @param status the status
 * @param error OAuth's error
 * @param number the AADSTS number
 * @param message for people
 */
export const aadReply = (status: number, error: string, number: number, message: string): FakeReply =>
  jsonReply(
    status,
    JSON.stringify({
      error,
      error_description: `AADSTS${number}: ${message}`,
      error_codes: [number],
      correlation_id: ""
    })
  )

/** The login service of a fake Graph: metadata, and opaque tokens that expire. */
export class FakeLogin {
  readonly #tenants: ReadonlyMap<string, FakeTenant>
  readonly #lifetimeMillis: number
  readonly #issued = new Map<string, Issued>()

  constructor(tenants: ReadonlyMap<string, FakeTenant>, lifetimeMillis: number) {
    this.#tenants = tenants
    this.#lifetimeMillis = lifetimeMillis
  }

  /** Whose token it is, unless it expired or was revoked. */
  tenantOf(token: string, now: number): FakeTenant | undefined {
    const issued = this.#issued.get(token)
    return issued !== undefined && now < issued.expiresAt ? issued.tenant : undefined
  }

  /** Makes every token issued so far invalid. */
  revokeAll(): void {
    this.#issued.clear()
  }

  /** Answers requests below `/{tenant}`; none for other paths. */
  handle(request: FakeRequest, now: number): FakeReply | undefined {
    const [, tenantId = "", ...rest] = request.url.pathname.split("/")
    const resource = rest.join("/")
    if (resource !== "oauth2/v2.0/token" && resource !== "v2.0/.well-known/openid-configuration") return undefined
    const tenant = this.#tenants.get(tenantId.toLowerCase())
    if (tenant === undefined) {
      return aadReply(400, "invalid_request", 90002, `Tenant '${tenantId}' not found.`)
    }
    return resource === "oauth2/v2.0/token" ? this.#token(request, tenant, now) : metadata(request.url.host, tenantId)
  }

  #token(request: FakeRequest, tenant: FakeTenant, now: number): FakeReply {
    const form = new URLSearchParams(request.body)
    const clientId = form.get("client_id")
    if (form.get("grant_type") !== "client_credentials" || clientId === null) {
      return aadReply(400, "invalid_request", 900144, "The request body must contain: 'client_id', 'grant_type'.")
    }
    if (clientId !== tenant.clientId) {
      return aadReply(400, "unauthorized_client", 700016, `Application '${clientId}' was not found in the directory.`)
    }
    if (form.get("scope")?.endsWith("/.default") !== true) {
      return aadReply(400, "invalid_scope", 70011, "The provided value for scope is not valid.")
    }
    if (form.get("client_secret") !== tenant.clientSecret) {
      return aadReply(401, "invalid_client", 7000215, "Invalid client secret provided.")
    }
    const token = `fake.${randomBytes(24).toString("base64url")}`
    this.#issued.set(token, { tenant, expiresAt: now + this.#lifetimeMillis })
    const [oldest] = this.#issued.keys()
    if (this.#issued.size > capacity && oldest !== undefined) this.#issued.delete(oldest)
    const seconds = Math.floor(this.#lifetimeMillis / 1000)
    return jsonReply(
      200,
      JSON.stringify({ token_type: "Bearer", expires_in: seconds, ext_expires_in: seconds, access_token: token })
    )
  }
}

/** Discovery, with https addresses as behind a gateway: msal accepts no others. */
const metadata = (host: string, tenantId: string): FakeReply => {
  const base = `https://${host}/${tenantId}`
  return jsonReply(
    200,
    JSON.stringify({
      issuer: `${base}/v2.0`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      token_endpoint: `${base}/oauth2/v2.0/token`,
      jwks_uri: `${base}/discovery/v2.0/keys`
    })
  )
}
