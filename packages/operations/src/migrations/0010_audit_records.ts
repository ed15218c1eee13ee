import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Lets the audit record changes of records other than runs, those of hosts among them, with the record before and after. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    ALTER TABLE operation_audit
      DROP CONSTRAINT operation_audit_action_check,
      ADD CONSTRAINT operation_audit_action_check CHECK (action ~ '^[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*)*$'
        AND length(action) <= 100),
      ADD COLUMN record_kind text,
      ADD COLUMN record_id text,
      ADD CHECK ((record_kind IS NULL) = (record_id IS NULL))`
  yield* sql`
    CREATE INDEX operation_audit_record ON operation_audit (workspace_id, record_kind, record_id, id DESC)
    WHERE record_kind IS NOT NULL`
})
