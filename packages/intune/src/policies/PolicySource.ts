/**
 * The collections of Graph that hold policies: for each, the contracts that list, read and change its objects, with the
 * permissions that they need. Whatever reads or writes a policy does it by this table.
 *
 * @module
 */

import { GraphContract } from "@atlas/operations"
import { Schema } from "effect"

/** An object as Graph sends it. Nothing of it is dropped, whatever Graph adds. */
export type GraphObject = Readonly<Record<string, unknown>>

const Identified = GraphContract.raw(
  Schema.Struct({
    // Not always a UUID: scope tag "0", or the defaults of enrollment.
    id: Schema.NonEmptyString,
    "@odata.type": Schema.NullishOr(Schema.String).pipe(Schema.optionalKey)
  })
)
/** An object of a collection: its id and type, and everything that Graph sent. */
export type ListedObject = typeof Identified.Type

const Child = Schema.Record(Schema.String, Schema.Unknown)
const FirstChildren = Schema.Struct({
  value: Schema.Array(Child),
  "@odata.nextLink": Schema.NullishOr(Schema.String).pipe(Schema.optionalKey)
})

/** A collection below each object that is part of the object. All its pages are read with the object. */
export interface PolicyChildren {
  /** The property of the object that they become. */
  readonly property: "settings" | "scheduledActionsForRule"
  /** The first page, which is all of it for most objects: one batch reads those of many. */
  readonly first: GraphContract.GraphGet<`/${string}/{id}/${string}`, typeof FirstChildren.Type>
  readonly all: GraphContract.GraphList<`/${string}/{id}/${string}`, GraphObject>
  /** The property of the object that holds their number; null if none does. */
  readonly count: string | null
}

const Created = Schema.Struct({ id: Schema.NonEmptyString })
const Body = Schema.Record(Schema.String, Schema.Unknown)

/** A part of an object that is written by an action of its own. */
export interface PolicyAction {
  readonly contract: GraphContract.GraphWrite<`/${string}/{id}/${string}`, GraphObject, unknown>
  /** The name under which the action takes it. */
  readonly property: string
}

/** The contracts that change the objects of a collection. */
export interface PolicyWrites {
  readonly create: GraphContract.GraphWrite<string, GraphObject, typeof Created.Type>
  readonly update: GraphContract.GraphWrite<`/${string}/{id}`, GraphObject, unknown>
  readonly assign: PolicyAction | null
  /** Children that an update does not take. */
  readonly children: PolicyAction | null
}

/** A collection of Graph that holds policies, of one type or of several. */
export interface PolicySource {
  /** Stable; used in addresses and records. */
  readonly name: string
  /** The collection's path below the version. */
  readonly path: string
  readonly list: GraphContract.GraphList<string, ListedObject>
  /** Reads one object completely. */
  readonly one: GraphContract.GraphGet<`/${string}/{id}`, ListedObject>
  /** The listing leaves parts out, so each object is read by itself. */
  readonly isBrief: boolean
  readonly children: ReadonlyArray<PolicyChildren>
  /** Null if Atlas does not change the objects. */
  readonly writes: PolicyWrites | null
  /** Reads every page of a policy's assignments; null if the collection has none. */
  readonly assignments: GraphContract.GraphList<`/${string}/{id}/assignments`, GraphObject> | null
}

const permissions = {
  "DeviceManagementConfiguration.Read.All": "dc377aa6-52d8-4e23-b271-2a7ae04cedf3",
  "DeviceManagementServiceConfig.Read.All": "06a5fe6d-c49d-46a7-b082-56b1b14103c7",
  "DeviceManagementApps.Read.All": "7a6ee1e7-141e-4cec-ae74-d9db155731ff",
  "DeviceManagementRBAC.Read.All": "58ca0d9a-1575-47e1-a3cb-007ef2e4583b",
  "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68",
  "DeviceManagementConfiguration.ReadWrite.All": "9241abd9-d0e6-425a-bd4f-47ba86e767a4",
  "DeviceManagementServiceConfig.ReadWrite.All": "5ac13192-7ace-4fcf-b828-1a26f28068ee",
  "DeviceManagementRBAC.ReadWrite.All": "e330c4f0-4170-414e-a55a-2f022ec2b57b"
} as const

type Permission = keyof typeof permissions

const permissionOf = (name: Permission) => ({ permissions: [{ name, appRoleId: permissions[name] }] })

interface Options {
  readonly version: GraphContract.GraphVersion
  readonly permission: Permission
  readonly assignments?: boolean
  /** The listing leaves parts out. */
  readonly isBrief?: boolean
  /** The permission to change objects, and what differs from most collections. */
  readonly writes?: {
    readonly permission: Permission
    /** An update replaces the whole object. */
    readonly replaces?: boolean
    /** The name under which the action takes assignments. */
    readonly assignments?: string
    readonly children?: { readonly action: string; readonly property: string }
  }
  readonly children?: ReadonlyArray<Pick<PolicyChildren, "property" | "count"> & { readonly expand?: string }>
}

const writesOf = (path: string, { assignments = false, version, writes }: Options): PolicyWrites | null => {
  if (writes === undefined) return null
  const shared = { version, ...permissionOf(writes.permission), body: Body } as const
  const one = `/${path}/{id}` as const
  const action = (name: string, property: string): PolicyAction => ({
    property,
    contract: GraphContract.write({
      ...shared,
      name: `${path}.${name}`,
      method: "POST",
      path: `${one}/${name}` as const,
      schema: Schema.Unknown,
      // The action replaces what was there.
      replay: "idempotent"
    })
  })
  return {
    create: GraphContract.write({
      ...shared,
      name: `${path}.create`,
      method: "POST",
      path: `/${path}`,
      schema: Created,
      replay: "never"
    }),
    update: GraphContract.write({
      ...shared,
      name: `${path}.update`,
      method: writes.replaces === true ? "PUT" : "PATCH",
      path: one,
      schema: Schema.Unknown,
      // Reading tells what Graph did: somebody else may have changed the object since.
      replay: "never"
    }),
    assign: assignments ? action("assign", writes.assignments ?? "assignments") : null,
    children: writes.children === undefined ? null : action(writes.children.action, writes.children.property)
  }
}

