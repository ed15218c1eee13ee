import { Migrator } from "effect/sql"
import operationRuns from "./migrations/0001_operation_runs.ts"

/**
 * Creates or upgrades the ledger's tables. Safe to run from several processes at once.
 *
 * @returns the migrations that were applied
 */
export const run = Migrator.make({})({
  loader: Migrator.fromRecord({ "0001_operation_runs": operationRuns }),
  table: "atlas_operations_migrations"
})
