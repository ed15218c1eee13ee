import { Context, Effect, Layer } from "effect"
import { SqlClient, type Statement } from "effect/sql"

/** A worker process as it announces itself. */
export interface WorkerAnnouncement {
  /** The name under which it appears in timelines. */
  readonly worker: string
  /** The operations that it has handlers for. */
  readonly types: ReadonlyArray<string>
  /** Runs that it executes at once. */
  readonly slots: number
}

/** A worker announces itself at least this often; one that was silent for three times as long is not counted as live. */
export const announceEveryMillis = 10_000

/** A live worker with a handler for a type, as SQL on a row of `operation_workers`. */
export const liveFor = (
  sql: SqlClient.SqlClient,
  worker: Statement.Fragment,
  type: Statement.Fragment
): Statement.Fragment =>
  sql`(${type} = ANY(${worker}.types) AND ${worker}.stopped_at IS NULL
    AND ${worker}.last_seen > now() - ${3 * announceEveryMillis}::int * interval '1 millisecond')`

/** Which workers live, and what they can execute. Rows of the dead tell since when nobody could. */
export class WorkerRegistry extends Context.Service<
  WorkerRegistry,
  {
    /** Says that a worker lives, now, and forgets those that have not lived for a month. */
    announce(worker: WorkerAnnouncement): Effect.Effect<void>
    /** Says that a worker stops, in good order. */
    stop(worker: string): Effect.Effect<void>
  }
>()("@atlas/operations/WorkerRegistry") {
  static readonly layer: Layer.Layer<WorkerRegistry, never, SqlClient.SqlClient> = Layer.effect(
    WorkerRegistry,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const announce = Effect.fn("WorkerRegistry.announce")(function* ({ worker, types, slots }: WorkerAnnouncement) {
        yield* sql`
          WITH forgotten AS (DELETE FROM operation_workers WHERE last_seen < now() - interval '1 month')
          INSERT INTO operation_workers (id, types, slots) VALUES (${worker}, ${types}::text[], ${slots})
          ON CONFLICT (id) DO UPDATE SET types = excluded.types, slots = excluded.slots, last_seen = now(),
            stopped_at = NULL`
      }, Effect.orDie)

      const stop = Effect.fn("WorkerRegistry.stop")(function* (worker: string) {
        yield* sql`UPDATE operation_workers SET last_seen = now(), stopped_at = now() WHERE id = ${worker}`
      }, Effect.orDie)

      return WorkerRegistry.of({ announce, stop })
    })
  )
}
