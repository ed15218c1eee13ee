import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Finds the schedules whose backups may expire by an index. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // When to look for backups that can expire: at once, then when there are some to wait for; null while there are none.
  yield* sql`ALTER TABLE backup_schedules ADD COLUMN next_retention_at timestamptz DEFAULT now()`
  yield* sql`
    CREATE INDEX backup_schedules_retention ON backup_schedules (next_retention_at) WHERE next_retention_at IS NOT NULL`
})
