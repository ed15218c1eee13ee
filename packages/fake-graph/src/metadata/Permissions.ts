/**
 * The application permissions of Microsoft Graph that the fake's routes ask for, and how a route says which of them it needs.
 *
 * @module
 */

/**
 * Application permissions, and the ids of their app roles.
 *
 * @see https://learn.microsoft.com/graph/permissions-reference
 */
export const appRoleIds: Readonly<Record<string, string>> = {
  "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
  "AuthenticationContext.Read.All": "381f742f-e1f8-4309-b4ab-e3d91ae4c5c1",
  "AuthenticationContext.ReadWrite.All": "a88eef72-fed0-4bf7-a2a9-f19df33f8b83",
  "DeviceManagementApps.Read.All": "7a6ee1e7-141e-4cec-ae74-d9db155731ff",
  "DeviceManagementApps.ReadWrite.All": "78145de6-330d-4800-a6ce-494ff2d33d07",
  "DeviceManagementConfiguration.Read.All": "dc377aa6-52d8-4e23-b271-2a7ae04cedf3",
  "DeviceManagementConfiguration.ReadWrite.All": "9241abd9-d0e6-425a-bd4f-47ba86e767a4",
  "DeviceManagementRBAC.Read.All": "58ca0d9a-1575-47e1-a3cb-007ef2e4583b",
  "DeviceManagementRBAC.ReadWrite.All": "e330c4f0-4170-414e-a55a-2f022ec2b57b",
  "DeviceManagementScripts.Read.All": "c7a5be92-2b3d-4540-8a67-c96dcaae8b43",
  "DeviceManagementScripts.ReadWrite.All": "9255e99d-faf5-445e-bbf7-cb71482737c4",
  "DeviceManagementServiceConfig.Read.All": "06a5fe6d-c49d-46a7-b082-56b1b14103c7",
  "DeviceManagementServiceConfig.ReadWrite.All": "5ac13192-7ace-4fcf-b828-1a26f28068ee",
  "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
  "Group.Read.All": "5b567255-7703-4780-807c-7be8301ae99b",
  "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
  "Organization.Read.All": "498476ce-e0fe-48b0-b801-37ba7e2685c6",
  "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68",
  "Policy.Read.AuthenticationMethod": "8e3bc81b-d2f3-4b7b-838c-32c88218d2f0",
  "Policy.Read.ConditionalAccess": "37730810-e9ba-4e46-b07e-8ca78d182097",
  "Policy.ReadWrite.AuthenticationMethod": "29c18626-4985-4dcd-85c0-193eef327366",
  "Policy.ReadWrite.ConditionalAccess": "01c0a623-fc9b-48e9-b794-0756f8e8f067",
  "RoleManagement.Read.All": "c7fbd983-d9aa-4fa7-84b8-17382c103bc4",
  "RoleManagement.Read.Directory": "483bed4a-2ad3-4361-a73b-c83ccdbdc53c"
}

/** The names that are no application permission which a route of the fake asks for. */
export const unknownPermissions = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.filter((name) => !Object.hasOwn(appRoleIds, name))

/** The names, if all are application permissions of the fake. Others are a mistake of the test, which throws. */
export const grantable = (names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const unknown = unknownPermissions(names)
  if (unknown.length === 0) return names
  throw new TypeError(
    `The fake Graph knows no application permission ${unknown.join(", ")}: use names such as ` +
      "DeviceManagementConfiguration.Read.All."
  )
}

/** What a route needs: of each list, any permission suffices. */
export type NeededPermissions = ReadonlyArray<ReadonlyArray<string>>

/** The first list of which a token carries nothing; undefined if it carries enough. */
export const lacking = (needed: NeededPermissions, roles: ReadonlySet<string>): ReadonlyArray<string> | undefined =>
  needed.find((any) => !any.some((name) => roles.has(name)))

/** `X.Read.All` or `X.ReadWrite.All`. */
export const toRead = (...families: ReadonlyArray<string>): NeededPermissions => [
  families.flatMap((family) => [`${family}.Read.All`, `${family}.ReadWrite.All`])
]

/** `X.ReadWrite.All`. */
export const toWrite = (...families: ReadonlyArray<string>): NeededPermissions => [
  families.map((family) => `${family}.ReadWrite.All`)
]
