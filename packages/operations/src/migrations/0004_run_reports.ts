import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Adds the report of a run: what its handler found. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    ALTER TABLE operation_runs
      ADD COLUMN report jsonb CHECK (report IS NULL OR
        (jsonb_typeof(report -> 'kind') = 'string' AND jsonb_typeof(report -> 'version') = 'number') IS TRUE)
  `
})
