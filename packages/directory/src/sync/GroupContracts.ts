/**
 * The requests to Graph for groups. `GroupsSync` makes `groupChanges` and `countGroups`; `listGroups` is for flows of a host.
 *
 * @module
 */
import { GraphContract } from "@atlas/operations"
import { Schema } from "effect"

/** A group as Graph lists it, or the part of it that changed. https://learn.microsoft.com/graph/api/resources/group */
export const GraphGroup = Schema.Struct({
  id: Schema.String,
  displayName: Schema.NullishOr(Schema.String).pipe(Schema.optionalKey),
  description: Schema.NullishOr(Schema.String).pipe(Schema.optionalKey),
  mail: Schema.NullishOr(Schema.String).pipe(Schema.optionalKey),
  mailEnabled: Schema.NullishOr(Schema.Boolean).pipe(Schema.optionalKey),
  securityEnabled: Schema.NullishOr(Schema.Boolean).pipe(Schema.optionalKey),
  groupTypes: Schema.NullishOr(Schema.Array(Schema.String)).pipe(Schema.optionalKey),
  isAssignableToRole: Schema.NullishOr(Schema.Boolean).pipe(Schema.optionalKey),
  onPremisesSyncEnabled: Schema.NullishOr(Schema.Boolean).pipe(Schema.optionalKey)
})
export type GraphGroup = typeof GraphGroup.Type

const select = [
  "id",
  "displayName",
  "description",
  "mail",
  "mailEnabled",
  "securityEnabled",
  "groupTypes",
  "isAssignableToRole",
  "onPremisesSyncEnabled"
]
const permissions = [{ name: "GroupMember.Read.All", appRoleId: "98830695-27a2-44f7-8c18-0c3ebc9698f6" }]

/** All groups of a tenant, in pages of Graph's maximum size. https://learn.microsoft.com/graph/api/group-list */
export const listGroups = GraphContract.list({
  name: "groups.list",
  version: "v1.0",
  path: "/groups",
  select,
  pageSize: 999,
  count: true,
  schema: GraphGroup,
  permissions
})

/** The history of a tenant's groups, changed properties only. https://learn.microsoft.com/graph/api/group-delta */
export const groupChanges = GraphContract.delta({
  name: "groups.delta",
  version: "v1.0",
  path: "/groups/delta",
  select,
  minimal: true,
  schema: GraphGroup,
  permissions
})

/** How many groups a tenant has. https://learn.microsoft.com/graph/aad-advanced-queries */
export const countGroups = GraphContract.get({
  name: "groups.count",
  version: "v1.0",
  path: "/groups/$count",
  eventual: true,
  schema: Schema.Int,
  permissions
})
