import { type FakeReply, type FakeRequest, jsonReply } from "../FakeRequest.ts"
import type { FakeTenant } from "../tenant/FakeTenant.ts"
import type { FakeTokens } from "./FakeTokens.ts"

const refusal = (status: number, error: string, message: string): FakeReply =>
  jsonReply(status, JSON.stringify({ error, error_description: message }))

/**
 * `GET /metadata/identity/oauth2/token`, as a virtual machine finds it at 169.254.169.254; undefined for other paths. Without a
 * `client_id`, the first tenant with a managed identity is meant.
 *
 * @see https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
 */
export const handle = (
  { headers, url }: FakeRequest,
  tenants: Iterable<FakeTenant>,
  tokens: FakeTokens,
  now: number
): FakeReply | undefined => {
  if (url.pathname !== "/metadata/identity/oauth2/token") return undefined
  if (headers["metadata"]?.toLowerCase() !== "true") {
    return refusal(400, "bad_request_102", "Required metadata header not specified")
  }
  const resource = url.searchParams.get("resource")
  if (resource === null) return refusal(400, "invalid_request", "Required query variable 'resource' is missing")
  const wanted = url.searchParams.get("client_id")
  const tenant = [...tenants].find(
    ({ credentials: { managedIdentity } }) =>
      managedIdentity !== undefined && managedIdentity === (wanted ?? managedIdentity)
  )
  const clientId = tenant?.credentials.managedIdentity
  if (tenant === undefined || clientId === undefined) return refusal(400, "invalid_request", "Identity not found")
  return jsonReply(
    200,
    JSON.stringify({
      access_token: tokens.issue({ tenant, clientId, audience: resource, claims: null }, now),
      client_id: clientId,
      expires_in: String(tokens.lifetimeSeconds),
      expires_on: String(Math.floor(now / 1000) + tokens.lifetimeSeconds),
      ext_expires_in: String(tokens.lifetimeSeconds),
      not_before: String(Math.floor(now / 1000)),
      resource,
      token_type: "Bearer"
    })
  )
}
