import { Context, Effect, Layer } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import { clean } from "../run/Failure.ts"
import type { Block } from "./NewRun.ts"
import * as Metrics from "./Metrics.ts"
import type { KnownReasonCode, ReasonCode } from "../run/ReasonCode.ts"
import type { RunId, RunOutcome } from "../run/Run.ts"
import { sqlText } from "../text/SqlText.ts"
import { isStale } from "./StaleRuns.ts"
import { change, endData, idsAndEnds, type Step } from "./transition.ts"
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

      const failure = (code: keyof typeof messages) => failureNow(sql, explained(code))
      const end = change({
        makes: {
          transition: "lost",
          set: {
            reason_code: sqlText`v.reason`,
            outcome: sqlText`CASE v.reason WHEN 'operation_cancelled' THEN 'cancelled' ELSE 'failed' END`,
            failure_summary: sqlText`o.failure_summary || CASE v.reason WHEN 'operation_cancelled' THEN '[]'::jsonb
              WHEN 'worker_lost' THEN ${failure("worker_lost")} ELSE ${failure("time_limit_exceeded")} END`
          },
          data: endData
        },
        where: sqlText`o.id = v.id`,
        returning: sqlText`${idsAndEnds}, o.type`
      })
      const answer = sqlText`SELECT r.id, r.type, r.outcome, r.reason_code AS "reasonCode" FROM r`

      const endLapsed = sql<Ended>`
        WITH ${end(sql`
          SELECT id, CASE WHEN cancel_requested_at IS NOT NULL THEN 'operation_cancelled'
            WHEN deadline <= now() THEN 'time_limit_exceeded' ELSE 'worker_lost' END AS reason
          FROM operation_runs
          WHERE status = 'running' AND lease_until < now()
            AND (cancel_requested_at IS NOT NULL OR deadline <= now() OR attempt + 1 >= max_attempts)
          ORDER BY lease_until LIMIT 100 FOR UPDATE SKIP LOCKED`)} ${answer}`

      // Type by type on the queue's index, and only types that no live worker handles: a backlog that is being worked on
      // costs nothing here.
      const fail = change({
        makes: failsStale(sql),
        where: sqlText`o.id = v.id`,
        returning: sqlText`${idsAndEnds}, o.type`
      })
      const failStale = sql<Ended>`
        WITH RECURSIVE types (priority, type) AS (
          (SELECT priority, type FROM operation_runs WHERE status = 'queued' ORDER BY priority, type LIMIT 1)
          UNION ALL
          SELECT next.priority, next.type FROM types t, LATERAL (
            SELECT priority, type FROM operation_runs
            WHERE status = 'queued' AND (priority, type) > (t.priority, t.type) ORDER BY priority, type LIMIT 1
          ) next
        ), ${fail(sql`
          SELECT s.id FROM types t, LATERAL (
            SELECT o.id FROM operation_runs o
            WHERE o.status = 'queued' AND o.priority = t.priority AND o.type = t.type AND ${isStale(sqlText`o`)}
            LIMIT 100 FOR UPDATE SKIP LOCKED
          ) s
          WHERE NOT EXISTS (SELECT FROM operation_workers w WHERE ${liveFor(sql, sqlText`w`, sqlText`t.type`)})
          LIMIT 100`)} ${answer}`

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
const explained = (reasonCode: keyof typeof messages): Block => ({ reasonCode, message: messages[reasonCode] })

/** How a run that nobody could take in time is failed. */
export const failsStale = (sql: SqlClient.SqlClient): Step => ({
  transition: "stale",
  set: {
    outcome: sqlText`'failed'`,
    reason_code: sqlText`'run_stale'`,
    failure_summary: sqlText`o.failure_summary || ${failureNow(sql, explained("run_stale"))}`
  },
  data: endData
})

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
