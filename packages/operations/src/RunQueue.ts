import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import { monotonicMillis } from "./Attempt.ts"
import { Run, type RunId } from "./Run.ts"
import { runColumns } from "./RunRow.ts"

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

/** The ledger as a queue: who gets which run, and which runs nobody will get. Database failures are defects. */
export class RunQueue extends Context.Service<
  RunQueue,
  {
    /** Takes up to `limit` runs that are due or whose worker died. */
    claim(claimant: Claimant, limit: number): Effect.Effect<ReadonlyArray<Claim>>
    /** Takes one run, if it is due or its worker died. */
    claimOne(claimant: Claimant, id: RunId): Effect.Effect<ReadonlyArray<Claim>>
    /** Completes as failed those runs whose worker died and that have no attempts left. */
    readonly failLost: Effect.Effect<ReadonlyArray<RunId>>
  }
>()("@atlas/operations/RunQueue") {
  static readonly layer: Layer.Layer<RunQueue, never, SqlClient.SqlClient> = Layer.effect(
    RunQueue,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const columns = sql.literal(runColumns("r"))

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

      const claim = Effect.fn("RunQueue.claim")((claimant: Claimant, limit: number) =>
        claimWith(take(claimant, limit, sql`true`))
      )
      const claimOne = Effect.fn("RunQueue.claimOne")((claimant: Claimant, id: RunId) =>
        claimWith(take(claimant, 1, sql`id = ${id}::uuid`))
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
      ).pipe(Effect.orDie, Effect.withSpan("RunQueue.failLost"))

      return RunQueue.of({ claim, claimOne, failLost })
    })
  )
}
