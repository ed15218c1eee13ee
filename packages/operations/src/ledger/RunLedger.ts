/**
 * What workers write about the runs that they own. Each transition is one statement, guarded by the statuses that it may leave
 * and by the writer's fence, so a worker that has lost its run changes nothing. Workers call it; tests get it from
 * `@atlas/operations/testing`, to inject faults between the steps of an attempt.
 *
 * @module
 */

import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { type Failure, type FailureSummary, writeSummary } from "../run/Failure.ts"
import type { ReasonCode } from "../run/ReasonCode.ts"
import { RunCounts, type RunId } from "../run/Run.ts"
import { sqlText } from "../text/SqlText.ts"
import { type Completion, encodeCompletion, makeCompletions, type Writer } from "./Completions.ts"
import type { Claim } from "./RunQueue.ts"
import { cancelled, change, endData, idsAndEnds, type Step } from "./transition.ts"

/** How far a run is. `failures` is null if nothing has failed since it was last stored. */
export interface Progress {
  readonly counts: RunCounts
  readonly failures: FailureSummary | null
  /** A report to store, as JSON text; null keeps the stored one. */
  readonly report: string | null
}

/** A failed attempt that another one follows. */
export interface FailedAttempt {
  readonly failure: Failure
  /** The whole summary, with this failure and what earlier attempts stored. */
  readonly failures: FailureSummary
  readonly counts: RunCounts
  readonly delayMillis: number
}

/** A claim of a run that its worker has not begun. */
type Unbegun = Writer & Pick<Claim, "isFirst">

const toJson = { counts: Schema.encodeSync(Schema.fromJsonString(RunCounts)), failures: writeSummary }

/** Whether a worker still has its run, and whether it was asked to stop. */
export type Hold = "held" | "cancel_requested" | "lost"

const where = sqlText`o.id = v.id`
const lease_until = sqlText`clock_timestamp() + v.lease * interval '1 millisecond'`
const asked = sqlText`${idsAndEnds}, o.cancel_requested_at IS NOT NULL AS asked`
const reached = {
  summary_counts: sqlText`v.counts`,
  failure_summary: sqlText`coalesce(v.failures, o.failure_summary)`,
  report: sqlText`coalesce(v.report, o.report)`,
  lease_until
} as const

const renew = change({ makes: { transition: "renewed", set: { lease_until } }, where, returning: asked })
const keep = change({ makes: { transition: "kept", set: reached }, where, returning: asked })
const show = change({
  makes: {
    transition: "progressed",
    set: reached,
    data: sqlText`jsonb_build_object('counts', r.summary_counts)`
  },
  where,
  returning: asked
})

/** Queues the run again, due after a pause. A run that was asked to stop ends instead. */
const backToQueue = (leaves: "attempt_failed" | "given_back", ends: "stopped_failing" | "stopped", set: Step["set"]) =>
  change({
    makes: {
      when: sqlText`o.cancel_requested_at IS NULL`,
      did: sqlText`r.status = 'queued'`,
      yes: {
        transition: leaves,
        set: {
          ...set,
          reason_code: sqlText`coalesce(v.reason_code, o.reason_code)`,
          available_at: sqlText`clock_timestamp() + v.delay * interval '1 millisecond'`
        },
        data: sqlText`jsonb_strip_nulls(jsonb_build_object('reasonCode', r.said_code, 'message', r.message,
          'attempt', r.attempt, 'maxAttempts', r.max_attempts, 'nextAttemptAt', r.available_at))`
      },
      no: { transition: ends, set: { ...set, ...cancelled }, data: endData }
    },
    where,
    returning: sqlText`${idsAndEnds}, o.attempt, o.max_attempts, o.available_at, v.message, v.reason_code AS said_code`
  })

const failAttempt = backToQueue("attempt_failed", "stopped_failing", {
  summary_counts: sqlText`v.counts`,
  failure_summary: sqlText`v.failures`
})
const giveUp = backToQueue("given_back", "stopped", {})

