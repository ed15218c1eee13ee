/**
 * The app's service principal and its granted permissions, which verification reads.
 *
 * @module
 */
import type { FakeCall } from "./FakeCall.ts"
import { collectionReply } from "./FakePaging.ts"
import { appRoleIds } from "../metadata/Permissions.ts"
import { errorReply, type FakeReply, jsonReply } from "../FakeRequest.ts"

const principalIdOf = (clientId: string): string => `33333333${clientId.slice(8)}`

/** The app's service principal, by its own id or by the app's. */
export const principal = ({ tenant }: FakeCall, id: string): FakeReply => {
  const own = principalIdOf(tenant.clientId)
  const app = /^\(appId='(.*)'\)$/.exec(id)?.[1]
  return app?.toLowerCase() === tenant.clientId.toLowerCase() || id.toLowerCase() === `/${own}`.toLowerCase()
    ? jsonReply(200, JSON.stringify({ id: own, appId: tenant.clientId, displayName: "Atlas" }))
    : errorReply(404, "Request_ResourceNotFound", "The service principal does not exist.")
}

/** The permissions granted to the app. They show at once, although tokens may carry them later. */
export const assignments = (call: FakeCall, id: string): FakeReply => {
  const found = principal(call, id)
  if (found.status !== 200) return found
  const principalId = principalIdOf(call.tenant.clientId)
  const items = [...call.tenant.grants].map((name) =>
    JSON.stringify({
      id: name,
      appRoleId: appRoleIds[name] ?? name,
      principalId,
      resourceId: principalIdOf("00000000-0000-4000-8000-000000000003"),
      resourceDisplayName: "Microsoft Graph"
    })
  )
  return collectionReply(call, { items, count: undefined, context: "appRoleAssignments", links: {} })
}
