/**
 * A group as the cache has it and readers return it, and what a search may narrow groups to.
 *
 * @module
 */
import { sqlText } from "@atlas/operations"
import { Removal, unset } from "@atlas/replica"
import { Schema } from "effect"
import { type DirectoryCollection, shared } from "./Collection.ts"

/** The kinds of groups, as administrators name them. */
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
  /** Whether membership follows a rule. */
  dynamic: Schema.Boolean,
  /** Whether directory roles may be assigned to it. */
  roleAssignable: Schema.Boolean,
  /** Whether it comes from an on-premises directory. */
  synced: Schema.Boolean,
  /** When a sync found it gone; null while it exists. */
  removedAt: Schema.NullOr(Schema.DateTimeUtcFromDate),
  /** What became of it; null while it exists. */
  removal: Schema.NullOr(Removal)
}) {}

/**
 * What a search may be narrowed to. `security` means groups that grant access, with or without mail, including Microsoft 365
 * groups that do. `synced` groups come from an on-premises directory.
 */
export const GroupFilter = Schema.Literals(["security", "microsoft365", "dynamic", "role_assignable", "synced"])
export type GroupFilter = typeof GroupFilter.Type

/** How groups are cached. */
export const groups: DirectoryCollection<DirectoryGroup, GroupFilter> = {
  name: "groups",
  tables: { ...shared, objects: sqlText`directory_groups` },
  member: null,
  properties: {
    display_name: { type: "text", unset: unset.id },
    folded_name: { type: "text", unset: unset.foldedId },
    description: { type: "text", unset: unset.nothing },
    mail: { type: "text", unset: unset.nothing },
    mail_enabled: { type: "boolean", unset: unset.no },
    security_enabled: { type: "boolean", unset: unset.no },
    unified: { type: "boolean", unset: unset.no },
    dynamic: { type: "boolean", unset: unset.no },
    role_assignable: { type: "boolean", unset: unset.no },
    synced: { type: "boolean", unset: unset.no }
  },
  columns: sqlText`id, display_name AS "displayName", description, mail, kind, dynamic, role_assignable AS "roleAssignable",
    synced, removed_at AS "removedAt", removal`,
  schema: DirectoryGroup,
  filters: {
    security: sqlText`security_enabled`,
    microsoft365: sqlText`unified`,
    dynamic: sqlText`dynamic`,
    role_assignable: sqlText`role_assignable`,
    synced: sqlText`synced`
  },
  ginIndex: "directory_groups_infix"
}
