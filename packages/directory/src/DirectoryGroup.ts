import { Schema } from "effect"
import { type Collection, Removal } from "./Collection.ts"

/** What kind of group it is, as administrators speak of it. */
export const GroupKind = Schema.Literals(["security", "microsoft365", "mail_security", "distribution"])
export type GroupKind = typeof GroupKind.Type

/** A cached Entra group. */
export class DirectoryGroup extends Schema.Class<DirectoryGroup>("@atlas/directory/DirectoryGroup")({
  /** The Entra object id. */
  id: Schema.String,
  displayName: Schema.String,
  description: Schema.NullOr(Schema.String),
  mail: Schema.NullOr(Schema.String),
  kind: GroupKind,
  /** Membership follows a rule. */
  dynamic: Schema.Boolean,
  /** Directory roles may be assigned to it. */
  roleAssignable: Schema.Boolean,
  /** Synchronised from an on-premises directory. */
  synced: Schema.Boolean,
  /** When a sync found it gone; null while it exists. */
  removedAt: Schema.NullOr(Schema.DateTimeUtcFromDate),
  /** What became of it; null while it exists. */
  removal: Schema.NullOr(Removal)
}) {}

/**
 * What a search may be narrowed to. `security` are groups that grant access, with mail or without, Microsoft 365 groups
 * included where they do; `synced` come from an on-premises directory.
 */
export const GroupFilter = Schema.Literals(["security", "microsoft365", "dynamic", "role_assignable", "synced"])
export type GroupFilter = typeof GroupFilter.Type

/** How groups are cached. */
export const groups: Collection<DirectoryGroup, GroupFilter> = {
  name: "groups",
  table: "directory_groups",
  properties: {
    display_name: { type: "text", unset: "id" },
    folded_name: { type: "text", unset: "lower(id)" },
    description: { type: "text", unset: "NULL" },
    mail: { type: "text", unset: "NULL" },
    mail_enabled: { type: "boolean", unset: "false" },
    security_enabled: { type: "boolean", unset: "false" },
    unified: { type: "boolean", unset: "false" },
    dynamic: { type: "boolean", unset: "false" },
    role_assignable: { type: "boolean", unset: "false" },
    synced: { type: "boolean", unset: "false" }
  },
  columns: `id, display_name AS "displayName", description, mail, kind, dynamic, role_assignable AS "roleAssignable",
    synced, removed_at AS "removedAt", removal`,
  schema: DirectoryGroup,
  filters: {
    security: "security_enabled",
    microsoft365: "unified",
    dynamic: "dynamic",
    role_assignable: "role_assignable",
    synced: "synced"
  },
  infixIndex: "directory_groups_infix"
}
