import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Where two states of a tenant differ, as a run has found out. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE policy_drift (
      run_id uuid NOT NULL,
      source text NOT NULL,
      id text NOT NULL,
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      type text,
      title text NOT NULL,
      change text NOT NULL CHECK (change IN ('added', 'removed', 'changed')),
      difference jsonb,
      PRIMARY KEY (run_id, source, id)
    )`
})
