/**
 * The listings that say what an id refers to: for each kind but groups and roles, the contract that lists all objects of a tenant
 * with their names. Those two are looked up in the host's directory, since a tenant may have hundreds of thousands of groups, and
 * a backup of policies takes no permission for roles.
 *
 * @module
 */

import { Graph, GraphContract, type GraphError, Storable, type TenantScope } from "@atlas/operations"
import { Effect, Schema, Stream } from "effect"
import { type PermissionName, permissionNamed } from "../permissions.ts"
import type { DirectoryKind } from "./DirectoryObjects.ts"
import type { ReferenceKind } from "./Reference.ts"

const Named = Schema.Struct({
  id: Schema.NonEmptyString,
  displayName: Schema.NullishOr(Schema.String).pipe(Schema.optionalKey)
})

const namesOf = (path: string, permission: PermissionName) =>
  GraphContract.list({
    name: `${path}.names`,
    version: "beta",
    path: `/${path}`,
    select: ["id", "displayName"],
    schema: Named,
    permissions: [permissionNamed(permission)]
  })

const listings = {
  assignment_filter: namesOf("deviceManagement/assignmentFilters", "DeviceManagementConfiguration.Read.All"),
  scope_tag: namesOf("deviceManagement/roleScopeTags", "DeviceManagementConfiguration.Read.All"),
  notification_template: namesOf(
    "deviceManagement/notificationMessageTemplates",
    "DeviceManagementServiceConfig.Read.All"
  ),
  compliance_script: namesOf("deviceManagement/deviceComplianceScripts", "DeviceManagementScripts.Read.All"),
  reusable_setting: namesOf("deviceManagement/reusablePolicySettings", "DeviceManagementConfiguration.Read.All"),
  app: namesOf("deviceAppManagement/mobileApps", "DeviceManagementApps.Read.All"),
  named_location: namesOf("identity/conditionalAccess/namedLocations", "Policy.Read.All"),
  authentication_strength: namesOf("policies/authenticationStrengthPolicies", "Policy.Read.All")
} as const satisfies Readonly<
  Record<Exclude<ReferenceKind, DirectoryKind>, GraphContract.GraphList<string, typeof Named.Type>>
>

/** A kind whose objects Graph lists by name. */
export type ListedKind = keyof typeof listings

/** Whether Graph lists the objects of a kind by name. */
export const isListed = (kind: ReferenceKind): kind is ListedKind => kind !== "group" && kind !== "role"

/** The contracts of all listings. */
export const referenceContracts: ReadonlyArray<GraphContract.GraphContract> = Object.values(listings)

/** An object that policies may refer to. */
export interface ReferenceTarget {
  readonly id: string
  readonly name: string
}

/** Every object of a kind that a tenant has. */
export const listTargets = (
  tenant: TenantScope,
  kind: ListedKind
): Effect.Effect<ReadonlyArray<ReferenceTarget>, GraphError, Graph> =>
  Graph.use((graph) =>
    Stream.runFold(
      graph.list(tenant, listings[kind], {}),
      (): ReadonlyArray<ReferenceTarget> => [],
      (all, { items }) => [
        ...all,
        ...items.map(({ displayName, id }) => ({ id, name: Storable.nearest(displayName ?? id) }))
      ]
    )
  )
