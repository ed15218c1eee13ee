import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient, SqlSchema } from "effect/sql"
import { Actor } from "./Actor.ts"
import { bounded, Failure } from "./Failure.ts"
import type { OperationScope } from "./OperationScope.ts"
import type { ReasonCode } from "./ReasonCode.ts"
import { Run, RunCounts, type RunId, type RunOutcome } from "./Run.ts"
import type { RunEventKind } from "./RunEvent.ts"
import type { IdentityRule, Json } from "./RunIdentity.ts"
import { runColumns } from "./RunRow.ts"

/** A run to be, already authorised and validated. */
export interface NewRun {
  readonly id: RunId
  readonly scope: OperationScope
  readonly type: string
  readonly actor: Actor
  readonly identity: { readonly rule: IdentityRule; readonly key: string; readonly digest: Uint8Array }
  readonly input: Json
  readonly maxAttempts: number
}

/** How an attempt ended for good. */
export interface Completion {
  readonly outcome: Exclude<RunOutcome, "pending">
  readonly reasonCode: ReasonCode | null
  readonly counts: RunCounts
  readonly failures: ReadonlyArray<Failure>
}

/** An attempt failed, and another one follows. */
export interface FailedAttempt {
  readonly failure: Failure
  readonly counts: RunCounts
  readonly delayMillis: number
}

type RunKey = { readonly id: RunId; readonly fence: bigint }

const toJson = {
  actor: Schema.encodeSync(Schema.fromJsonString(Actor)),
  counts: Schema.encodeSync(Schema.fromJsonString(RunCounts)),
  failures: Schema.encodeSync(Schema.fromJsonString(Schema.Array(Failure)))
}

/**
 * Records runs, and makes every transition of a worker that owns one. Each is one statement, guarded by the status it
 * leaves and by the writer's fence; a `false` answer means that nothing was changed. Database failures are defects.
 */
export class RunLedger extends Context.Service<
  RunLedger,
  {
    /**
     * Records a run, or joins the equal one that is not completed. Committed on return, unless the caller has a
     * transaction open.
     */
    insert(run: NewRun): Effect.Effect<{ readonly created: boolean; readonly run: Run }>
    /** Extends the lease. */
    heartbeat(run: RunKey, leaseMillis: number): Effect.Effect<boolean>
    /** Stores the counts and extends the lease; `visible` also raises the version and writes a progress event. */
    progress(run: RunKey, leaseMillis: number, counts: RunCounts, visible: boolean): Effect.Effect<boolean>
    /** running → completed. */
    complete(run: RunKey, completion: Completion): Effect.Effect<boolean>
    /** running → queued, with one more failed attempt and the next one due after the delay. */
    retryLater(run: RunKey, attempt: FailedAttempt): Effect.Effect<boolean>
    /** running → queued, at once and without costing an attempt. */
    giveBack(run: RunKey): Effect.Effect<boolean>
    /** Notes in the timeline that a worker with an outdated fence tried to write. */
    refuseStaleWrite(run: RunKey, worker: string): Effect.Effect<void>
  }
