/**
 * The collections of a fake Graph besides groups, as data: paths, permissions, page sizes and peculiarities.
 *
 * @module
 */

/** A collection below each object of another one. */
export type FakeChildren = "settings" | "assignments" | "scheduledActionsForRule"

/** A collection of Graph, and its rules. */
export interface FakeResource {
  /** Below the version. */
  readonly path: string
  readonly versions: ReadonlyArray<"v1.0" | "beta">
  /** Permissions to read; any suffices. */
  readonly read: ReadonlyArray<string>
  /** Permissions to write; any suffices. If there is none, the collection is read-only. */
  readonly write: ReadonlyArray<string>
  /** Objects on a page: without `$top`, and at most. If both are equal, `$top` is refused. */
  readonly pageSize: { readonly standard: number; readonly most: number }
  /** Collections below each object. */
  readonly children: ReadonlyArray<FakeChildren>
  /** Properties that only beta has. */
  readonly betaOnly: ReadonlySet<string>
  /** It needs a licence for Intune, and refuses in Intune's words. */
  readonly intune: boolean
  /** Objects carry an `@odata.etag`, and `If-Match` may bind a write to it. */
  readonly etag: boolean
  /** An object may be replaced as a whole. */
  readonly replaceable: boolean
}

const both = ["v1.0", "beta"] as const
const beta = ["beta"] as const
const fixed = (size: number) => ({ standard: size, most: size })

const intune = (
  path: string,
  permission: string,
  more: Partial<Omit<FakeResource, "path" | "read" | "write">> = {}
): FakeResource => ({
  path,
  versions: both,
  read: [`${permission}.Read.All`, `${permission}.ReadWrite.All`],
  write: [`${permission}.ReadWrite.All`],
  pageSize: { standard: 100, most: 1_000 },
  children: ["assignments"],
  betaOnly: new Set(),
  intune: true,
  etag: false,
  replaceable: false,
  ...more
})

const conditionalAccess = (name: string): FakeResource => ({
  path: `identity/conditionalAccess/${name}`,
  versions: both,
  read: ["Policy.Read.All", "Policy.Read.ConditionalAccess"],
  write: [],
  pageSize: { standard: 100, most: 999 },
  children: [],
  betaOnly: new Set(),
  intune: false,
  etag: false,
  replaceable: false
})

const configuration = "DeviceManagementConfiguration"

/** Settings come 25 at a time, whatever `$top` says. */
export const settingsPageSize = 25

/**
 * The collections of a fake Graph besides groups, as graph-docs describe them.
 *
 * @see https://learn.microsoft.com/graph/api/resources/intune-graph-overview
 */
export const fakeResources: ReadonlyArray<FakeResource> = [
  {
    path: "roleManagement/directory/roleDefinitions",
    versions: both,
    read: ["RoleManagement.Read.Directory", "RoleManagement.Read.All", "Directory.Read.All"],
    write: [],
    pageSize: fixed(100),
    children: [],
    betaOnly: new Set(["isPrivileged"]),
    intune: false,
    etag: false,
    replaceable: false
  },
  conditionalAccess("policies"),
  conditionalAccess("namedLocations"),
  intune("deviceManagement/roleDefinitions", "DeviceManagementRBAC", { children: [] }),
  intune("deviceManagement/roleScopeTags", configuration, { versions: beta }),
  intune("deviceManagement/deviceConfigurations", configuration),
  intune("deviceManagement/deviceCompliancePolicies", configuration, {
    children: ["assignments", "scheduledActionsForRule"]
  }),
  intune("deviceManagement/configurationPolicies", configuration, {
    versions: beta,
    children: ["settings", "assignments"],
    etag: true,
    replaceable: true
  }),
  intune("deviceManagement/deviceManagementScripts", "DeviceManagementScripts", { versions: beta }),
  intune("deviceManagement/assignmentFilters", configuration, { versions: beta, children: [] }),
  intune("deviceManagement/deviceEnrollmentConfigurations", "DeviceManagementServiceConfig"),
  intune("deviceAppManagement/mobileApps", "DeviceManagementApps"),
  intune("deviceAppManagement/managedAppPolicies", "DeviceManagementApps", { children: [] })
]

/** The permissions to read everything: for each collection, the first that suffices. */
export const readPermissions: ReadonlyArray<string> = [
  ...new Set(fakeResources.flatMap(({ read }) => read.slice(0, 1)))
]
