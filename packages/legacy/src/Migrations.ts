/**
 * The migrations of the old tables. They refer to the tables of `@atlas/operations`, so a host applies them afterwards: pass
 * `run` to `Pg.layer` of `@atlas/operations/pg`, or run it when you deploy.
 *
 * @module
 */

import { Migrator } from "effect/sql"
import legacyRuns from "./migrations/0001_legacy_runs.ts"

const migrations = { "0001_legacy_runs": legacyRuns }

/** The table that records the applied migrations, and the number of the newest migration of this version. */
export const ledger = { table: "atlas_legacy_migrations", latest: Object.keys(migrations).length }

/**
 * Creates or adopts the old tables and closes them to new rows; returns the migrations that it applied. Several processes may
 * run it at once.
 */
export const run = Migrator.make({})({
  loader: Migrator.fromRecord(migrations),
  table: ledger.table
})
