import { Schema } from "effect"

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
  /** Synchronised from an on-premises directory. */
  synced: Schema.Boolean,
  /** When a complete listing no longer contained it; null while it exists. */
  removedAt: Schema.NullOr(Schema.DateTimeUtcFromDate)
}) {}
