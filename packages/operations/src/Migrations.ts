/**
 * The tables of the ledger. A host applies these migrations before it starts, those of the packages that build on it after
 * that. `Pg.layer` of `@atlas/operations/pg` does so; a host with a client of its own runs them by itself.
 *
 * @module
 */

import { Migrator } from "effect/sql"
import operationRuns from "./migrations/0001_operation_runs.ts"
import trustedLedger from "./migrations/0002_trusted_ledger.ts"
import dueRuns from "./migrations/0003_due_runs.ts"
import runReports from "./migrations/0004_run_reports.ts"
import runHours from "./migrations/0005_run_hours.ts"
import retention from "./migrations/0008_retention.ts"
import operationKeys from "./migrations/0012_operation_keys.ts"
import traceContext from "./migrations/0007_trace_context.ts"
import viewCapabilities from "./migrations/0009_view_capabilities.ts"
import auditRecords from "./migrations/0010_audit_records.ts"
import guards from "./migrations/0011_guards.ts"

const migrations = {
  "0001_operation_runs": operationRuns,
  "0002_trusted_ledger": trustedLedger,
  "0003_due_runs": dueRuns,
  "0004_run_reports": runReports,
  "0005_run_hours": runHours,
  "0007_trace_context": traceContext,
  "0008_retention": retention,
  "0009_view_capabilities": viewCapabilities,
  "0010_audit_records": auditRecords,
  "0011_guards": guards,
  "0012_operation_keys": operationKeys
}

/** The table that records the applied migrations, and the number of the newest. The sixth is in @atlas/legacy now. */
export const ledger = {
  table: "atlas_operations_migrations",
  latest: Math.max(...Object.keys(migrations).map((name) => Number.parseInt(name, 10)))
}

/**
 * Creates or upgrades the ledger's tables, and yields the migrations that were applied. Safe to run at every start, and from
 * several processes at once.
 *
 * @example
 * ```ts
 * const { url } = yield* createDatabase(server)
 * const applied = yield* Effect.provide(Migrations.run, client(url))
 * ```
 */
export const run = Migrator.make({})({
  loader: Migrator.fromRecord(migrations),
  table: ledger.table
})
