/**
 * Why a queued run is not executed yet, read from the database. Pages and the HTTP API show it through `Runs.whyWaiting`.
 *
 * @module
 */

import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { OperationCatalog } from "../../definition/OperationCatalog.ts"
import { type Run, RunId } from "../../run/Run.ts"
import { sqlText } from "../../text/SqlText.ts"
import { liveFor } from "../WorkerRegistry.ts"

// How far a position in the line is counted.
const maxPosition = 1_000

/**
 * Why a queued run is not executed yet.
 *
 * - `next_attempt`: it is not due before `at`.
 * - `exclusive`: the run `holder` holds what it needs. It looks again at `at`.
 * - `no_worker`: no live worker has a handler for its operation, and none has had one since `since`, or ever if that is null.
 * - `concurrency`: as many `runs` of its operation as may execute in this scope do so.
 * - `in_line`: other runs are served first.
 */
const WaitingReason = Schema.Literals(["next_attempt", "exclusive", "no_worker", "concurrency", "in_line"])
type WaitingReason = typeof WaitingReason.Type

/** What a queued run waits for. */
export const Waiting = Schema.Struct({
  reason: WaitingReason,
  /** The run's place among those of its operation and scope, from 1; counted up to 1,000. */
  position: Schema.Int,
  at: Schema.NullOr(Schema.DateTimeUtcFromString),
  since: Schema.NullOr(Schema.DateTimeUtcFromString),
  holder: Schema.NullOr(RunId),
  /** Up to five of the runs that execute in its place. */
  runs: Schema.Array(RunId)
})
export type Waiting = typeof Waiting.Type

interface Facts {
  readonly due: boolean
  readonly ahead: number
  readonly live: boolean
  readonly lastSeen: Date | null
  readonly running: ReadonlyArray<RunId>
  readonly runningCount: number
  readonly holder: RunId | null
}

/** Says what queued runs wait for. Database failures are defects. */
export class WhyWaiting extends Context.Service<
  WhyWaiting,
  {
    /** What a run waits for; none for a run that does not wait. */
    of(run: Run): Effect.Effect<Option.Option<Waiting>>
  }
>()("@atlas/operations/WhyWaiting") {
  static readonly layer: Layer.Layer<WhyWaiting, never, SqlClient.SqlClient | OperationCatalog> = Layer.effect(
    WhyWaiting,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const catalog = yield* OperationCatalog
      const running = sql`
        FROM operation_runs b WHERE b.status = 'running' AND b.type = r.type AND b.lane = r.lane
          AND b.lane_slot IS NOT NULL`

      const facts = (run: Run) => sql<Facts>`
        SELECT r.available_at <= now() AS due,
          (SELECT count(*)::int FROM (
            SELECT FROM operation_runs q
            WHERE q.status = 'queued' AND q.priority = r.priority AND q.type = r.type AND q.lane = r.lane
              AND (q.available_at, q.id) < (r.available_at, r.id) LIMIT ${maxPosition - 1}
          ) before) AS ahead,
          EXISTS (SELECT FROM operation_workers w WHERE ${liveFor(sql, sqlText`w`, sqlText`r.type`)}) AS live,
          (SELECT max(w.last_seen) FROM operation_workers w WHERE r.type = ANY(w.types)) AS "lastSeen",
          ARRAY(SELECT b.id::text ${running} ORDER BY b.id LIMIT 5) AS running,
          (SELECT count(*)::int ${running}) AS "runningCount",
          (SELECT h.id FROM operation_runs h
            WHERE h.exclusive AND h.status <> 'completed' AND h.workspace_id = r.workspace_id
              AND coalesce(h.tenant_id, '') = coalesce(r.tenant_id, '') AND h.id <> r.id) AS holder
        FROM operation_runs r WHERE r.id = ${run.id}::uuid AND r.status = 'queued'`

      const reasonFor = (run: Run, known: Facts): WaitingReason => {
        const limit = Option.map(catalog.find(run.type), ({ concurrency }) => concurrency)
        const most = Option.getOrElse(limit, () => "unlimited" as const)
        if (!known.due) return run.reasonCode === "operation_busy" && known.holder ? "exclusive" : "next_attempt"
        if (!known.live) return "no_worker"
        return most !== "unlimited" && known.runningCount >= most ? "concurrency" : "in_line"
      }

      const of = Effect.fn("WhyWaiting.of")(function* (run: Run) {
        if (run.status !== "queued") return Option.none<Waiting>()
        const [known] = yield* facts(run)
        if (!known) return Option.none<Waiting>()
        const reason = reasonFor(run, known)
        return Option.some<Waiting>({
          reason,
          position: known.ahead + 1,
          at: known.due ? null : run.availableAt,
          since: known.live || known.lastSeen === null ? null : DateTime.fromDateUnsafe(known.lastSeen),
          holder: reason === "exclusive" ? known.holder : null,
          runs: reason === "concurrency" ? known.running : []
        })
      }, Effect.orDie)

      return WhyWaiting.of({ of })
    })
  )
}
