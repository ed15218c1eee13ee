import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Lets a schedule be created once for an idempotency key. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // `key_digest` identifies a request for a schedule: who asked, where, and with which key. Equal requests are one schedule.
  yield* sql`
    ALTER TABLE backup_schedules
      ADD COLUMN key_digest bytea CHECK (octet_length(key_digest) = 32),
      ADD COLUMN request_digest bytea CHECK (octet_length(request_digest) = 32),
      ADD CHECK ((key_digest IS NULL) = (request_digest IS NULL))`
  yield* sql`
    CREATE UNIQUE INDEX backup_schedules_key ON backup_schedules (key_digest) WHERE key_digest IS NOT NULL`
})
