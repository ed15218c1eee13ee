import { GraphContract } from "@atlas/operations"
import { Schema } from "effect"

/** A group as Graph lists it. https://learn.microsoft.com/graph/api/resources/group */
export const GraphGroup = Schema.Struct({
  id: Schema.String,
  displayName: Schema.NullishOr(Schema.String).pipe(Schema.optionalKey),
  description: Schema.NullishOr(Schema.String).pipe(Schema.optionalKey),
  mail: Schema.NullishOr(Schema.String).pipe(Schema.optionalKey),
  mailEnabled: Schema.NullishOr(Schema.Boolean).pipe(Schema.optionalKey),
  securityEnabled: Schema.NullishOr(Schema.Boolean).pipe(Schema.optionalKey),
  groupTypes: Schema.NullishOr(Schema.Array(Schema.String)).pipe(Schema.optionalKey),
  onPremisesSyncEnabled: Schema.NullishOr(Schema.Boolean).pipe(Schema.optionalKey)
})
export type GraphGroup = typeof GraphGroup.Type

/** All groups of a tenant, in pages of Graph's maximum. https://learn.microsoft.com/graph/api/group-list */
export const listGroups = GraphContract.list({
  name: "groups.list",
  version: "v1.0",
  path: "/groups",
  select: [
    "id",
    "displayName",
    "description",
    "mail",
    "mailEnabled",
    "securityEnabled",
    "groupTypes",
    "onPremisesSyncEnabled"
  ],
  pageSize: 999,
  count: true,
  schema: GraphGroup,
  permissions: [{ name: "GroupMember.Read.All", appRoleId: "98830695-27a2-44f7-8c18-0c3ebc9698f6" }]
})
