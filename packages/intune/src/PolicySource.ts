import { GraphContract } from "@atlas/operations"
import { Schema } from "effect"

/** An object as Graph sends it: nothing of it is lost, whatever Graph adds to it. */
export type GraphObject = Readonly<Record<string, unknown>>

const Identified = GraphContract.raw(
  Schema.Struct({
    // Not always a UUID: scope tag "0", or the defaults of enrollment.
    id: Schema.NonEmptyString,
    "@odata.type": Schema.NullishOr(Schema.String).pipe(Schema.optionalKey)
  })
)
/** An object of a collection: its id and type, and all that Graph sent. */
export type ListedObject = typeof Identified.Type

const Child = Schema.Record(Schema.String, Schema.Unknown)
const FirstChildren = Schema.Struct({
  value: Schema.Array(Child),
  "@odata.nextLink": Schema.NullishOr(Schema.String).pipe(Schema.optionalKey)
})

/** A collection below each object that is part of the object: it is read with it, all pages of it. */
export interface PolicyChildren {
  /** The property that they become. */
  readonly property: "settings" | "scheduledActionsForRule"
  /** Its first page, which is all of it for most objects, so that many can be asked for in one batch. */
  readonly first: GraphContract.GraphGet<`/${string}/{id}/${string}`, typeof FirstChildren.Type>
  readonly all: GraphContract.GraphList<`/${string}/{id}/${string}`, GraphObject>
  /** The property of the object that says how many there are, where one does. */
  readonly count: string | null
}

/** A collection of Graph that holds policies, of one type or of several. */
export interface PolicySource {
  /** Stable; in addresses and records. */
  readonly name: string
  /** The collection's path below the version. */
  readonly path: string
  readonly list: GraphContract.GraphList<string, ListedObject>
  /** How one object is read in whole, where a listing leaves parts out. */
  readonly detail: GraphContract.GraphGet<`/${string}/{id}`, ListedObject> | null
  readonly children: ReadonlyArray<PolicyChildren>
  /** To whom a policy applies, with all pages; null where the collection has no assignments. */
  readonly assignments: GraphContract.GraphList<`/${string}/{id}/assignments`, GraphObject> | null
}

const permissions = {
  "DeviceManagementConfiguration.Read.All": "dc377aa6-52d8-4e23-b271-2a7ae04cedf3",
  "DeviceManagementServiceConfig.Read.All": "06a5fe6d-c49d-46a7-b082-56b1b14103c7",
  "DeviceManagementApps.Read.All": "7a6ee1e7-141e-4cec-ae74-d9db155731ff",
  "DeviceManagementRBAC.Read.All": "58ca0d9a-1575-47e1-a3cb-007ef2e4583b",
  "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68"
} as const

interface Options {
  readonly version: GraphContract.GraphVersion
  readonly permission: keyof typeof permissions
  readonly assignments?: boolean
  /** A listing leaves parts out. */
  readonly detail?: boolean
  readonly children?: ReadonlyArray<Pick<PolicyChildren, "property" | "count"> & { readonly expand?: string }>
}

/**
 * Declares a collection of policies, with the contracts that read it.
 *
 * @param name stable
 * @param path below the version, without a slash at its beginning
 * @param options its version and permission, and what belongs to each object
 */
const source = (name: string, path: string, { permission, version, ...options }: Options): PolicySource => {
  const { assignments = false, children = [], detail = false } = options
  const shared = { version, permissions: [{ name: permission, appRoleId: permissions[permission] }] } as const
  const expand = assignments ? { expand: ["assignments"] } : {}
  const one = `/${path}/{id}` as const
  return {
    name,
    path,
    list: GraphContract.list({ ...shared, ...expand, name: `${path}.list`, path: `/${path}`, schema: Identified }),
    detail: detail
      ? GraphContract.get({ ...shared, ...expand, name: `${path}.get`, path: one, schema: Identified })
      : null,
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

/**
 * The collections that policies are read from. Beta where v1.0 does not have the collection, or leaves types out.
 *
 * @see https://learn.microsoft.com/graph/api/resources/intune-graph-overview
 */
export const policySources = {
  deviceConfigurations: source("device_configurations", "deviceManagement/deviceConfigurations", {
    version: "v1.0",
    permission: configuration,
    assignments: true
  }),
  settingsCatalog: source("settings_catalog", "deviceManagement/configurationPolicies", {
    version: "beta",
    permission: configuration,
    assignments: true,
    children: [{ property: "settings", count: "settingCount" }]
  }),
  compliancePolicies: source("compliance_policies", "deviceManagement/deviceCompliancePolicies", {
    version: "v1.0",
    permission: configuration,
    assignments: true,
    // What happens to a device that does not comply: Graph creates no policy without it.
    children: [{ property: "scheduledActionsForRule", count: null, expand: "scheduledActionConfigurations" }]
  }),
  enrollmentConfigurations: source("enrollment_configurations", "deviceManagement/deviceEnrollmentConfigurations", {
    version: "beta",
    permission: "DeviceManagementServiceConfig.Read.All",
    assignments: true
  }),
  // A listing has no content of scripts.
  scripts: source("powershell_scripts", "deviceManagement/deviceManagementScripts", {
    version: "beta",
    permission: configuration,
    assignments: true,
    detail: true
  }),
  assignmentFilters: source("assignment_filters", "deviceManagement/assignmentFilters", {
    version: "beta",
    permission: configuration
  }),
  scopeTags: source("scope_tags", "deviceManagement/roleScopeTags", {
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

/**
 * All contracts that read a collection.
 *
 * @param from which one
 */
export const contractsOf = ({
  assignments,
  children,
  detail,
  list
}: PolicySource): ReadonlyArray<GraphContract.GraphContract> => [
  list,
  ...(detail === null ? [] : [detail]),
  ...children.flatMap(({ all, first }) => [first, all]),
  ...(assignments === null ? [] : [assignments])
]
