/**
 * The app's service principal and its granted permissions, which verification reads.
 *
 * @module
 */
import type { FakeCall } from "./FakeCall.ts"
import { collectionReply } from "./FakePaging.ts"
import { errorReply, type FakeReply, jsonReply } from "../FakeRequest.ts"

/**
 * Application permissions of Microsoft Graph, and the ids of their app roles.
 *
 * @see https://learn.microsoft.com/graph/permissions-reference
 */
const appRoleIds: Readonly<Record<string, string>> = {
  "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
  "RoleManagement.Read.Directory": "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
  "Organization.Read.All": "498476ce-e0fe-48b0-b801-37ba7e2685c6",
  "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
  "DeviceManagementConfiguration.Read.All": "dc377aa6-52d8-4e23-b271-2a7ae04cedf3",
  "DeviceManagementConfiguration.ReadWrite.All": "9241abd9-d0e6-425a-bd4f-47ba86e767a4",
  "DeviceManagementServiceConfig.Read.All": "06a5fe6d-c49d-46a7-b082-56b1b14103c7",
  "DeviceManagementServiceConfig.ReadWrite.All": "5ac13192-7ace-4fcf-b828-1a26f28068ee",
  "DeviceManagementScripts.Read.All": "c7a5be92-2b3d-4540-8a67-c96dcaae8b43",
  "DeviceManagementScripts.ReadWrite.All": "9255e99d-faf5-445e-bbf7-cb71482737c4",
  "DeviceManagementApps.Read.All": "7a6ee1e7-141e-4cec-ae74-d9db155731ff",
  "DeviceManagementApps.ReadWrite.All": "78145de6-330d-4800-a6ce-494ff2d33d07",
  "DeviceManagementRBAC.Read.All": "58ca0d9a-1575-47e1-a3cb-007ef2e4583b",
  "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68"
}

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
