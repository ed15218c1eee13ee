/**
 * Describes a copied collection: its tables, and the columns that a copy writes. A package states this once, in constant SQL,
 * and its migrations create the tables. The statements of this package are composed from it.
 *
 * @module
 */
import { sqlText } from "@atlas/operations"
import { Schema } from "effect"
import type { Statement } from "effect/sql"

/**
 * A collection and its three tables. Each table, and its primary key, begins with `workspace_id text` and `tenant_id text`.
 *
 * - objects: `id text`, `seen_round integer`, `changed_at timestamptz`, `removed_at timestamptz`, `removal text` (null exactly
 *   while `removed_at` is), and a column for each property; the `member` column before `id`, if there is one.
 * - rounds: `collection text`, and the columns of `directory_syncs`: the state of the copy, and the round that a run is making.
 * - sightings: `collection text`, `id text`, `removal text`. Unlogged: a round knows how many there were, and restarts if a
 *   crash of the database lost them.
 *
 * @example
 * ```ts
 * const tags: Collection = {
 *   name: "scope_tags",
 *   tables: { objects: sqlText`scope_tags`, rounds: sqlText`scope_tag_rounds`, sightings: sqlText`scope_tag_sightings` },
 *   member: null,
 *   properties: { title: { type: "text", unset: unset.id } },
 *   ginIndex: null
 * }
 * ```
 */
export interface Collection {
  /** Tells the collection from others in the tables of rounds and sightings. */
  readonly name: string
  readonly tables: {
    readonly objects: Statement.Fragment
    readonly rounds: Statement.Fragment
    readonly sightings: Statement.Fragment
  }
  /** The column with the collection's name, if several collections share a table of objects; else null. */
  readonly member: Statement.Fragment | null
  /** By column name: lower-case letters and underscores. */
  readonly properties: Readonly<Record<string, Property>>
  /** A GIN index over the objects to tidy after each round, since every search reads its pending list. */
  readonly ginIndex: string | null
}

/** A column that a copy writes. */
export interface Property {
  readonly type: keyof typeof propertyTypes
  /** Its value, as SQL, until the source gives one. */
  readonly unset: Statement.Fragment
  /** Keep the column up to date, but do not count an object as changed if nothing else differs. */
  readonly quiet?: true
}

/** The SQL of each type that a property may have. A change gives `bytea` in PostgreSQL's hex format: `\x` and digits. */
export const propertyTypes = {
  text: sqlText`text`,
  texts: sqlText`text[]`,
  boolean: sqlText`boolean`,
  integer: sqlText`integer`,
  bytea: sqlText`bytea`,
  uuid: sqlText`uuid`,
  timestamptz: sqlText`timestamptz`
}

/** Values for `Property.unset`. */
export const unset = {
  id: sqlText`id`,
  foldedId: sqlText`lower(id)`,
  nothing: sqlText`NULL`,
  yes: sqlText`true`,
  no: sqlText`false`,
  now: sqlText`now()`
}

/** What is known of an object that the provider no longer has. */
export const Removal = Schema.Literals([
  /** It is in the provider's bin and may come back. */
  "soft_deleted",
  /** It is gone for good. */
  "purged",
  /** A complete listing did not contain it. */
  "unknown"
])
export type Removal = typeof Removal.Type
