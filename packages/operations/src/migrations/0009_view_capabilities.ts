import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Keeps with each run the capabilities that viewing it takes: it stays visible when its operation is no longer registered, and
 * two runs of one operation may take different capabilities. Runs from before take one that nobody has.
 */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  for (const table of ["operation_runs", "operation_run_hours"]) {
    yield* sql`
      ALTER TABLE ${sql(table)} ADD COLUMN view_capabilities text[] NOT NULL
        DEFAULT '{workspace.operations.unknown}' CHECK (cardinality(view_capabilities) > 0)`
    yield* sql`ALTER TABLE ${sql(table)} ALTER COLUMN view_capabilities DROP DEFAULT`
  }
  yield* sql`DROP INDEX operation_run_hours_key`
  yield* sql`
    CREATE UNIQUE INDEX operation_run_hours_key ON operation_run_hours
      (workspace_id, hour, type, coalesce(tenant_id, ''), outcome, view_capabilities)`
})
