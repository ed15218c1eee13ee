/**
 * How many runs ended in each hour, and how. Workers count ended runs into hours, each run once, and a read adds those that
 * are not counted yet: an answer is exact at any moment, whoever died. `Runs.ended` answers people with it; tests get it from
 * `@atlas/operations/testing`.
 *
 * @module
 */

import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import { RunOutcome } from "../../run/Run.ts"
import { visibleRows, within } from "./RunFilter.ts"
import type { Visible } from "../../access/Access.ts"
import { sqlText } from "../../text/SqlText.ts"
import { change } from "../transition.ts"

/** How many runs ended with one outcome within one hour. */
export const EndedRuns = Schema.Struct({ hour: Schema.DateTimeUtcFromDate, outcome: RunOutcome, runs: Schema.Int })
export type EndedRuns = typeof EndedRuns.Type

const batchSize = 5_000

const hourOf = (time: Statement.Fragment) => sqlText`date_bin('1 hour', ${time}, TIMESTAMPTZ '2000-01-01 00:00:00Z')`

const mark = change({
  makes: { transition: "counted", set: { counted: sqlText`true` } },
  where: sqlText`o.id = v.id`,
  returning: sqlText`o.workspace_id, ${hourOf(sqlText`o.completed_at`)} AS hour, o.tenant_id, o.type, o.outcome,
    o.view_capabilities`
})

/** Counts ended runs by hour. Database failures are defects. */
export class RunHours extends Context.Service<
  RunHours,
  {
    /** Counts in batches the runs that are not counted yet. Any number of processes may do so at once. */
    readonly count: Effect.Effect<void>
    /**
     * How the visible runs ended in the last hours, of which the current one is the last.
     *
     * @param type only runs of this operation; null for all
     */
    ended(visible: ReadonlyArray<Visible>, type: string | null, hours: number): Effect.Effect<ReadonlyArray<EndedRuns>>
  }
>()("@atlas/operations/RunHours") {
  static readonly layer: Layer.Layer<RunHours, never, SqlClient.SqlClient> = Layer.effect(
    RunHours,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const now = hourOf(sqlText`now()`)
      const ofRun = hourOf(sqlText`r.completed_at`)

      // The order of the last insert keeps two processes that count the same hours from a deadlock.
      const countBatch = Effect.map(
        sql<{ counted: number }>`
          WITH ${mark(sql`
            SELECT id FROM operation_runs WHERE status = 'completed' AND NOT counted
            ORDER BY workspace_id, id LIMIT ${batchSize} FOR UPDATE SKIP LOCKED`)}, added AS (
            INSERT INTO operation_run_hours AS h (workspace_id, hour, tenant_id, type, outcome, view_capabilities, runs)
            SELECT workspace_id, hour, tenant_id, type, outcome, view_capabilities, count(*) FROM r
            GROUP BY workspace_id, hour, tenant_id, type, outcome, view_capabilities
            ORDER BY workspace_id, hour, type, coalesce(tenant_id, ''), outcome, view_capabilities
            ON CONFLICT (workspace_id, hour, type, (coalesce(tenant_id, '')), outcome, view_capabilities)
            DO UPDATE SET runs = h.runs + excluded.runs
          )
          SELECT count(*)::int AS counted FROM r`,
        ([row]) => row?.counted ?? 0
      )
      const count = countBatch.pipe(
        Effect.repeat({ until: (counted) => counted < batchSize }),
        Effect.asVoid,
        Effect.orDie,
        Effect.withSpan("RunHours.count")
      )

      const decode = Schema.decodeUnknownEffect(Schema.Array(EndedRuns))
      const ended = Effect.fn("RunHours.ended")(function* (
        visible: ReadonlyArray<Visible>,
        type: string | null,
        hours: number
      ) {
        const shown = (row: Statement.Fragment) =>
          sql.and([within(row), ...(type === null ? [] : [sql`${row}.type = ${type}`])])
        // One stretch of an index for each part.
        const rows = yield* sql`
          WITH since AS (SELECT ${now} - make_interval(hours => ${hours}::int - 1) AS hour)
          SELECT ended.hour, ended.outcome, sum(ended.runs)::int AS runs FROM (${visibleRows(sql, visible)}) v, LATERAL (
            SELECT h.hour, h.outcome, sum(h.runs) AS runs FROM operation_run_hours h
            WHERE h.hour >= (SELECT hour FROM since) AND ${shown(sqlText`h`)} GROUP BY h.hour, h.outcome
            UNION ALL
            SELECT ${ofRun} AS hour, r.outcome, count(*) FROM operation_runs r
            WHERE r.status = 'completed' AND NOT r.counted AND r.completed_at >= (SELECT hour FROM since)
              AND ${shown(sqlText`r`)} GROUP BY 1, r.outcome
          ) ended GROUP BY ended.hour, ended.outcome ORDER BY ended.hour, ended.outcome`
        return yield* decode(rows)
      }, Effect.orDie)

      return RunHours.of({ count, ended })
    })
  )
}
