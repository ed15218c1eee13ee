/**
 * The collections of a fake Graph besides groups, as data: paths, versions, types, permissions, children and peculiarities. A new
 * collection is a new entry here; `Members.ts` and `References.ts` have what its objects' members may say.
 *
 * @module
 */
import { type NeededPermissions, toRead, toWrite } from "../metadata/Permissions.ts"
import type { FakeAssign, FakeChildren, FakeResource } from "./ResourceRules.ts"

const both = ["v1.0", "beta"] as const
const beta = ["beta"] as const

/** Settings come 25 at a time, whatever `$top` says. */
const settingsPageSize = 25

const children = (more: Partial<FakeChildren> = {}): FakeChildren => ({
  route: "told",
  inList: "told",
  onOne: "told",
  neverExpandedOn: [],
  pageSize: settingsPageSize,
  inside: undefined,
  writable: false,
  ...more
})

const assigned = { assignments: children() }

const assign = (parameter: string, more: Partial<FakeAssign> = {}): FakeAssign => ({
  parameter,
  besides: [],
  status: 200,
  ...more
})

const plain = {
  remove: undefined,
  home: undefined,
  ids: "uuid",
  updates: [],
  status: { created: 201, updated: 204 },
  pageSize: { standard: 100, most: 999 },
  children: {},
  assign: undefined,
  nullInLists: [],
  notInLists: [],
  onlySelected: [],
  filter: "applied",
  hidesPreviews: false,
  intune: false,
  etag: false
} as const satisfies Partial<FakeResource>

type More = Partial<Omit<FakeResource, "path" | "type">>

/** A collection of Intune that an app reads and writes with one family of permissions. */
const intune = (path: string, type: string, family: string, more: More = {}): FakeResource => ({
  ...plain,
  path,
  type,
  versions: beta,
  read: toRead(family),
  write: toWrite(family),
  updates: ["PATCH"],
  pageSize: { standard: 100, most: 1_000 },
  children: assigned,
  assign: assign("assignments"),
  intune: true,
  ...more
})

const configuration = "DeviceManagementConfiguration"
const apps = "DeviceManagementApps"
const scripts = "DeviceManagementScripts"
const service = "DeviceManagementServiceConfig"
const unassigned = { children: {}, assign: undefined } as const
const answers200 = { created: 201, updated: 200 } as const

const scriptAssign = assign("deviceManagementScriptAssignments", { status: 204 })

/** Together: neither suffices alone. */
const conditionalAccessWrite: NeededPermissions = [["Policy.Read.All"], ["Policy.ReadWrite.ConditionalAccess"]]

const conditionalAccess = (name: string, type: string, more: More = {}): FakeResource => ({
  ...plain,
  path: `identity/conditionalAccess/${name}`,
  type,
  versions: both,
  read: [["Policy.Read.All"]],
  write: conditionalAccessWrite,
  updates: ["PATCH"],
  ...more
})

const configurations: ReadonlyArray<FakeResource> = [
  intune("deviceManagement/deviceConfigurations", "deviceConfiguration", configuration, {
    versions: both
  }),
  intune("deviceManagement/deviceCompliancePolicies", "deviceCompliancePolicy", configuration, {
    versions: both,
    children: {
      ...assigned,
      // Metadata lists the route, and the service refuses it in both versions: microsoft-graph-docs 4104, 16253, 19571.
      scheduledActionsForRule: children({ route: "refused", inside: "scheduledActionConfigurations" })
    }
  }),
  intune("deviceManagement/configurationPolicies", "deviceManagementConfigurationPolicy", configuration, {
    updates: ["PATCH", "PUT"],
    etag: true,
    // An expansion on one object is empty although there are assignments; the listing and the route tell them.
    children: { assignments: children({ onOne: "empty" }), settings: children() }
  }),
  intune("deviceManagement/reusablePolicySettings", "deviceManagementReusablePolicySetting", configuration, {
    ...unassigned,
    updates: ["PUT"],
    onlySelected: ["settingInstance", "version", "createdDateTime", "referencingConfigurationPolicyCount"]
  }),
  intune("deviceManagement/assignmentFilters", "deviceAndAppManagementAssignmentFilter", configuration, {
    ...unassigned,
    status: answers200,
    filter: "refused"
  }),
  intune("deviceManagement/roleScopeTags", "roleScopeTag", configuration, {
    read: toRead(configuration, "DeviceManagementRBAC"),
    write: toWrite(configuration, "DeviceManagementRBAC"),
    ids: "number",
    status: { created: 200, updated: 200 },
    children: { assignments: children({ inList: "empty", onOne: "empty" }) }
  }),
  intune("deviceManagement/roleDefinitions", "roleDefinition", "DeviceManagementRBAC", {
    ...unassigned,
    versions: both
  }),
  intune("deviceManagement/notificationMessageTemplates", "notificationMessageTemplate", service, {
    versions: both,
    status: { created: 200, updated: 200 },
    assign: undefined,
    children: { localizedNotificationMessages: children({ writable: true }) }
  }),
  intune("deviceManagement/deviceEnrollmentConfigurations", "deviceEnrollmentConfiguration", service, {
    versions: both,
    assign: assign("enrollmentConfigurationAssignments"),
    children: { assignments: children({ neverExpandedOn: ["deviceEnrollmentNotificationConfiguration"] }) }
  })
]

