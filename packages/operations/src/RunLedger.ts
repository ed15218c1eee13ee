import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient, SqlSchema, type Statement } from "effect/sql"
import { Actor } from "./Actor.ts"
import { monotonicMillis } from "./Attempt.ts"
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

/** The right to write one run with its fence, until another claim raises it. */
export interface Claim {
  readonly run: Run
  /** On this process's monotonic clock, in milliseconds, before the claim was made: when its lease began at the earliest. */
  readonly claimedAt: number
}

/** Who claims, what it can execute, and how long a claim lives without a heartbeat. */
export interface Claimant {
  readonly worker: string
  readonly types: ReadonlyArray<string>
  readonly leaseMillis: number
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
 * Every statement that writes runs and their timelines. Each is one statement, guarded by the status it leaves and by
 * the writer's fence; a `false` answer means that nothing was changed. Database failures are defects.
 */
export class RunLedger extends Context.Service<
  RunLedger,
  {
    /**
     * Records a run, or joins the equal one that is not completed. Committed on return, unless the caller has a
     * transaction open.
     */
    insert(run: NewRun): Effect.Effect<{ readonly created: boolean; readonly run: Run }>
    /** Takes up to `limit` runs that are due or whose worker died. */
    claim(claimant: Claimant, limit: number): Effect.Effect<ReadonlyArray<Claim>>
    /** Takes one run, if it is due or its worker died. */
    claimOne(claimant: Claimant, id: RunId): Effect.Effect<ReadonlyArray<Claim>>
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
    /** Completes as failed those runs whose worker died and that have no attempts left. */
    readonly failLost: Effect.Effect<ReadonlyArray<RunId>>
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

      // Fresh work is taken in the order in which it became due; a run whose worker died goes first.
      const take = (claimant: Claimant, limit: number, only: Statement.Fragment) =>
        sql<object>`
          WITH lapsed AS MATERIALIZED (
            SELECT id FROM operation_runs
            WHERE status = 'running' AND lease_until < now() AND attempt + 1 < max_attempts
              AND type = ANY(${claimant.types}::text[]) AND ${only}
            ORDER BY lease_until LIMIT ${limit} FOR UPDATE SKIP LOCKED
          ), fresh AS MATERIALIZED (
            SELECT id FROM operation_runs
            WHERE status = 'queued' AND available_at <= now()
              AND type = ANY(${claimant.types}::text[]) AND ${only}
            ORDER BY available_at, id LIMIT ${limit} - (SELECT count(*) FROM lapsed) FOR UPDATE SKIP LOCKED
          ), due AS (
            SELECT id, true AS rescued FROM lapsed UNION ALL SELECT id, false FROM fresh
          ), r AS (
            UPDATE operation_runs o SET status = 'running', fence = o.fence + 1, version = o.version + 1,
              attempt = o.attempt + due.rescued::int, last_event = o.last_event + 1,
              started_at = coalesce(o.started_at, clock_timestamp()),
              lease_until = clock_timestamp() + ${claimant.leaseMillis} * interval '1 millisecond'
            FROM due WHERE o.id = due.id
            RETURNING o.*, due.rescued
          ), noted AS (
            INSERT INTO operation_run_events (run_id, seq, kind, data)
            SELECT r.id, r.last_event, CASE WHEN r.rescued THEN 'rescued' ELSE 'started' END,
              jsonb_build_object('worker', ${claimant.worker}::text, 'attempt', r.attempt + 1)
            FROM r
          )
          SELECT ${columns} FROM r`

      const decodeRuns = Schema.decodeUnknownEffect(Schema.Array(Run))
      const claimWith = Effect.fnUntraced(function* (statement: Statement.Statement<object>) {
        const claimedAt = yield* monotonicMillis
        const runs = yield* decodeRuns(yield* statement)
        return runs.map((run): Claim => ({ run, claimedAt }))
      }, Effect.orDie)

      const claim = Effect.fn("RunLedger.claim")((claimant: Claimant, limit: number) =>
        claimWith(take(claimant, limit, sql`true`))
      )
      const claimOne = Effect.fn("RunLedger.claimOne")((claimant: Claimant, id: RunId) =>
        claimWith(take(claimant, 1, sql`id = ${id}::uuid`))
      )

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

      const failLost = Effect.map(
        sql<{ id: RunId }>`
          WITH lost AS MATERIALIZED (
            SELECT id FROM operation_runs
            WHERE status = 'running' AND lease_until < now() AND attempt + 1 >= max_attempts
            ORDER BY lease_until LIMIT 100 FOR UPDATE SKIP LOCKED
          ), moved AS (
            UPDATE operation_runs o SET status = 'completed', outcome = 'failed', reason_code = 'worker_lost',
              attempt = o.attempt + 1, fence = o.fence + 1, lease_until = NULL, completed_at = clock_timestamp(),
              failure_summary = jsonb_build_array(jsonb_build_object('reasonCode', 'worker_lost', 'count', 1,
                'message', 'The worker that executed this run stopped answering, and no attempts were left.')),
              version = o.version + 1, last_event = o.last_event + 1
            FROM lost WHERE o.id = lost.id RETURNING o.id, o.last_event, o.summary_counts
          ), noted AS (
            INSERT INTO operation_run_events (run_id, seq, kind, data)
            SELECT id, last_event, 'completed',
              jsonb_build_object('outcome', 'failed', 'reasonCode', 'worker_lost', 'counts', summary_counts)
            FROM moved
          )
          SELECT id FROM moved`,
        (rows) => rows.map((row) => row.id)
      ).pipe(Effect.orDie, Effect.withSpan("RunLedger.failLost"))

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
        claim,
        claimOne,
        heartbeat,
        progress,
        complete,
        retryLater,
        giveBack,
        failLost,
        refuseStaleWrite
      })
    })
  )
}
