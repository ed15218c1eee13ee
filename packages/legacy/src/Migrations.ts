import { Migrator } from "effect/sql"
import legacyRuns from "./migrations/0001_legacy_runs.ts"

const migrations = { "0001_legacy_runs": legacyRuns }

/** The table that keeps which migrations were applied, and the newest that this version has. */
export const ledger = { table: "atlas_legacy_migrations", latest: Object.keys(migrations).length }

/**
 * Creates or adopts the old tables, and closes them to new rows. The migrations of `@atlas/operations` come before. Safe to run from
 * several processes at once.
 *
 * @returns the migrations that were applied
 */
export const run = Migrator.make({})({
  loader: Migrator.fromRecord(migrations),
  table: ledger.table
})
