/**
 * The tables of the cache. A host applies these migrations before it starts. They create the trusted extensions `pg_trgm` and
 * `btree_gin`, for which the user needs the right `CREATE` on the database.
 *
 * @module
 */
import { Migrator } from "effect/sql"
import directoryGroups from "./migrations/0001_directory_groups.ts"
import collections from "./migrations/0002_collections.ts"

const migrations = { "0001_directory_groups": directoryGroups, "0002_collections": collections }

/** The table that records the applied migrations, and the number of the newest one. */
export const ledger = { table: "atlas_directory_migrations", latest: Object.keys(migrations).length }

/**
 * Creates or upgrades the cache's tables and returns the migrations applied. Safe to run from several processes at once.
 *
 * @example
 * ```ts
 * // This host has a client of its own. The tables exist before anything uses them.
 * const tables = Pg.migrated(DirectoryMigrations.run)
 * ```
 */
export const run = Migrator.make({})({
  loader: Migrator.fromRecord(migrations),
  table: ledger.table
})
