import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Prepares for retention: an index of each lane in order, and a vacuum that does not wait for a fifth of a large table. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // A run enters this index once, when it is counted: starts and ends pay nothing for it.
  yield* sql`CREATE INDEX operation_runs_retention ON operation_runs (type, lane, id) WHERE counted`
  yield* sql`ALTER TABLE operation_runs ADD CHECK (status = 'completed' OR NOT counted)`
  for (const table of ["operation_runs", "operation_run_events"]) {
    yield* sql`
      ALTER TABLE ${sql(table)} SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000)`
  }
})
