import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, type SqlError, type Statement } from "effect/sql"
import { encodeActor } from "./Actor.ts"
import { RequestId } from "./AuditLog.ts"
import { observed } from "./Failure.ts"
import type { Block, NewRun, Recorded } from "./NewRun.ts"
import { type Run, RunId, RunStatus } from "./Run.ts"
import { readRun, type RunRow, runColumns } from "./RunRow.ts"
import { explained, failureNow } from "./RunSweeps.ts"
import { isOverdue, isStale } from "./StaleRuns.ts"

/** The run that holds a scope exclusively. */
export const Holder = Schema.Struct({ id: RunId, type: Schema.String, status: RunStatus })
export type Holder = typeof Holder.Type

/**
 * Records starts: each is one statement, and what is unique is decided by the database's indexes, whoever else starts the
 * same at the same time. An insert that finds another run in its way waits for that one's commit and then inserts nothing.
 * Committed on return, unless the caller has a transaction open. Database failures are defects.
 */
export class RunRecorder extends Context.Service<
  RunRecorder,
  {
    /** Records a run; none if an equal one has its identity, or another one holds its scope. */
    insert(run: NewRun): Effect.Effect<Option.Option<Run>>
    /** The same, after failing the run that has the identity if nobody could take it within its limit. */
    insertForStale(run: NewRun): Effect.Effect<Option.Option<Run>>
    /** The same, after cancelling the named run if it is the active one with the identity. */
    insertSuperseding(run: NewRun, old: RunId): Effect.Effect<Option.Option<Run>>
    /** Records a start that may not go ahead, as a completed run; none if its identity is taken all the same. */
    insertBlocked(run: NewRun, block: Block): Effect.Effect<Option.Option<Run>>
    /**
     * Joins the run that has the identity, by the first one or by the one that is taken while active.
     *
     * @param evenOverdue an overdue run, which may be stale, is found but not joined unless this is so
     */
    join(run: NewRun, by: "first" | "active", evenOverdue: boolean): Effect.Effect<Option.Option<Recorded>>
    /** Who holds the run's scope exclusively, or the named holder while it is active; puts the refusal on record. */
    refuseBusy(run: NewRun, holder: RunId | null): Effect.Effect<Option.Option<Holder>>
  }
>()("@atlas/operations/RunRecorder") {
  static readonly layer: Layer.Layer<RunRecorder, never, SqlClient.SqlClient> = Layer.effect(
    RunRecorder,
    Effect.map(SqlClient.SqlClient, (sql) => {
      const statements = makeStatements(sql)
      const inserted = (
        run: NewRun,
        rows: Effect.Effect<ReadonlyArray<InsertedRow>, SqlError.SqlError>,
        block?: Block
      ) =>
        Effect.map(Effect.orDie(rows), ([row]) =>
          row === undefined ? Option.none<Run>() : Option.some(toRun(run, row.queuedAt, block))
        )

      return RunRecorder.of({
        insert: (run) =>
          run.retryOf === null
            ? inserted(run, statements.insert(run))
            : Effect.flatMap(RequestId, (requestId) => inserted(run, statements.insertRetry(run, requestId))),
        insertForStale: Effect.fn("RunRecorder.insertForStale")(function* (run) {
          return yield* inserted(run, statements.insertForStale(run, yield* RequestId))
        }),
        insertSuperseding: Effect.fn("RunRecorder.insertSuperseding")(function* (run, old) {
          return yield* inserted(run, statements.insertSuperseding(run, old, yield* RequestId))
        }),
        insertBlocked: Effect.fn("RunRecorder.insertBlocked")(function* (run, block) {
          return yield* inserted(run, statements.insertBlocked(run, block, yield* RequestId), block)
        }),
        join: Effect.fn("RunRecorder.join")(function* (run, by, evenOverdue) {
          const [row] = yield* statements.join(run, by, evenOverdue, yield* RequestId)
          return Option.map(Option.fromUndefinedOr(row), toRecorded)
        }, Effect.orDie),
        refuseBusy: Effect.fn("RunRecorder.refuseBusy")(function* (run, holder) {
          const [row] = yield* statements.refuseBusy(run, holder, yield* RequestId)
          return row === undefined ? Option.none<Holder>() : Option.some(yield* decodeHolder(row))
        }, Effect.orDie)
      })
    })
  )
}

const decodeHolder = Schema.decodeUnknownEffect(Holder)

interface InsertedRow {
  readonly queuedAt: Date
}

interface JoinedRow extends RunRow {
  readonly sameRequest: boolean
  readonly overdue: boolean
}

const toRecorded = (row: JoinedRow): Recorded => ({
  run: readRun(row),
  sameRequest: row.sameRequest,
  overdue: row.overdue
})

