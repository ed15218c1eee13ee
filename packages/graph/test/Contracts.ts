import { GraphContract } from "@atlas/operations"
import { Schema } from "effect"

/** A group as the tests read it: every property of the fake's. */
const Group = Schema.Struct({
  id: Schema.String,
  displayName: Schema.String,
  description: Schema.NullOr(Schema.String),
  mail: Schema.NullOr(Schema.String),
  mailEnabled: Schema.Boolean,
  mailNickname: Schema.String,
  securityEnabled: Schema.Boolean,
  groupTypes: Schema.Array(Schema.String),
  visibility: Schema.NullOr(Schema.String),
  isAssignableToRole: Schema.NullOr(Schema.Boolean),
  onPremisesSyncEnabled: Schema.NullOr(Schema.Boolean),
  membershipRule: Schema.NullOr(Schema.String),
  createdDateTime: Schema.String
})

const permissions = [{ name: "GroupMember.Read.All", appRoleId: "98830695-27a2-44f7-8c18-0c3ebc9698f6" }]

const options = {
  name: "groups.list",
  version: "v1.0",
  path: "/groups",
  select: Object.keys(Group.fields),
  schema: Group,
  permissions,
  pageSize: 20
} as const

/** Every group, 20 at a time. */
export const groups = GraphContract.list(options)

/** The same, with the count. */
export const countedGroups = GraphContract.list({ ...options, name: "groups.listCounted", count: true })

/** The same, read by a schema that no group fits. */
export const misreadGroups = GraphContract.list({
  ...options,
  name: "groups.listMisread",
  schema: Schema.Struct({ id: Schema.Int })
})

/** The same, 999 at a time. */
export const manyGroups = GraphContract.list({ ...options, name: "groups.listMany", pageSize: 999 })

/** One group. */
export const group = GraphContract.get({
  name: "groups.get",
  version: "v1.0",
  path: "/groups/{groupId}",
  schema: Group,
  permissions
})