// As if the worker had never claimed them, but for fence and timeline: they keep their place in the lane, and no time has run.
const neverBegun = {
  started_at: sqlText`CASE WHEN v.is_first THEN NULL ELSE o.started_at END`,
  deadline: sqlText`CASE WHEN v.is_first THEN NULL ELSE o.deadline END`
} satisfies Step["set"]
const returnAll = change({
  makes: {
    when: sqlText`o.cancel_requested_at IS NULL`,
    did: sqlText`r.status = 'queued'`,
    yes: {
      transition: "given_back",
      set: neverBegun,
      data: sqlText`jsonb_build_object('attempt', r.attempt, 'maxAttempts', r.max_attempts, 'nextAttemptAt', r.available_at)`
    },
    no: { transition: "stopped", set: cancelled, data: endData }
  },
  where,
  returning: sqlText`${idsAndEnds}, o.attempt, o.max_attempts, o.available_at`
})

const noteStaleWrite = change({
  makes: { transition: "stale_write_refused", data: sqlText`jsonb_build_object('worker', r.refused)` },
  where,
  returning: sqlText`${idsAndEnds}, v.worker AS refused`
})
const noteWork = change({
  makes: { transition: "work_refused", data: sqlText`jsonb_build_object('worker', r.refused, 'reason', r.reason)` },
  where,
  returning: sqlText`${idsAndEnds}, v.worker AS refused, v.reason`
})

/** Makes the transitions of workers. `false` and `lost` mean that nothing was changed. Database failures are defects. */
export class RunLedger extends Context.Service<
  RunLedger,
  {
    /** Extends the lease. */
    heartbeat(writer: Writer, leaseMillis: number): Effect.Effect<Hold>
    /** Stores counts, failures and a report, and extends the lease. `visible` adds a version and a progress event. */
    progress(writer: Writer, leaseMillis: number, progress: Progress, visible: boolean): Effect.Effect<Hold>
    /** running → completed. */
    complete(writer: Writer, completion: Completion): Effect.Effect<boolean>
    /** running → queued, with one more failed attempt; due after the delay. A run that was asked to stop ends instead. */
    retryLater(writer: Writer, attempt: FailedAttempt): Effect.Effect<boolean>
    /**
     * running → queued, without costing an attempt, because another run is in the way; due after the delay. A run that was
     * asked to stop ends instead.
     */
    postpone(writer: Writer, reasonCode: ReasonCode, message: string, delayMillis: number): Effect.Effect<boolean>
    /** running → queued, without costing an attempt; due at once. A run that was asked to stop ends instead. */
    giveBack(writer: Writer): Effect.Effect<boolean>
    /**
     * running → queued for runs that were claimed and not begun, as if nobody had claimed them. Those that were asked to stop
     * end instead. A run that is no longer the claim's stays as it is.
     */
    returnUnbegun(claims: ReadonlyArray<Unbegun>): Effect.Effect<void>
    /** Notes in the timeline that a worker with an outdated fence tried to write. */
    refuseStaleWrite(writer: Writer, worker: string): Effect.Effect<void>
    /** Notes in the timeline that a worker was handed work that does not fit the run. An unknown run changes nothing. */
    refuseWork(id: RunId, worker: string, reason: string): Effect.Effect<void>
  }