const scriptCollections: ReadonlyArray<FakeResource> = [
  intune("deviceManagement/deviceManagementScripts", "deviceManagementScript", scripts, {
    status: answers200,
    nullInLists: ["scriptContent"],
    assign: scriptAssign
  }),
  intune("deviceManagement/deviceShellScripts", "deviceShellScript", scripts, {
    status: answers200,
    nullInLists: ["scriptContent"],
    assign: scriptAssign,
    children: { assignments: children({ route: "refused" }) }
  }),
  intune("deviceManagement/deviceHealthScripts", "deviceHealthScript", scripts, {
    status: answers200,
    nullInLists: ["detectionScriptContent", "remediationScriptContent"],
    filter: "ignored",
    assign: assign("deviceHealthScriptAssignments", { besides: ["runRemediationScript", "runSchedule"], status: 204 })
  }),
  intune("deviceManagement/deviceComplianceScripts", "deviceComplianceScript", scripts, {
    status: answers200,
    nullInLists: ["detectionScriptContent"],
    // Assigned by no name that anybody found: Intune knows none of the documented parameters.
    assign: undefined
  })
]

const protections = "deviceAppManagement/managedAppPolicies"

const appCollections: ReadonlyArray<FakeResource> = [
  intune("deviceAppManagement/mobileApps", "mobileApp", apps, {
    versions: both,
    notInLists: ["roleScopeTagIds", "largeIcon"],
    assign: assign("mobileAppAssignments", { besides: ["intent", "settings"] }),
    children: { ...assigned, categories: children() }
  }),
  // Each platform's policies are written at their own collection.
  intune(protections, "managedAppPolicy", apps, {
    ...unassigned,
    versions: both,
    write: undefined
  }),
  ...(["iosManagedAppProtection", "androidManagedAppProtection"] as const).map((type) =>
    intune(`deviceAppManagement/${type}s`, type, apps, {
      home: protections,
      versions: both,
      assign: assign("assignments", { status: 204 }),
      children: { ...assigned, apps: children() }
    })
  )
]

const entra: ReadonlyArray<FakeResource> = [
  {
    ...plain,
    path: "roleManagement/directory/roleDefinitions",
    type: "unifiedRoleDefinition",
    versions: both,
    read: [["RoleManagement.Read.Directory", "RoleManagement.Read.All", "Directory.Read.All"]],
    write: undefined,
    pageSize: { standard: 100, most: 100 }
  },
  conditionalAccess("policies", "conditionalAccessPolicy", {
    remove: conditionalAccessWrite,
    write: [...conditionalAccessWrite, ["Application.Read.All"]],
    hidesPreviews: true
  }),
  conditionalAccess("namedLocations", "namedLocation"),
  conditionalAccess("authenticationContextClassReferences", "authenticationContextClassReference", {
    read: [["AuthenticationContext.Read.All", "AuthenticationContext.ReadWrite.All", "Policy.Read.ConditionalAccess"]],
    write: undefined
  }),
  {
    ...plain,
    path: "policies/authenticationStrengthPolicies",
    type: "authenticationStrengthPolicy",
    versions: both,
    read: [
      [
        "Policy.Read.All",
        "Policy.Read.AuthenticationMethod",
        "Policy.ReadWrite.AuthenticationMethod",
        "Policy.ReadWrite.ConditionalAccess"
      ]
    ],
    write: undefined,
    children: { combinationConfigurations: children() }
  }
]

/**
 * The collections of a fake Graph besides groups.
 *
 * @see https://learn.microsoft.com/graph/api/resources/intune-graph-overview
 */
export const fakeResources: ReadonlyArray<FakeResource> = [
  ...entra,
  ...configurations,
  ...scriptCollections,
  ...appCollections
]

/** The collection in which the objects of a path are kept. */
export const homeOf = (path: string): string => fakeResources.find((resource) => resource.path === path)?.home ?? path

/** The types of the collections that a collection is home of, by their paths. */
export const guestsOf = (path: string): ReadonlyArray<FakeResource> => fakeResources.filter(({ home }) => home === path)

const permissionsOf = (needed: (resource: FakeResource) => NeededPermissions): ReadonlyArray<string> => [
  ...new Set(fakeResources.flatMap((resource) => needed(resource).flatMap((any) => any.slice(0, 1))))
]

/** The permissions to read everything: for each collection, the first that suffices. */
export const readPermissions: ReadonlyArray<string> = permissionsOf(({ read }) => read)

/** The permissions to read and write everything. */
export const writePermissions: ReadonlyArray<string> = permissionsOf(({ read, write }) => [...read, ...(write ?? [])])
