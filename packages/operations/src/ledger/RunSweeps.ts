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

/** Ends the runs that nobody will finish. Any number of processes may do so at once. Database failures are defects. */
export class RunSweeps extends Context.Service<
  RunSweeps,
  {
    /**
     * Completes up to a hundred runs whose worker died and that may not be attempted again: as cancelled if they were asked to
     * stop, as failed if their time limit has passed or no attempts are left.
     */
    readonly endLapsed: Effect.Effect<ReadonlyArray<RunId>>
    /** Completes as failed (`run_stale`) up to a hundred queued runs that no live worker could take within their limit. */
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

      // Goes operation by operation along the queue's index, and looks only at operations that no live worker handles: a
      // backlog that workers are handling costs nothing here.
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

/** A run that a sweep has ended. */
interface Ended {
  readonly id: RunId
  readonly type: string
  readonly outcome: RunOutcome
  readonly reasonCode: ReasonCode
}

const messages = {
  worker_lost: "The worker that executed this run stopped answering, and no attempts were left.",
  time_limit_exceeded: "The worker that executed this run stopped answering, and the run's time limit has passed.",
  run_stale: "No live worker could take this run within its queue limit."
} satisfies Partial<Record<KnownReasonCode, string>>

/** The failure of a run that no worker reported on. */
const explained = (reasonCode: keyof typeof messages): Block => ({ reasonCode, message: messages[reasonCode] })

/** Fails a run that no worker could take in time. */
export const failsStale = (sql: SqlClient.SqlClient): Step => ({
  transition: "stale",
  set: {
    outcome: sqlText`'failed'`,
    reason_code: sqlText`'run_stale'`,
    failure_summary: sqlText`o.failure_summary || ${failureNow(sql, explained("run_stale"))}`
  },
  data: endData
})

/** The summary of one failure at this moment, as an SQL expression. */
export const failureNow = (sql: SqlClient.SqlClient, { reasonCode, message }: Block): Statement.Fragment =>
  sql`jsonb_build_array(jsonb_build_object('reasonCode', ${reasonCode}::text, 'message', ${clean(message)}::text,
    'count', 1, 'firstAt', now(), 'lastAt', now(),
    'samples', jsonb_build_array(jsonb_build_object('message', ${clean(message)}::text))))`
