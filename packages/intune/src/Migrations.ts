/**
 * The migrations of the tables of policies. A host applies them with those of `@atlas/operations`, when it deploys or when it
 * starts: pass `run` to `Pg.layer` of `@atlas/operations/pg`, or run it by itself.
 *
 * @module
 */

import { Migrator } from "effect/sql"
import inventory from "./migrations/0001_inventory.ts"
import backups from "./migrations/0002_backups.ts"
import restores from "./migrations/0003_restores.ts"
import drift from "./migrations/0004_drift.ts"
import backupLookups from "./migrations/0005_backup_lookups.ts"
import scheduleKeys from "./migrations/0006_schedule_keys.ts"

const migrations = {
  "0001_inventory": inventory,
  "0002_backups": backups,
  "0003_restores": restores,
  "0004_drift": drift,
  "0005_backup_lookups": backupLookups,
  "0006_schedule_keys": scheduleKeys
}

/** The table that records the applied migrations, and the number of the newest migration of this version. */
export const ledger = { table: "atlas_intune_migrations", latest: Object.keys(migrations).length }

/**
 * Creates or upgrades the tables of policies, and returns the migrations that it applied. Several processes may run it at once.
 */
export const run = Migrator.make({})({
  loader: Migrator.fromRecord(migrations),
  table: ledger.table
})
