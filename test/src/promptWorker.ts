import { WorkerSettings } from "@atlas/operations"
import { DatabaseClock } from "@atlas/operations/testing"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"

const settings = Layer.succeed(WorkerSettings, {
  ...WorkerSettings.defaultValue(),
  leaseMillis: 600_000,
  pollMillis: 50
})

/** Where a run waits for its next attempt, the database's clock goes there. */
const skipPauses = SqlClient.SqlClient.use(
  (sql) => sql<{ millis: number }>`
    SELECT (extract(epoch FROM min(available_at) - now()) * 1000)::float8 AS millis FROM operation_runs
    WHERE status = 'queued' AND attempt > 0 HAVING min(available_at) > now()`
).pipe(
  Effect.flatMap(([next]) => (next === undefined ? Effect.void : DatabaseClock.advance(Math.ceil(next.millis)))),
  Effect.delay("20 millis"),
  Effect.forever,
  Effect.orDie
)

/** What a worker of tests gets: leases that even a busy machine keeps, and attempts that follow one another at once. */
export const promptWorker: Layer.Layer<never, never, SqlClient.SqlClient> = Layer.merge(
  settings,
  Layer.effectDiscard(Effect.forkScoped(skipPauses))
)
