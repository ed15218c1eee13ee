/**
 * Which workers live, and what they can execute. The rows of dead workers tell since when nobody can execute an operation.
 *
 * @module
 */

import { Context, Effect, Layer } from "effect"
import { SqlClient, type Statement } from "effect/sql"

/** What a worker announces of itself. */
export interface WorkerAnnouncement {
  /** Its name in timelines. */
  readonly worker: string
  /** The operations that it has handlers for. */
  readonly types: ReadonlyArray<string>
  /** How many runs it executes at once. */
  readonly slots: number
}

/** A worker announces itself at least this often. One that was silent for three times as long no longer counts as live. */
export const announceEveryMillis = 10_000

/** Whether a worker is live and has a handler for an operation, as SQL on a row of `operation_workers`. */
export const liveFor = (
  sql: SqlClient.SqlClient,
  worker: Statement.Fragment,
  type: Statement.Fragment
): Statement.Fragment =>
  sql`(${type} = ANY(${worker}.types) AND ${worker}.stopped_at IS NULL
    AND ${worker}.last_seen > now() - ${3 * announceEveryMillis}::int * interval '1 millisecond')`

/** Keeps the register of workers. Database failures are defects. */
export class WorkerRegistry extends Context.Service<
  WorkerRegistry,
  {
    /** Records that a worker is live now, and forgets workers that were silent for a month. */
    announce(worker: WorkerAnnouncement): Effect.Effect<void>
    /** Records that a worker stops in good order. */
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
