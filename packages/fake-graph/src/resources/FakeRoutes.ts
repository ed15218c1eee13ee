/**
 * Every path that the fake knows, with its methods, permissions and handler.
 *
 * @module
 */
import * as FakeAppRoles from "./FakeAppRoles.ts"
import type { FakeCall } from "./FakeCall.ts"
import { collectionRoutes, intuneMissing, type FakeRoute } from "./CollectionRoutes.ts"
import * as FakeGroupsApi from "./FakeGroupsApi.ts"
import * as FakeGroupsDelta from "./FakeGroupsDelta.ts"
import { collectionReply } from "./FakePaging.ts"
import { errorReply, type FakeReply, intuneRefusal } from "../FakeRequest.ts"
import { lacking } from "../metadata/Permissions.ts"

const route = (
  path: RegExp,
  permissions: ReadonlyArray<string>,
  handle: (call: FakeCall, part: string) => FakeReply
): Omit<FakeRoute, "template"> => ({
  method: "GET",
  path,
  permissions: [permissions],
  handle: (call, part = "") => handle(call, part),
  intune: false
})

const readGroups = ["GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"]
const readApps = ["Application.Read.All", "Directory.Read.All"]

const organization = (call: FakeCall): FakeReply => {
  const { displayName, entraTenantId, licenses } = call.tenant
  const plans = licenses.has("intune") ? [{ service: "SCO", capabilityStatus: "Enabled" }] : []
  const items = [JSON.stringify({ id: entraTenantId, displayName, assignedPlans: plans })]
  return collectionReply(call, { items, count: undefined, context: "organization", links: {} })
}

const routes: ReadonlyArray<Omit<FakeRoute, "template">> = [
  route(/^\/(?:v1\.0|beta)\/groups$/, readGroups, FakeGroupsApi.list),
  route(/^\/(?:v1\.0|beta)\/groups\/\$count$/, readGroups, FakeGroupsApi.count),
  route(/^\/(?:v1\.0|beta)\/groups\/(?:microsoft\.graph\.)?delta(?:\(\))?$/, readGroups, FakeGroupsDelta.delta),
  route(/^\/(?:v1\.0|beta)\/groups\/([^/]+)$/, readGroups, FakeGroupsApi.get),
  route(/^\/(?:v1\.0|beta)\/organization$/, ["Organization.Read.All", "Directory.Read.All"], organization),
  route(
    /^\/(?:v1\.0|beta)\/servicePrincipals((?:\/|\()[^/]+)\/appRoleAssignments$/,
    readApps,
    FakeAppRoles.assignments
  ),
  route(/^\/(?:v1\.0|beta)\/servicePrincipals((?:\/|\()[^/]+)$/, readApps, FakeAppRoles.principal),
  ...collectionRoutes
]

const unlicensed = errorReply(
  403,
  "Forbidden",
  "The tenant has no licence for Intune: Request not applicable to target tenant."
)

/** Answers a request to a resource, as the token's permissions allow; `path` is decoded. */
export const answer = (call: FakeCall, path: string): FakeReply => {
  const there = routes.filter((candidate) => candidate.path.test(path))
  const found = there.find(({ method }) => method === call.request.method)
  const refused = found === undefined ? intuneMissing(call, path) : undefined
  if (refused !== undefined) return refused
  if (there.length === 0) {
    return errorReply(
      404,
      "Request_ResourceNotFound",
      `Resource not found for the segment '${path.split("/").at(-1)}'.`
    )
  }
  if (found === undefined) {
    return errorReply(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
  }
  const { handle, intune, permissions } = found
  const missing = lacking(permissions, call.roles)
  if (missing !== undefined) {
    return intune
      ? errorReply(403, "Forbidden", intuneRefusal(missing))
      : errorReply(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
  }
  if (intune && !call.tenant.licenses.has("intune")) return unlicensed
  return handle(call, ...(found.path.exec(path) ?? []).slice(1).filter((part) => part !== undefined))
}