/**
 * Declares a collection of policies with its contracts.
 *
 * @param path below the version, without a slash at its beginning
 */
const source = (name: string, path: string, options: Options): PolicySource => {
  const { assignments = false, children = [], isBrief = false, permission, version } = options
  const shared = { version, ...permissionOf(permission) } as const
  const expand = assignments ? { expand: ["assignments"] } : {}
  const one = `/${path}/{id}` as const
  return {
    name,
    path,
    list: GraphContract.list({ ...shared, ...expand, name: `${path}.list`, path: `/${path}`, schema: Identified }),
    one: GraphContract.get({ ...shared, ...expand, name: `${path}.get`, path: one, schema: Identified }),
    isBrief,
    children: children.map(({ count, expand: more, property }) => {
      const contract = {
        ...shared,
        ...(more === undefined ? {} : { expand: [more] }),
        path: `${one}/${property}` as const
      }
      const contractName = `${path}.${property}`
      return {
        property,
        count,
        first: GraphContract.get({ ...contract, name: `${contractName}.first`, schema: FirstChildren }),
        all: GraphContract.list({ ...contract, name: `${contractName}.list`, schema: Child })
      }
    }),
    writes: writesOf(path, options),
    assignments: assignments
      ? GraphContract.list({
          ...shared,
          name: `${path}.assignments.list`,
          path: `${one}/assignments` as const,
          schema: Child
        })
      : null
  }
}

const configuration = "DeviceManagementConfiguration.Read.All"
const writesConfiguration = { permission: "DeviceManagementConfiguration.ReadWrite.All" } as const

/**
 * The collections that hold policies. Beta where v1.0 lacks the collection or leaves types out.
 *
 * @see https://learn.microsoft.com/graph/api/resources/intune-graph-overview
 */
export const policySources = {
  deviceConfigurations: source("device_configurations", "deviceManagement/deviceConfigurations", {
    writes: writesConfiguration,
    version: "v1.0",
    permission: configuration,
    assignments: true
  }),
  settingsCatalog: source("settings_catalog", "deviceManagement/configurationPolicies", {
    writes: { ...writesConfiguration, replaces: true },
    version: "beta",
    permission: configuration,
    assignments: true,
    children: [{ property: "settings", count: "settingCount" }]
  }),
  compliancePolicies: source("compliance_policies", "deviceManagement/deviceCompliancePolicies", {
    writes: {
      ...writesConfiguration,
      children: { action: "scheduleActionsForRules", property: "deviceComplianceScheduledActionForRules" }
    },
    version: "v1.0",
    permission: configuration,
    assignments: true,
    // What happens to a device that does not comply: Graph creates no policy without it.
    children: [{ property: "scheduledActionsForRule", count: null, expand: "scheduledActionConfigurations" }]
  }),
  enrollmentConfigurations: source("enrollment_configurations", "deviceManagement/deviceEnrollmentConfigurations", {
    writes: {
      permission: "DeviceManagementServiceConfig.ReadWrite.All",
      assignments: "enrollmentConfigurationAssignments"
    },
    version: "beta",
    permission: "DeviceManagementServiceConfig.Read.All",
    assignments: true
  }),
  // The listing leaves out the script itself.
  scripts: source("powershell_scripts", "deviceManagement/deviceManagementScripts", {
    writes: { ...writesConfiguration, assignments: "deviceManagementScriptAssignments" },
    version: "beta",
    permission: configuration,
    assignments: true,
    isBrief: true
  }),
  assignmentFilters: source("assignment_filters", "deviceManagement/assignmentFilters", {
    writes: writesConfiguration,
    version: "beta",
    permission: configuration
  }),
  scopeTags: source("scope_tags", "deviceManagement/roleScopeTags", {
    writes: { permission: "DeviceManagementRBAC.ReadWrite.All" },
    version: "beta",
    permission: "DeviceManagementRBAC.Read.All",
    assignments: true
  }),
  appProtectionPolicies: source("app_protection_policies", "deviceAppManagement/managedAppPolicies", {
    version: "v1.0",
    permission: "DeviceManagementApps.Read.All"
  }),
  namedLocations: source("named_locations", "identity/conditionalAccess/namedLocations", {
    version: "v1.0",
    permission: "Policy.Read.All"
  }),
  conditionalAccess: source("conditional_access", "identity/conditionalAccess/policies", {
    version: "v1.0",
    permission: "Policy.Read.All"
  })
} as const satisfies Readonly<Record<string, PolicySource>>

/** The contracts that read a collection. */
export const contractsOf = ({
  assignments,
  children,
  isBrief,
  list,
  one
}: PolicySource): ReadonlyArray<GraphContract.GraphContract> => [
  list,
  ...(isBrief ? [one] : []),
  ...children.flatMap(({ all, first }) => [first, all]),
  ...(assignments === null ? [] : [assignments])
]

/** The contracts that read and change the objects of a collection; without writes, only those that read. */
export const writeContractsOf = (from: PolicySource): ReadonlyArray<GraphContract.GraphContract> => {
  const { one, writes } = from
  const changing =
    writes === null ? [] : [writes.create, writes.update, writes.assign?.contract, writes.children?.contract]
  return [...new Set([...contractsOf(from), one]), ...changing.filter((contract) => contract !== undefined)]
}