>()("@atlas/operations/RunLedger") {
  static readonly layer: Layer.Layer<RunLedger, never, SqlClient.SqlClient> = Layer.effect(
    RunLedger,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const shown = ({ run, fence }: Writer) => sql`${run.id}::uuid AS id, ${fence}::bigint AS fence`
      const changedOne = (rows: ReadonlyArray<unknown>) => rows.length === 1

      const holdOf = (rows: ReadonlyArray<{ readonly asked: boolean }>): Hold =>
        rows[0] === undefined ? "lost" : rows[0].asked ? "cancel_requested" : "held"

      const heartbeat = Effect.fn("RunLedger.heartbeat")(function* (writer: Writer, leaseMillis: number) {
        return holdOf(
          yield* sql<{ asked: boolean }>`
            WITH ${renew(sql`SELECT ${shown(writer)}, ${leaseMillis}::float8 AS lease`)} SELECT r.asked FROM r`
        )
      }, Effect.orDie)

      const progress = Effect.fn("RunLedger.progress")(function* (
        writer: Writer,
        leaseMillis: number,
        { counts, failures, report }: Progress,
        visible: boolean
      ) {
        const reached = sql`
          SELECT ${shown(writer)}, ${leaseMillis}::float8 AS lease, ${toJson.counts(counts)}::jsonb AS counts,
            ${failures && toJson.failures(failures)}::jsonb AS failures, ${report}::jsonb AS report`
        return holdOf(
          yield* sql<{ asked: boolean }>`WITH ${visible ? show(reached) : keep(reached)} SELECT r.asked FROM r`
        )
      }, Effect.orDie)

      const completeAll = makeCompletions(sql)

      // Encoded before it joins the others, so that a completion that cannot be stored fails alone.
      const complete = Effect.fn("RunLedger.complete")(function* (writer: Writer, completion: Completion) {
        return yield* completeAll(yield* Effect.sync(() => encodeCompletion(writer, completion)))
      }, Effect.orDie)

      const retryLater = Effect.fn("RunLedger.retryLater")(function* (
        writer: Writer,
        { failure, failures, counts, delayMillis }: FailedAttempt
      ) {
        const given = sql`
          SELECT ${shown(writer)}, ${delayMillis}::float8 AS delay, ${failure.reasonCode}::text AS reason_code,
            ${failure.message}::text AS message, ${toJson.counts(counts)}::jsonb AS counts,
            ${toJson.failures(failures)}::jsonb AS failures`
        return changedOne(yield* sql`WITH ${failAttempt(given)} SELECT r.id FROM r`)
      }, Effect.orDie)

      const requeue = (writer: Writer, delayMillis: number, reasonCode: string | null, message: string | null) =>
        Effect.map(
          sql`
            WITH ${giveUp(sql`
              SELECT ${shown(writer)}, ${delayMillis}::float8 AS delay, ${reasonCode}::text AS reason_code,
                ${message}::text AS message`)}
            SELECT r.id FROM r`,
          changedOne
        )

      const postpone = Effect.fn("RunLedger.postpone")(
        (writer: Writer, reasonCode: ReasonCode, message: string, delayMillis: number) =>
          requeue(writer, delayMillis, reasonCode, message),
        Effect.orDie
      )

      const giveBack = Effect.fn("RunLedger.giveBack")((writer: Writer) => requeue(writer, 0, null, null), Effect.orDie)

      const returnUnbegun = Effect.fn("RunLedger.returnUnbegun")(function* (claims: ReadonlyArray<Unbegun>) {
        yield* sql`
          WITH ${returnAll(sql`
            SELECT * FROM unnest(${claims.map(({ run }) => run.id)}::uuid[], ${claims.map(({ fence }) => fence)}::bigint[],
              ${claims.map(({ isFirst }) => isFirst)}::boolean[]) AS c (id, fence, is_first)`)}
          SELECT r.id FROM r`
      }, Effect.orDie)

      const refuseStaleWrite = Effect.fn("RunLedger.refuseStaleWrite")(function* (writer: Writer, worker: string) {
        yield* sql`WITH ${noteStaleWrite(sql`SELECT ${shown(writer)}, ${worker}::text AS worker`)} SELECT r.id FROM r`
      }, Effect.orDie)

      const refuseWork = Effect.fn("RunLedger.refuseWork")(function* (id: RunId, worker: string, reason: string) {
        yield* sql`
          WITH ${noteWork(sql`SELECT ${id}::uuid AS id, ${worker}::text AS worker, ${reason}::text AS reason`)}
          SELECT r.id FROM r`
      }, Effect.orDie)

      return RunLedger.of({
        heartbeat,
        progress,
        complete,
        retryLater,
        postpone,
        giveBack,
        returnUnbegun,
        refuseStaleWrite,
        refuseWork
      })
    })
  )
}
