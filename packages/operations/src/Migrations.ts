import { Migrator } from "effect/sql"
import operationRuns from "./migrations/0001_operation_runs.ts"
import trustedLedger from "./migrations/0002_trusted_ledger.ts"
import dueRuns from "./migrations/0003_due_runs.ts"
import runReports from "./migrations/0004_run_reports.ts"
import runHours from "./migrations/0005_run_hours.ts"

/**
 * Creates or upgrades the ledger's tables. Safe to run from several processes at once.
 *
 * @returns the migrations that were applied
 */
export const run = Migrator.make({})({
  loader: Migrator.fromRecord({
    "0001_operation_runs": operationRuns,
    "0002_trusted_ledger": trustedLedger,
    "0003_due_runs": dueRuns,
    "0004_run_reports": runReports,
    "0005_run_hours": runHours
  }),
  table: "atlas_operations_migrations"
})
