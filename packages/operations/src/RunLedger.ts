import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient, SqlResolver } from "effect/sql"
import { type Failure, type FailureSummary, writeSummary } from "./Failure.ts"
import type { ReasonCode } from "./ReasonCode.ts"
import { RunCounts, type RunId, type RunOutcome } from "./Run.ts"
import type { RunEventKind } from "./RunEvent.ts"
import { storable } from "./StorableText.ts"

/** How an attempt ended for good. */
export interface Completion {
  readonly outcome: Exclude<RunOutcome, "pending">
  readonly reasonCode: ReasonCode | null
  readonly counts: RunCounts
  /** The whole summary, with what earlier attempts stored. */
  readonly failures: FailureSummary
}

/** How far a run is; `failures` is left out if nothing has failed since it was last stored. */
export interface Progress {
  readonly counts: RunCounts
  readonly failures: FailureSummary | null
  /** A report to store, as JSON text; null leaves what is there. */
  readonly report: string | null
}

/** An attempt failed, and another one follows. */
export interface FailedAttempt {
  readonly failure: Failure
  /** The whole summary, with this failure and what earlier attempts stored. */
  readonly failures: FailureSummary
  readonly counts: RunCounts
  readonly delayMillis: number
}

type RunKey = { readonly id: RunId; readonly fence: bigint }

const toJson = { counts: Schema.encodeSync(Schema.fromJsonString(RunCounts)), failures: writeSummary }

/** Whether a worker still has its run, and whether it was asked to stop. */
export type Hold = "held" | "cancel_requested" | "lost"

interface EncodedCompletion {
  readonly id: RunId
  readonly fence: bigint
  readonly outcome: string
  /** Empty for none. */
  readonly reasonCode: string
  readonly counts: string
  readonly failures: string
}

const encodeCompletion = ({ id, fence }: RunKey, completion: Completion): EncodedCompletion => ({
  id,
  fence,
  outcome: completion.outcome,
  reasonCode: storable(completion.reasonCode ?? ""),
  counts: toJson.counts(completion.counts),
  failures: toJson.failures(completion.failures)
})

/**
 * Makes every transition of a worker that owns a run. Each is one statement, guarded by the status it
 * leaves and by the writer's fence; a `false` answer means that nothing was changed. Database failures are defects.
 */
export class RunLedger extends Context.Service<
  RunLedger,
  {
    /** Extends the lease. */
    heartbeat(run: RunKey, leaseMillis: number): Effect.Effect<Hold>
    /** Stores counts, failures and a report and extends the lease; `visible` also raises the version and writes a progress event. */
    progress(run: RunKey, leaseMillis: number, progress: Progress, visible: boolean): Effect.Effect<Hold>
    /** running → completed. */
    complete(run: RunKey, completion: Completion): Effect.Effect<boolean>
    /** running → queued, with one more failed attempt and the next one due after the delay; a run that was asked to stop ends. */
    retryLater(run: RunKey, attempt: FailedAttempt): Effect.Effect<boolean>
    /** running → queued, without costing an attempt, because another run is in the way; due after the delay. */
    postpone(run: RunKey, reasonCode: ReasonCode, message: string, delayMillis: number): Effect.Effect<boolean>
    /** running → queued, at once and without costing an attempt; a run that was asked to stop ends. */
    giveBack(run: RunKey): Effect.Effect<boolean>
    /** Notes in the timeline that a worker with an outdated fence tried to write. */
    refuseStaleWrite(run: RunKey, worker: string): Effect.Effect<void>
    /** Notes in the timeline, if there is one, that a worker was handed work that does not fit the run. */
    refuseWork(id: RunId, worker: string, reason: string): Effect.Effect<void>
  }
