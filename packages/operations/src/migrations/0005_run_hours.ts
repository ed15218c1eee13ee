import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Creates the table of how many runs ended in each hour, and the indexes of a listing's filters. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE operation_run_hours (
      workspace_id text NOT NULL,
      hour timestamptz NOT NULL CHECK (extract(epoch FROM hour)::bigint % 3600 = 0),
      tenant_id text,
      type text NOT NULL,
      outcome text NOT NULL CHECK (outcome IN ('succeeded', 'partially_succeeded', 'failed', 'blocked', 'cancelled')),
      runs bigint NOT NULL CHECK (runs > 0)
    ) WITH (fillfactor = 75)`
  yield* sql`
    CREATE UNIQUE INDEX operation_run_hours_key ON operation_run_hours
      (workspace_id, hour, type, coalesce(tenant_id, ''), outcome)`
  // A run says itself whether it is counted, so that each is counted once, whoever dies. Few are not counted yet.
  yield* sql`ALTER TABLE operation_runs ADD COLUMN counted boolean NOT NULL DEFAULT false`
  yield* sql`
    CREATE INDEX operation_runs_uncounted ON operation_runs (workspace_id, id)
    WHERE status = 'completed' AND NOT counted`
  yield* sql`CREATE INDEX operation_runs_type ON operation_runs (workspace_id, type, id DESC)`
  yield* sql`
    CREATE INDEX operation_runs_status ON operation_runs (workspace_id, status, id DESC) WHERE status <> 'completed'`
  yield* sql`
    CREATE INDEX operation_runs_outcome ON operation_runs (workspace_id, outcome, id DESC)
    WHERE outcome NOT IN ('pending', 'succeeded')`
  yield* sql`
    CREATE INDEX operation_runs_reason ON operation_runs (workspace_id, reason_code, id DESC) WHERE reason_code IS NOT NULL`
  yield* sql`CREATE INDEX operation_runs_actor ON operation_runs (workspace_id, (actor ->> 'id'), id DESC)`
})