>()("@atlas/operations/RunLedger") {
  static readonly layer: Layer.Layer<RunLedger, never, SqlClient.SqlClient> = Layer.effect(
    RunLedger,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const columns = sql.literal(runColumns("r"))

      const insertRun = SqlSchema.findOne({
        Request: Schema.Any,
        Result: Run,
        execute: (run: NewRun) => sql`
          WITH r AS (
            INSERT INTO operation_runs
              (id, workspace_id, tenant_id, type, actor, identity_rule, identity_key, identity_digest, input, max_attempts)
            VALUES (${run.id}, ${run.scope.workspaceId}, ${run.scope.tenantId}, ${run.type},
              ${toJson.actor(run.actor)}::jsonb, ${run.identity.rule}, ${run.identity.key}, ${run.identity.digest},
              ${JSON.stringify(run.input)}::jsonb, ${run.maxAttempts})
            ON CONFLICT (identity_digest) WHERE identity_rule = 'while_active' AND status <> 'completed'
            DO UPDATE SET last_event = operation_runs.last_event + 1, version = operation_runs.version + 1
            RETURNING *
          ), joined AS (
            INSERT INTO operation_run_events (run_id, seq, kind, data)
            SELECT r.id, r.last_event, 'joined', jsonb_build_object('actor', ${toJson.actor(run.actor)}::jsonb)
            FROM r WHERE r.id <> ${run.id}::uuid
          )
          SELECT ${columns} FROM r`
      })

      const insert = Effect.fn("RunLedger.insert")(function* (run: NewRun) {
        const row = yield* insertRun(run)
        return { created: row.id === run.id, run: row }
      }, Effect.orDie)

      const owned = (run: RunKey) => sql`id = ${run.id}::uuid AND fence = ${run.fence} AND status = 'running'`
      const changedOne = (rows: ReadonlyArray<unknown>) => rows.length === 1

      const heartbeat = Effect.fn("RunLedger.heartbeat")(function* (run: RunKey, leaseMillis: number) {
        const rows = yield* sql`
            UPDATE operation_runs SET lease_until = clock_timestamp() + ${leaseMillis} * interval '1 millisecond'
            WHERE ${owned(run)} RETURNING id`
        return changedOne(rows)
      }, Effect.orDie)

      const progress = Effect.fn("RunLedger.progress")(function* (
        run: RunKey,
        leaseMillis: number,
        counts: RunCounts,
        visible: boolean
      ) {
        const step = visible ? 1 : 0
        const rows = yield* sql`
            WITH moved AS (
              UPDATE operation_runs SET summary_counts = ${toJson.counts(counts)}::jsonb,
                version = version + ${step}, last_event = last_event + ${step},
                lease_until = clock_timestamp() + ${leaseMillis} * interval '1 millisecond'
              WHERE ${owned(run)} RETURNING id, last_event, summary_counts
            ), noted AS (
              INSERT INTO operation_run_events (run_id, seq, kind, data)
              SELECT id, last_event, 'progress', jsonb_build_object('counts', summary_counts) FROM moved
              WHERE ${visible}
            )
            SELECT id FROM moved`
        return changedOne(rows)
      }, Effect.orDie)

      const complete = Effect.fn("RunLedger.complete")(function* (run: RunKey, completion: Completion) {
        const rows = yield* sql`
            WITH moved AS (
              UPDATE operation_runs SET status = 'completed', outcome = ${completion.outcome},
                reason_code = ${completion.reasonCode}, summary_counts = ${toJson.counts(completion.counts)}::jsonb,
                attempt = attempt + ${completion.outcome === "failed" ? 1 : 0},
                failure_summary = ${toJson.failures(bounded(completion.failures))}::jsonb, lease_until = NULL,
                completed_at = clock_timestamp(), version = version + 1, last_event = last_event + 1
              WHERE ${owned(run)} RETURNING id, last_event, outcome, reason_code, summary_counts
            ), noted AS (
              INSERT INTO operation_run_events (run_id, seq, kind, data)
              SELECT id, last_event, 'completed',
                jsonb_build_object('outcome', outcome, 'reasonCode', reason_code, 'counts', summary_counts)
              FROM moved
            )
            SELECT id FROM moved`
        return changedOne(rows)
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
              UPDATE operation_runs SET status = 'queued', lease_until = NULL, fence = fence + 1,
                attempt = attempt + ${next.failedAttempts}, reason_code = coalesce(${next.reasonCode}, reason_code),
                summary_counts = coalesce(${next.counts}::jsonb, summary_counts),
                failure_summary = coalesce(${next.failures}::jsonb, failure_summary),
                available_at = clock_timestamp() + ${next.delayMillis} * interval '1 millisecond',
                version = version + 1, last_event = last_event + 1
              WHERE ${owned(run)} RETURNING id, last_event, available_at, attempt, max_attempts
            ), noted AS (
              INSERT INTO operation_run_events (run_id, seq, kind, data)
              SELECT id, last_event, ${next.kind},
                jsonb_strip_nulls(jsonb_build_object('reasonCode', ${next.reasonCode}::text,
                  'message', ${next.message}::text, 'attempt', attempt, 'maxAttempts', max_attempts,
                  'nextAttemptAt', available_at))
              FROM moved
            )
            SELECT id FROM moved`,
          changedOne
        )

      const retryLater = Effect.fn("RunLedger.retryLater")(
        (run: RunKey, { failure, counts, delayMillis }: FailedAttempt) =>
          requeue(run, {
            kind: "attempt_failed",
            failedAttempts: 1,
            delayMillis,
            reasonCode: failure.reasonCode,
            counts: toJson.counts(counts),
            failures: toJson.failures(bounded([failure])),
            message: bounded([failure])[0]?.message ?? null
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

      return RunLedger.of({
        insert,
        heartbeat,
        progress,
        complete,
        retryLater,
        giveBack,
        refuseStaleWrite
      })
    })
  )
}
