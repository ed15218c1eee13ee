import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Adds the trace of a run's start, so that its attempts belong to that trace in whatever process they are. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    ALTER TABLE operation_runs
      ADD COLUMN traceparent text CHECK (traceparent ~ '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$')`
})
