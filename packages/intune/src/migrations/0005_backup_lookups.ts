import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Finds the schedules whose backups may expire, and the backups of one schedule, by an index each. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // When to look for backups that can expire: at once, then when there are some to wait for; null while there are none.
  yield* sql`ALTER TABLE backup_schedules ADD COLUMN next_retention_at timestamptz DEFAULT now()`
  yield* sql`
    CREATE INDEX backup_schedules_retention ON backup_schedules (next_retention_at) WHERE next_retention_at IS NOT NULL`
  // Expired backups are listed, too; retention looks only at the others, by `backup_sets_schedule`.
  yield* sql`
    CREATE INDEX backup_sets_listed ON backup_sets (schedule_id, id DESC)
    WHERE schedule_id IS NOT NULL AND state <> 'open'`
})
