/**
 * A role definition as the cache has it and readers return it, and what a search may narrow definitions to.
 *
 * @module
 */
import { sqlText } from "@atlas/operations"
import { Removal, unset } from "@atlas/replica"
import { Schema } from "effect"
import { type DirectoryCollection, shared } from "./Collection.ts"

/** A cached definition of a directory role. */
export class DirectoryRoleDefinition extends Schema.Class<DirectoryRoleDefinition>(
  "@atlas/directory/DirectoryRoleDefinition"
)({
  /** The id; that of a built-in role is the same in every tenant. */
  id: Schema.String,
  displayName: Schema.String,
  description: Schema.NullOr(Schema.String),
  /** The template that the definition was made from. It identifies a built-in role. */
  templateId: Schema.NullOr(Schema.String),
  /** True if Microsoft defines it, false if the tenant does. */
  builtIn: Schema.Boolean,
  /** Whether it may be assigned. */
  enabled: Schema.Boolean,
  /** Whether Microsoft judges that it can lead to all other rights; null if Graph did not say. */
  privileged: Schema.NullOr(Schema.Boolean),
  /** When a sync found it gone; null while it exists. */
  removedAt: Schema.NullOr(Schema.DateTimeUtcFromDate),
  /** What became of it; null while it exists. */
  removal: Schema.NullOr(Removal)
}) {}

/** What a search may be narrowed to. */
export const RoleDefinitionFilter = Schema.Literals(["built_in", "custom", "privileged"])
export type RoleDefinitionFilter = typeof RoleDefinitionFilter.Type

/** How role definitions are cached. A tenant has a few hundred, so a search reads through their names. */
export const roleDefinitions: DirectoryCollection<DirectoryRoleDefinition, RoleDefinitionFilter> = {
  name: "role_definitions",
  tables: { ...shared, objects: sqlText`directory_role_definitions` },
  member: null,
  properties: {
    display_name: { type: "text", unset: unset.id },
    folded_name: { type: "text", unset: unset.foldedId },
    description: { type: "text", unset: unset.nothing },
    template_id: { type: "text", unset: unset.nothing },
    built_in: { type: "boolean", unset: unset.no },
    enabled: { type: "boolean", unset: unset.yes },
    privileged: { type: "boolean", unset: unset.nothing }
  },
  columns: sqlText`id, display_name AS "displayName", description, template_id AS "templateId", built_in AS "builtIn", enabled,
    privileged, removed_at AS "removedAt", removal`,
  schema: DirectoryRoleDefinition,
  filters: {
    built_in: sqlText`built_in`,
    custom: sqlText`NOT built_in`,
    privileged: sqlText`privileged`
  },
  ginIndex: null
}
