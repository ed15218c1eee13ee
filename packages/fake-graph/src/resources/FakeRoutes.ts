/**
 * Every path that the fake knows, with its methods, permissions and handler.
 *
 * @module
 */
import * as FakeAppRoles from "./FakeAppRoles.ts"
import type { FakeCall } from "./FakeCall.ts"
import * as FakeCollectionApi from "./FakeCollectionApi.ts"
import * as FakeGroupsApi from "./FakeGroupsApi.ts"
import * as FakeGroupsDelta from "./FakeGroupsDelta.ts"
import { collectionReply } from "./FakePaging.ts"
import { errorReply, type FakeReply, intuneRefusal } from "../FakeRequest.ts"
import { type FakeResource, fakeResources } from "../tenant/FakeResources.ts"

interface Route {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE"
  /** Matches the whole decoded path. The handler gets the captured groups. */
  readonly path: RegExp
  /** Any of these suffices. */
  readonly permissions: ReadonlyArray<string>
  readonly handle: (call: FakeCall, ...parts: ReadonlyArray<string>) => FakeReply
  readonly intune: boolean
}

const route = (
  path: RegExp,
  permissions: ReadonlyArray<string>,
  handle: (call: FakeCall, part: string) => FakeReply
): Route => ({ method: "GET", path, permissions, handle: (call, part = "") => handle(call, part), intune: false })

const readGroups = ["GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"]
const readApps = ["Application.Read.All", "Directory.Read.All"]

const organization = (call: FakeCall): FakeReply => {
  const { displayName, entraTenantId, licenses } = call.tenant
  const plans = licenses.has("intune") ? [{ service: "SCO", capabilityStatus: "Enabled" }] : []
  const items = [JSON.stringify({ id: entraTenantId, displayName, assignedPlans: plans })]
  return collectionReply(call, { items, count: undefined, context: "organization", links: {} })
}

const routesOf = (resource: FakeResource): ReadonlyArray<Route> => {
  const path = `^/(?:${resource.versions.join("|").replace(".", String.raw`\.`)})/${resource.path}`
  const call =
    (handle: (call: FakeCollectionApi.FakeResourceCall, id: string) => FakeReply) =>
    (plain: FakeCall, id = "") =>
      handle({ ...plain, resource, items: plain.tenant.collection(resource.path) }, id)
  const one = new RegExp(String.raw`${path}(?:/([^/()]+)|\('([^/]+)'\))$`)
  const { intune, read, write } = resource
  const reads: ReadonlyArray<Route> = [
    { method: "GET", path: new RegExp(`${path}$`), permissions: read, handle: call(FakeCollectionApi.list), intune },
    { method: "GET", path: one, permissions: read, handle: call(FakeCollectionApi.get), intune },
    ...resource.children.map((name): Route => ({
      method: "GET",
      path: new RegExp(String.raw`${path}(?:/([^/()]+)|\('([^/]+)'\))/${name}$`),
      permissions: read,
      handle: call((own, id) => FakeCollectionApi.children(own, id, name)),
      intune
    }))
  ]
  if (write.length === 0) return reads
  const assign = new RegExp(String.raw`${path}(?:/([^/()]+)|\('([^/]+)'\))/assign$`)
  return [
    ...reads,
    {
      method: "POST",
      path: new RegExp(`${path}$`),
      permissions: write,
      handle: call(FakeCollectionApi.create),
      intune
    },
    { method: "PATCH", path: one, permissions: write, handle: call(FakeCollectionApi.update), intune },
    { method: "DELETE", path: one, permissions: write, handle: call(FakeCollectionApi.remove), intune },
    { method: "POST", path: assign, permissions: write, handle: call(FakeCollectionApi.assign), intune },
    ...(resource.replaceable
      ? [{ method: "PUT" as const, path: one, permissions: write, handle: call(FakeCollectionApi.update), intune }]
      : []),
    ...(resource.children.includes("scheduledActionsForRule")
      ? [
          {
            method: "POST" as const,
            path: new RegExp(String.raw`${path}(?:/([^/()]+)|\('([^/]+)'\))/scheduleActionsForRules$`),
            permissions: write,
            handle: call(FakeCollectionApi.scheduleActions),
            intune
          }
        ]
      : [])
  ]
}

const routes: ReadonlyArray<Route> = [
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
  ...fakeResources.flatMap(routesOf)
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
  if (!permissions.some((permission) => call.roles.has(permission))) {
    return intune
      ? errorReply(403, "Forbidden", intuneRefusal(permissions))
      : errorReply(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
  }
  if (intune && !call.tenant.licenses.has("intune")) return unlicensed
  return handle(call, ...(found.path.exec(path) ?? []).slice(1).filter((part) => part !== undefined))
}