/** What an insert has recorded, known without reading it back. */
const toRun = (run: NewRun, queued: Date, block?: Block): Run => {
  const queuedAt = DateTime.fromDateUnsafe(queued)
  return {
    id: run.id,
    workspaceId: run.scope.workspaceId,
    tenantId: run.scope.tenantId,
    type: run.type,
    status: block ? "completed" : "queued",
    outcome: block ? "blocked" : "pending",
    actor: run.actor,
    identityRule: run.identity.rule,
    identityKey: run.identity.key,
    input: run.input,
    context: run.context,
    summaryCounts: {},
    failureSummary: block ? [observed(block, queuedAt)] : [],
    report: null,
    reasonCode: block ? block.reasonCode : null,
    attempt: 0,
    maxAttempts: run.maxAttempts,
    fence: 0n,
    version: 1,
    lastEvent: block ? 2 : 1,
    queuedAt,
    availableAt: queuedAt,
    startedAt: null,
    deadline: null,
    completedAt: block ? queuedAt : null,
    worker: null,
    cancelRequestedAt: null,
    cancelRequestedBy: null,
    supersededBy: null,
    retryOf: run.retryOf,
    traceparent: run.traceparent,
    viewCapabilities: run.viewCapabilities
  }
}

const makeStatements = (sql: SqlClient.SqlClient) => {
  const columns = sql.literal(runColumns("r"))
  const overdue = sql.literal(isOverdue("r"))
  const digest = (text: string | null) => sql`sha256(convert_to(${text}::text, 'UTF8'))`

  const common = sql.literal(`id, workspace_id, tenant_id, type, actor, identity_rule, identity_key, identity_digest,
    active_digest, once_digest, request_digest, input, context, max_attempts, priority, exclusive, queue_limit_millis,
    time_limit_millis, retry_of, traceparent, view_capabilities`)
  const values = (run: NewRun, takesOnce: boolean) => {
    const { rule, key, activeKey, request } = run.identity
    return sql`${run.id}::uuid, ${run.scope.workspaceId}, ${run.scope.tenantId}::text, ${run.type},
      ${encodeActor(run.actor)}::jsonb, ${rule}, ${key}, ${digest(key)}, ${digest(activeKey)},
      ${digest(rule === "once" && takesOnce ? key : null)}, ${digest(request)}, ${JSON.stringify(run.input)}::jsonb,
      ${JSON.stringify(run.context)}::jsonb, ${run.maxAttempts}::int, ${run.priority}::smallint,
      ${run.exclusive}::boolean, ${run.queueLimitMillis}::int, ${run.timeLimitMillis}::int, ${run.retryOf}::uuid,
      ${run.traceparent}::text, ${run.viewCapabilities}::text[]`
  }
  // `from` names what has to be done before.
  const insertRow = (run: NewRun, from: Statement.Fragment = sql``) => sql`
    INSERT INTO operation_runs (${common}) SELECT ${values(run, true)} ${from} ON CONFLICT DO NOTHING
    RETURNING id, queued_at AS "queuedAt"`
  const afterEnded = sql.literal("FROM (SELECT count(*) FROM ended) AS before")

  const recorded = (run: NewRun, requestId: string | null, records: Statement.Fragment) => sql`
    INSERT INTO operation_audit (action, actor, workspace_id, tenant_id, type, run_id, request_id, data)
    SELECT a.action, ${encodeActor(run.actor)}::jsonb, ${run.scope.workspaceId}, ${run.scope.tenantId}::text,
      ${run.type}, a.run_id, ${requestId}::text, a.data
    FROM (${records}) AS a (action, run_id, data)`

  const retried = (run: NewRun, requestId: string | null) =>
    recorded(
      run,
      requestId,
      sql`SELECT 'retried', r.id, jsonb_build_object('retryOf', ${run.retryOf}::text) FROM r
        WHERE ${run.retryOf}::uuid IS NOT NULL`
    )

  const insertRetry = (run: NewRun, requestId: string | null) => sql<InsertedRow>`
    WITH r AS (${insertRow(run)}), audited AS (${retried(run, requestId)}) SELECT "queuedAt" FROM r`

  // Not the run of the very same click: its identity stays taken, so failing it would give nothing. That is for the sweeps.
  const insertForStale = (run: NewRun, requestId: string | null) => sql<InsertedRow>`
    WITH ended AS (
      UPDATE operation_runs o SET status = 'completed', outcome = 'failed', reason_code = 'run_stale',
        failure_summary = o.failure_summary || ${failureNow(sql, explained("run_stale"))}, fence = o.fence + 1, completed_at = clock_timestamp(),
        version = o.version + 1, last_event = o.last_event + 1
      WHERE o.active_digest = ${digest(run.identity.activeKey)} AND ${sql.literal(isStale("o"))}
        AND (o.once_digest = ${digest(run.identity.key)}) IS NOT TRUE
      RETURNING o.id, o.last_event
    ), noted AS (
      INSERT INTO operation_run_events (run_id, seq, kind, data)
      SELECT id, last_event, 'completed', jsonb_build_object('outcome', 'failed', 'reasonCode', 'run_stale') FROM ended
    ), r AS (${insertRow(run, afterEnded)}), audited AS (${retried(run, requestId)})
    SELECT "queuedAt" FROM r`

  const insertSuperseding = (run: NewRun, old: RunId, requestId: string | null) => sql<InsertedRow>`
    WITH ended AS (
      UPDATE operation_runs o SET status = 'completed', outcome = 'cancelled', reason_code = 'run_superseded',
        superseded_by = ${run.id}::uuid, fence = o.fence + 1, lease_until = NULL, completed_at = clock_timestamp(),
        version = o.version + 1, last_event = o.last_event + 1
      WHERE o.id = ${old}::uuid AND o.active_digest = ${digest(run.identity.activeKey)} AND o.status <> 'completed'
      RETURNING o.id, o.last_event
    ), noted AS (
      INSERT INTO operation_run_events (run_id, seq, kind, data)
      SELECT id, last_event, 'superseded', jsonb_build_object('outcome', 'cancelled', 'supersededBy', ${run.id}::text,
        'actor', ${encodeActor(run.actor)}::jsonb)
      FROM ended
    ), audited AS (${recorded(
      run,
      requestId,
      sql`SELECT 'superseded', id, jsonb_build_object('supersededBy', ${run.id}::text) FROM ended`
    )})
    ${insertRow(run, afterEnded)}`

  const insertBlocked = (run: NewRun, block: Block, requestId: string | null) => sql<InsertedRow>`
    WITH r AS (
      INSERT INTO operation_runs (${common}, status, outcome, reason_code, failure_summary, completed_at, last_event)
      SELECT ${values(run, run.identity.takenWhenBlocked)}, 'completed', 'blocked', ${block.reasonCode},
        ${failureNow(sql, block)}, now(), 2
      ON CONFLICT DO NOTHING RETURNING id, queued_at AS "queuedAt"
    ), noted AS (
      INSERT INTO operation_run_events (run_id, seq, kind, data)
      SELECT r.id, 2, 'completed', jsonb_build_object('outcome', 'blocked', 'reasonCode', ${block.reasonCode}::text) FROM r
    ), audited AS (${recorded(
      run,
      requestId,
      sql`SELECT 'blocked', r.id, jsonb_build_object('reasonCode', ${block.reasonCode}::text) FROM r`
    )}) SELECT "queuedAt" FROM r`

  // One nonce, two requests: the first one's run is left as it is. By the second identity, another nonce stands for the
  // same thing.
  const join = (run: NewRun, by: "first" | "active", evenOverdue: boolean, requestId: string | null) => {
    const { rule, key, activeKey, request } = run.identity
    const equal =
      by === "first" && rule === "once"
        ? sql`r.once_digest = ${digest(key)}`
        : sql`r.active_digest = ${digest(activeKey)} AND r.status <> 'completed'`
    const same = by === "first" ? sql`r.request_digest IS NOT DISTINCT FROM ${digest(request)}` : sql`true`
    const joins = sql`(${same} AND (${evenOverdue}::boolean OR NOT ${overdue}))`
    return sql<JoinedRow>`
      WITH r AS (
        UPDATE operation_runs r SET version = r.version + ${joins}::int, last_event = r.last_event + ${joins}::int
        WHERE ${equal} RETURNING r.*
      ), joined AS (
        INSERT INTO operation_run_events (run_id, seq, kind, data)
        SELECT r.id, r.last_event, 'joined', jsonb_build_object('actor', ${encodeActor(run.actor)}::jsonb)
        FROM r WHERE ${joins}
      ), audited AS (${recorded(run, requestId, sql`SELECT 'joined', r.id, '{}'::jsonb FROM r WHERE ${joins}`)})
      SELECT ${columns}, ${same} AS "sameRequest", ${overdue} AS overdue FROM r`
  }

  const refuseBusy = (run: NewRun, holder: RunId | null, requestId: string | null) => {
    const holds =
      holder === null
        ? sql`r.exclusive AND r.workspace_id = ${run.scope.workspaceId}
            AND coalesce(r.tenant_id, '') = ${run.scope.tenantId ?? ""}`
        : sql`r.id = ${holder}::uuid`
    return sql`
      WITH r AS (
        SELECT id, type, status FROM operation_runs r WHERE ${holds} AND r.status <> 'completed'
      ), audited AS (${recorded(run, requestId, sql`SELECT 'busy', r.id, '{}'::jsonb FROM r`)})
      SELECT id, type, status FROM r`
  }

  return {
    insert: (run: NewRun) => sql<InsertedRow>`${insertRow(run)}`,
    insertRetry,
    insertForStale,
    insertSuperseding,
    insertBlocked,
    join,
    refuseBusy
  }
}
