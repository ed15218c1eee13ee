import { Migrator } from "effect/sql"
import inventory from "./migrations/0001_inventory.ts"
import backups from "./migrations/0002_backups.ts"
import restores from "./migrations/0003_restores.ts"
import drift from "./migrations/0004_drift.ts"

const migrations = {
  "0001_inventory": inventory,
  "0002_backups": backups,
  "0003_restores": restores,
  "0004_drift": drift
}

/** The table that keeps which migrations were applied, and the newest that this version has. */
export const ledger = { table: "atlas_intune_migrations", latest: Object.keys(migrations).length }

/**
 * Creates or upgrades the tables of policies. Safe to run from several processes at once.
 *
 * @returns the migrations that were applied
 */
export const run = Migrator.make({})({
  loader: Migrator.fromRecord(migrations),
  table: ledger.table
})
