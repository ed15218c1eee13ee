/**
 * The application permissions of Microsoft Graph that reading and writing policies takes.
 *
 * @module
 */

import type { GraphContract } from "@atlas/operations"

/** The ids of the app roles. https://learn.microsoft.com/graph/permissions-reference */
const appRoleIds = {
  "DeviceManagementConfiguration.Read.All": "dc377aa6-52d8-4e23-b271-2a7ae04cedf3",
  "DeviceManagementConfiguration.ReadWrite.All": "9241abd9-d0e6-425a-bd4f-47ba86e767a4",
  "DeviceManagementServiceConfig.Read.All": "06a5fe6d-c49d-46a7-b082-56b1b14103c7",
  "DeviceManagementServiceConfig.ReadWrite.All": "5ac13192-7ace-4fcf-b828-1a26f28068ee",
  "DeviceManagementScripts.Read.All": "c7a5be92-2b3d-4540-8a67-c96dcaae8b43",
  "DeviceManagementScripts.ReadWrite.All": "9255e99d-faf5-445e-bbf7-cb71482737c4",
  "DeviceManagementApps.Read.All": "7a6ee1e7-141e-4cec-ae74-d9db155731ff",
  "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68"
} as const

/** The name of a permission, as people grant it. */
export type PermissionName = keyof typeof appRoleIds

/** A permission by its name. */
export const permissionNamed = (name: PermissionName): GraphContract.GraphPermission => ({
  name,
  appRoleId: appRoleIds[name]
})
