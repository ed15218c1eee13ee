/**
 * Cancellation: ends a run that no worker executes, and asks the worker of any other to stop. `Runs.cancel` and
 * `SystemRuns.cancel` do the same.
 *
 * @module
 */

import { Effect, Option } from "effect"
import { SqlClient } from "effect/sql"
import { type Actor, encodeActor } from "../run/Actor.ts"
import { RequestId } from "../access/AuditLog.ts"
import * as Metrics from "./Metrics.ts"
import * as Problems from "../boundary/Problems.ts"
import type { Run, RunId } from "../run/Run.ts"
import { RunQueries } from "./reads/RunQueries.ts"
import { readRun, type RunRow, runColumns } from "./reads/RunRow.ts"
import { RunSignals } from "./RunSignals.ts"
import { sqlText } from "../text/SqlText.ts"
import { cancelled, change, endData, type Step } from "./transition.ts"

const asked = {
  cancel_requested_at: sqlText`clock_timestamp()`,
  cancel_requested_by: sqlText`v.acting`
} satisfies Step["set"]

const stop = change({
  makes: {
    // No worker executes it: none has claimed it, or the one that did has died.
    when: sqlText`(o.status = 'queued' OR o.lease_until < now())`,
    did: sqlText`r.status = 'completed'`,
    yes: {
      transition: "cancelled",
      set: { ...asked, ...cancelled },
      data: sqlText`${endData} || jsonb_build_object('actor', r.acting)`
    },
    no: { transition: "cancel_requested", set: asked, data: sqlText`jsonb_build_object('actor', r.acting)` }
  },
  where: sqlText`o.id = v.id AND o.cancel_requested_at IS NULL`,
  returning: sqlText`o.*, v.acting, v.request_id`
})

const columns = runColumns(sqlText`r`)

/** A refusal because of the state that a run is in. */
export const conflict = (run: Run, detail: string): Problems.RunConflict =>
  new Problems.RunConflict({ detail, runId: run.id, runStatus: run.status, runOutcome: run.outcome })

/**
 * Makes the function that asks a run to stop. It returns the run as it is then; a completed run is a `RunConflict`. The audit
 * records the first request, and asking again changes nothing. The caller has authorised the actor. Database failures are
 * defects.
 */
export const makeCancel = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const queries = yield* RunQueries
  const signals = yield* RunSignals

  const request = Effect.fnUntraced(function* (id: RunId, actor: Actor) {
    const rows = yield* sql<RunRow>`
      WITH ${stop(sql`
        SELECT ${id}::uuid AS id, ${encodeActor(actor)}::jsonb AS acting, ${yield* RequestId}::text AS request_id`)}
      SELECT ${columns} FROM r`
    return Option.map(Option.fromUndefinedOr(rows[0]), readRun)
  }, Effect.orDie)

  return Effect.fn("RunCancellation.cancel")(function* (run: Run, actor: Actor) {
    const asked = yield* request(run.id, actor)
    if (Option.isSome(asked)) {
      if (asked.value.status === "completed") yield* Metrics.runCompleted(asked.value)
      yield* signals.stopped(run.id)
      yield* signals.changed(run.id)
      return asked.value
    }
    const now = Option.getOrElse(yield* queries.find(run.id), () => run)
    if (now.status !== "completed") return now
    return yield* conflict(now, `It is already completed: ${now.outcome.replaceAll("_", " ")}.`)
  })
})
