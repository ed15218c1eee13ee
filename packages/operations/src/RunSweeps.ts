import { Context, Effect, Layer } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import { clean } from "./Failure.ts"
import type { Block } from "./NewRun.ts"
import * as Metrics from "./Metrics.ts"
import type { KnownReasonCode, ReasonCode } from "./ReasonCode.ts"
import type { RunId, RunOutcome } from "./Run.ts"
import { isStale } from "./StaleRuns.ts"
import { liveFor } from "./WorkerRegistry.ts"

/** Ends the runs that nobody will ever finish. Any number of processes may do so at once. Database failures are defects. */
export class RunSweeps extends Context.Service<
  RunSweeps,
  {
    /**
     * Completes runs whose worker died and that are not to be attempted again: asked to stop (cancelled), beyond their time
     * limit, or without attempts left (failed). Up to a hundred.
     */
    readonly endLapsed: Effect.Effect<ReadonlyArray<RunId>>
    /** Completes as failed (`run_stale`) queued runs that no live worker could take within their limit. Up to a hundred. */
    readonly failStale: Effect.Effect<ReadonlyArray<RunId>>
  }
>()("@atlas/operations/RunSweeps") {
  static readonly layer: Layer.Layer<RunSweeps, never, SqlClient.SqlClient> = Layer.effect(
    RunSweeps,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const ended = Effect.fnUntraced(function* (rows: ReadonlyArray<Ended>) {
        yield* Effect.forEach(rows, Metrics.runCompleted, { discard: true })
        return rows.map(({ id }) => id)
      })

      const endLapsed = sql<Ended>`
        WITH lost AS MATERIALIZED (
          SELECT id, CASE WHEN cancel_requested_at IS NOT NULL THEN 'operation_cancelled'
            WHEN deadline <= now() THEN 'time_limit_exceeded' ELSE 'worker_lost' END AS reason
          FROM operation_runs
          WHERE status = 'running' AND lease_until < now()
            AND (cancel_requested_at IS NOT NULL OR deadline <= now() OR attempt + 1 >= max_attempts)
          ORDER BY lease_until LIMIT 100 FOR UPDATE SKIP LOCKED
        ), moved AS (
          UPDATE operation_runs o SET status = 'completed', reason_code = lost.reason,
            outcome = CASE lost.reason WHEN 'operation_cancelled' THEN 'cancelled' ELSE 'failed' END,
            attempt = o.attempt + (lost.reason <> 'operation_cancelled')::int, fence = o.fence + 1, lease_until = NULL,
            failure_summary = o.failure_summary || CASE lost.reason WHEN 'operation_cancelled' THEN '[]'::jsonb
              WHEN 'worker_lost' THEN ${failureNow(sql, explained("worker_lost"))}
              ELSE ${failureNow(sql, explained("time_limit_exceeded"))} END,
            completed_at = clock_timestamp(), version = o.version + 1, last_event = o.last_event + 1
          FROM lost WHERE o.id = lost.id RETURNING o.id, o.type, o.last_event, o.outcome, o.reason_code, o.summary_counts
        ), noted AS (
          INSERT INTO operation_run_events (run_id, seq, kind, data)
          SELECT id, last_event, 'completed',
            jsonb_build_object('outcome', outcome, 'reasonCode', reason_code, 'counts', summary_counts)
          FROM moved
        )
        SELECT id, type, outcome, reason_code AS "reasonCode" FROM moved`

      // Type by type on the queue's index, and only types that no live worker handles: a backlog that is being worked on
      // costs nothing here.
      const failStale = sql<Ended>`
        WITH RECURSIVE types (priority, type) AS (
          (SELECT priority, type FROM operation_runs WHERE status = 'queued' ORDER BY priority, type LIMIT 1)
          UNION ALL
          SELECT next.priority, next.type FROM types t, LATERAL (
            SELECT priority, type FROM operation_runs
            WHERE status = 'queued' AND (priority, type) > (t.priority, t.type) ORDER BY priority, type LIMIT 1
          ) next
        ), stale AS MATERIALIZED (
          SELECT s.id FROM types t, LATERAL (
            SELECT o.id FROM operation_runs o
            WHERE o.status = 'queued' AND o.priority = t.priority AND o.type = t.type AND ${sql.literal(isStale("o"))}
            LIMIT 100 FOR UPDATE SKIP LOCKED
          ) s
          WHERE NOT EXISTS (SELECT FROM operation_workers w WHERE ${sql.literal(liveFor("w", "t.type"))})
          LIMIT 100
        ), moved AS (
          UPDATE operation_runs o SET status = 'completed', outcome = 'failed', reason_code = 'run_stale',
            failure_summary = o.failure_summary || ${failureNow(sql, explained("run_stale"))}, fence = o.fence + 1,
            completed_at = clock_timestamp(), version = o.version + 1, last_event = o.last_event + 1
          FROM stale WHERE o.id = stale.id RETURNING o.id, o.type, o.last_event, o.outcome, o.reason_code
        ), noted AS (
          INSERT INTO operation_run_events (run_id, seq, kind, data)
          SELECT id, last_event, 'completed', jsonb_build_object('outcome', 'failed', 'reasonCode', 'run_stale')
          FROM moved
        )
        SELECT id, type, outcome, reason_code AS "reasonCode" FROM moved`

      return RunSweeps.of({
        endLapsed: endLapsed.pipe(Effect.flatMap(ended), Effect.orDie, Effect.withSpan("RunSweeps.endLapsed")),
        failStale: failStale.pipe(Effect.flatMap(ended), Effect.orDie, Effect.withSpan("RunSweeps.failStale"))
      })
    })
  )
}

/** A run that was ended here. */
interface Ended {
  readonly id: RunId
  readonly type: string
  readonly outcome: RunOutcome
  readonly reasonCode: ReasonCode
}

const messages = {
  worker_lost: "The worker that executed this run stopped answering, and no attempts were left.",
  time_limit_exceeded: "The worker that executed this run stopped answering, and its time was up.",
  run_stale: "No live worker could take this run within the time that its type may wait."
} satisfies Partial<Record<KnownReasonCode, string>>

/** Why a run ended that no worker reported on. */
export const explained = (reasonCode: keyof typeof messages): Block => ({ reasonCode, message: messages[reasonCode] })

/**
 * A summary of one failure, now, as an SQL expression.
 *
 * @param sql the client
 * @param block reason and message
 */
export const failureNow = (sql: SqlClient.SqlClient, { reasonCode, message }: Block): Statement.Fragment =>
  sql`jsonb_build_array(jsonb_build_object('reasonCode', ${reasonCode}::text, 'message', ${clean(message)}::text,
    'count', 1, 'firstAt', now(), 'lastAt', now(),
    'samples', jsonb_build_array(jsonb_build_object('message', ${clean(message)}::text))))`
