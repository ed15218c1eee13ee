import { Migrator } from "effect/sql"
import directoryGroups from "./migrations/0001_directory_groups.ts"
import collections from "./migrations/0002_collections.ts"

const migrations = { "0001_directory_groups": directoryGroups, "0002_collections": collections }

/** The table that keeps which migrations were applied, and the newest that this version has. */
export const ledger = { table: "atlas_directory_migrations", latest: Object.keys(migrations).length }

/**
 * Creates or upgrades the cache's tables. Safe to run from several processes at once.
 *
 * @returns the migrations that were applied
 */
export const run = Migrator.make({})({
  loader: Migrator.fromRecord(migrations),
  table: ledger.table
})
