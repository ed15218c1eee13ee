import { sqlText } from "@atlas/operations"
import { Schema } from "effect"
import type { Statement } from "effect/sql"

/**
 * What the engine knows of a collection: its name, its three tables, and the columns that a copy writes. The SQL in it is
 * constant; a package describes its collections once, in code, and its migrations create the tables.
 *
 * Each table begins with `workspace_id text` and `tenant_id text`, which its primary key begins with as well.
 *
 * - objects: `id text`, `seen_round integer`, `changed_at timestamptz`, `removed_at timestamptz`, `removal text` (null exactly
 *   while `removed_at` is), and a column for each property; the `member` column before `id`, if there is one.
 * - rounds: `collection text`, and the columns of `directory_syncs`: how the copy is, and the round that a run is making.
 * - sightings: `collection text`, `id text`, `removal text`. Unlogged: a round knows how many there were, and begins anew
 *   where a crash of the database took them.
 */
export interface Collection {
  /** Tells it from the others in the tables of rounds and sightings. */
  readonly name: string
  readonly tables: {
    readonly objects: Statement.Fragment
    readonly rounds: Statement.Fragment
    readonly sightings: Statement.Fragment
  }
  /** The column that has the collection's name, where several collections share a table of objects. */
  readonly member: Statement.Fragment | null
  /** By column: lower-case letters and underscores. */
  readonly properties: Readonly<Record<string, Property>>
  /** A GIN index over the objects that is to be tidied after each round: a search would read what waits in it. */
  readonly ginIndex: string | null
}

/** A column that a copy writes. */
export interface Property {
  readonly type: keyof typeof propertyTypes
  /** Its value where the source never told one, as SQL. */
  readonly unset: Statement.Fragment
  /** It is kept up to date, but an object is the same as before where nothing but this differs. */
  readonly quiet?: true
}

/** The SQL of each type that a property may have. Of `bytea`, a change has PostgreSQL's hex format: `\x` and digits. */
export const propertyTypes = {
  text: sqlText`text`,
  texts: sqlText`text[]`,
  boolean: sqlText`boolean`,
  integer: sqlText`integer`,
  bytea: sqlText`bytea`,
  uuid: sqlText`uuid`,
  timestamptz: sqlText`timestamptz`
}

/** Values of a column that the source never told, for `Property.unset`. */
export const unset = {
  id: sqlText`id`,
  foldedId: sqlText`lower(id)`,
  nothing: sqlText`NULL`,
  yes: sqlText`true`,
  no: sqlText`false`,
  now: sqlText`now()`
}

/** What became of an object that the provider no longer has, as far as it told. */
export const Removal = Schema.Literals([
  /** It is in the provider's bin, and may come back. */
  "soft_deleted",
  /** It is gone for good. */
  "purged",
  /** A complete listing did not contain it. */
  "unknown"
])
export type Removal = typeof Removal.Type