>()("@atlas/operations/RunLedger") {
  static readonly layer: Layer.Layer<RunLedger, never, SqlClient.SqlClient> = Layer.effect(
    RunLedger,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const owned = (run: RunKey) => sql`id = ${run.id}::uuid AND fence = ${run.fence} AND status = 'running'`
      const changedOne = (rows: ReadonlyArray<unknown>) => rows.length === 1

      const holdOf = (rows: ReadonlyArray<{ readonly asked: boolean }>): Hold =>
        rows[0] === undefined ? "lost" : rows[0].asked ? "cancel_requested" : "held"

      const heartbeat = Effect.fn("RunLedger.heartbeat")(function* (run: RunKey, leaseMillis: number) {
        return holdOf(
          yield* sql<{ asked: boolean }>`
            UPDATE operation_runs SET lease_until = clock_timestamp() + ${leaseMillis} * interval '1 millisecond'
            WHERE ${owned(run)} RETURNING cancel_requested_at IS NOT NULL AS asked`
        )
      }, Effect.orDie)

      const progress = Effect.fn("RunLedger.progress")(function* (
        run: RunKey,
        leaseMillis: number,
        { counts, failures, report }: Progress,
        visible: boolean
      ) {
        const step = visible ? 1 : 0
        const changed = failures && sql`, failure_summary = ${toJson.failures(failures)}::jsonb`
        const rows = yield* sql<{ asked: boolean }>`
            WITH moved AS (
              UPDATE operation_runs SET summary_counts = ${toJson.counts(counts)}::jsonb ${changed ?? sql``},
                report = coalesce(${report}::jsonb, report),
                version = version + ${step}, last_event = last_event + ${step},
                lease_until = clock_timestamp() + ${leaseMillis} * interval '1 millisecond'
              WHERE ${owned(run)} RETURNING id, last_event, summary_counts, cancel_requested_at IS NOT NULL AS asked
            ), noted AS (
              INSERT INTO operation_run_events (run_id, seq, kind, data)
              SELECT id, last_event, 'progress', jsonb_build_object('counts', summary_counts) FROM moved
              WHERE ${visible}
            )
            SELECT asked FROM moved`
        return holdOf(rows)
      }, Effect.orDie)

      // What ends in the same moment is written together: small runs would otherwise pay a commit each.
      const completions = SqlResolver.ordered({
        Request: Schema.Any,
        Result: Schema.Struct({ accepted: Schema.Boolean }),
        execute: (ended: ReadonlyArray<EncodedCompletion>) => sql`
            WITH ended AS (
              SELECT * FROM unnest(${ended.map(({ id }) => id)}::uuid[], ${ended.map(({ fence }) => fence)}::bigint[],
                ${ended.map(({ outcome }) => outcome)}::text[], ${ended.map(({ reasonCode }) => reasonCode)}::text[],
                ${ended.map(({ counts }) => counts)}::text[], ${ended.map(({ failures }) => failures)}::text[]
              ) WITH ORDINALITY AS e (id, fence, outcome, reason_code, counts, failures, place)
            ), moved AS (
              UPDATE operation_runs r SET status = 'completed', outcome = e.outcome, reason_code = nullif(e.reason_code, ''),
                summary_counts = e.counts::jsonb, failure_summary = e.failures::jsonb,
                attempt = r.attempt + (e.outcome = 'failed')::int, lease_until = NULL,
                completed_at = clock_timestamp(), version = r.version + 1, last_event = r.last_event + 1
              FROM ended e WHERE r.id = e.id AND r.fence = e.fence AND r.status = 'running'
              RETURNING r.id, r.last_event, r.outcome, r.reason_code, r.summary_counts, e.place
            ), noted AS (
              INSERT INTO operation_run_events (run_id, seq, kind, data)
              SELECT id, last_event, 'completed',
                jsonb_build_object('outcome', outcome, 'reasonCode', reason_code, 'counts', summary_counts)
              FROM moved
            )
            SELECT EXISTS (SELECT FROM moved m WHERE m.place = e.place) AS accepted FROM ended e ORDER BY e.place`
      })
      const request = SqlResolver.request(completions)

      // Encoded before it joins the others: what cannot be stored fails alone.
      const complete = Effect.fn("RunLedger.complete")(function* (run: RunKey, completion: Completion) {
        const encoded = yield* Effect.sync(() => encodeCompletion(run, completion))
        return (yield* request(encoded)).accepted
      }, Effect.orDie)

      // Back to the queue: the fence is raised, so that the worker that held the run can write no more.
      const requeue = (
        run: RunKey,
        next: {
          readonly kind: RunEventKind
          readonly failedAttempts: 0 | 1
          readonly delayMillis: number
          readonly reasonCode: string | null
          readonly counts: string | null
          readonly failures: string | null
          readonly message: string | null
        }
      ) =>
        Effect.map(
          sql`
            WITH moved AS (
              UPDATE operation_runs SET
                status = CASE WHEN cancel_requested_at IS NULL THEN 'queued' ELSE 'completed' END,
                outcome = CASE WHEN cancel_requested_at IS NULL THEN 'pending' ELSE 'cancelled' END,
                completed_at = CASE WHEN cancel_requested_at IS NOT NULL THEN clock_timestamp() END,
                reason_code = CASE WHEN cancel_requested_at IS NULL THEN coalesce(${next.reasonCode}, reason_code)
                  ELSE 'operation_cancelled' END,
                lease_until = NULL, fence = fence + 1, attempt = attempt + ${next.failedAttempts},
                summary_counts = coalesce(${next.counts}::jsonb, summary_counts),
                failure_summary = coalesce(${next.failures}::jsonb, failure_summary),
                available_at = clock_timestamp() + ${next.delayMillis} * interval '1 millisecond',
                version = version + 1, last_event = last_event + 1
              WHERE ${owned(run)}
              RETURNING id, last_event, status, outcome, reason_code, summary_counts, available_at, attempt, max_attempts
            ), noted AS (
              INSERT INTO operation_run_events (run_id, seq, kind, data)
              SELECT id, last_event, CASE status WHEN 'queued' THEN ${next.kind} ELSE 'completed' END, CASE status
                WHEN 'queued' THEN jsonb_strip_nulls(jsonb_build_object('reasonCode', ${next.reasonCode}::text,
                  'message', ${next.message}::text, 'attempt', attempt, 'maxAttempts', max_attempts,
                  'nextAttemptAt', available_at))
                ELSE jsonb_build_object('outcome', outcome, 'reasonCode', reason_code, 'counts', summary_counts) END
              FROM moved
            )
            SELECT id FROM moved`,
          changedOne
        )

      const retryLater = Effect.fn("RunLedger.retryLater")(
        (run: RunKey, { failure, failures, counts, delayMillis }: FailedAttempt) =>
          requeue(run, {
            kind: "attempt_failed",
            failedAttempts: 1,
            delayMillis,
            reasonCode: failure.reasonCode,
            counts: toJson.counts(counts),
            failures: toJson.failures(failures),
            message: failure.message
          }),
        Effect.orDie
      )

      const postpone = Effect.fn("RunLedger.postpone")(
        (run: RunKey, reasonCode: ReasonCode, message: string, delayMillis: number) =>
          requeue(run, {
            kind: "given_back",
            failedAttempts: 0,
            delayMillis,
            reasonCode,
            counts: null,
            failures: null,
            message
          }),
        Effect.orDie
      )

      const giveBack = Effect.fn("RunLedger.giveBack")(
        (run: RunKey) =>
          requeue(run, {
            kind: "given_back",
            failedAttempts: 0,
            delayMillis: 0,
            reasonCode: null,
            counts: null,
            failures: null,
            message: null
          }),
        Effect.orDie
      )

      const refuseStaleWrite = Effect.fn("RunLedger.refuseStaleWrite")(function* (run: RunKey, worker: string) {
        yield* sql`
            WITH moved AS (
              UPDATE operation_runs SET version = version + 1, last_event = last_event + 1
              WHERE id = ${run.id}::uuid AND fence <> ${run.fence} RETURNING id, last_event
            )
            INSERT INTO operation_run_events (run_id, seq, kind, data)
            SELECT id, last_event, 'stale_write_refused', jsonb_build_object('worker', ${worker}::text) FROM moved`
      }, Effect.orDie)

      const refuseWork = Effect.fn("RunLedger.refuseWork")(function* (id: RunId, worker: string, reason: string) {
        yield* sql`
            WITH moved AS (
              UPDATE operation_runs SET version = version + 1, last_event = last_event + 1
              WHERE id = ${id}::uuid RETURNING id, last_event
            )
            INSERT INTO operation_run_events (run_id, seq, kind, data)
            SELECT id, last_event, 'work_refused', jsonb_build_object('worker', ${worker}::text, 'reason', ${reason}::text)
            FROM moved`
      }, Effect.orDie)

      return RunLedger.of({
        heartbeat,
        progress,
        complete,
        retryLater,
        postpone,
        giveBack,
        refuseStaleWrite,
        refuseWork
      })
    })
  )
}
