import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, type SqlError, type Statement } from "effect/sql"
import { encodeActor } from "./Actor.ts"
import { RequestId } from "./AuditLog.ts"
import { observed } from "./Failure.ts"
import type { Block, NewRun, Recorded } from "./NewRun.ts"
import { type Run, RunId, RunStatus } from "./Run.ts"
import { readRun, type RunRow, runColumns } from "./RunRow.ts"
import { failsStale, failureNow } from "./RunSweeps.ts"
import { sqlText } from "./SqlText.ts"
import { isOverdue, isStale } from "./StaleRuns.ts"
import { audited, change, idsAndEnds, noteBlocked } from "./transition.ts"

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

const columns = runColumns(sqlText`r`)

const replace = change({
  as: "ended",
  makes: {
    transition: "superseded",
    set: {
      outcome: sqlText`'cancelled'`,
      reason_code: sqlText`'run_superseded'`,
      superseded_by: sqlText`v.superseded_by`
    },
    data: sqlText`jsonb_build_object('outcome', r.outcome, 'supersededBy', r.superseded_by, 'actor', r.acting)`
  },
  where: sqlText`o.id = v.id AND o.active_digest = v.active_digest`,
  returning: sqlText`${idsAndEnds}, o.superseded_by, ${audited}`,
  record: sqlText`jsonb_build_object('supersededBy', r.superseded_by)`
})

const join = (equal: Statement.Fragment, same: Statement.Fragment) => {
  const overdue = isOverdue(sqlText`o`)
  return change({
    makes: {
      when: sqlText`${same} AND (v.even_overdue OR NOT ${overdue})`,
      did: sqlText`r.same AND (r.even_overdue OR NOT r.overdue)`,
      yes: { transition: "joined", data: sqlText`jsonb_build_object('actor', r.acting)` },
      no: { transition: "met" }
    },
    where: equal,
    returning: sqlText`o.*, v.acting, v.request_id, v.even_overdue, ${same} AS same, ${overdue} AS overdue`
  })
}
const joinFirst = join(
  sqlText`o.once_digest = v.digest`,
  sqlText`(o.request_digest IS NOT DISTINCT FROM v.request_digest)`
)
const joinActive = join(sqlText`o.active_digest = v.digest AND o.status <> 'completed'`, sqlText`true`)

const notedBlocked = noteBlocked(sqlText`jsonb_build_object('outcome', r.outcome, 'reasonCode', r.reason_code)`)

const makeStatements = (sql: SqlClient.SqlClient) => {
  const endStale = change({
    as: "ended",
    makes: failsStale(sql),
    where: sqlText`o.active_digest = v.active_digest AND ${isStale(sqlText`o`)}
      AND (o.once_digest = v.once_digest) IS NOT TRUE`
  })
  const digest = (text: string | null) => sql`sha256(convert_to(${text}::text, 'UTF8'))`

  const common = sqlText`id, workspace_id, tenant_id, type, actor, identity_rule, identity_key, identity_digest,
    active_digest, once_digest, request_digest, input, context, max_attempts, priority, exclusive, queue_limit_millis,
    time_limit_millis, retry_of, traceparent, view_capabilities`
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
  const afterEnded = sqlText`FROM (SELECT count(*) FROM ended) AS before`

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
    WITH ${endStale(sql`
      SELECT ${digest(run.identity.activeKey)} AS active_digest, ${digest(run.identity.key)} AS once_digest`)},
    r AS (${insertRow(run, afterEnded)}), audited AS (${retried(run, requestId)})
    SELECT "queuedAt" FROM r`

  const insertSuperseding = (run: NewRun, old: RunId, requestId: string | null) => sql<InsertedRow>`
    WITH ${replace(sql`
      SELECT ${old}::uuid AS id, ${digest(run.identity.activeKey)} AS active_digest, ${run.id}::uuid AS superseded_by,
        ${encodeActor(run.actor)}::jsonb AS acting, ${requestId}::text AS request_id`)}
    ${insertRow(run, afterEnded)}`

  const insertBlocked = (run: NewRun, block: Block, requestId: string | null) => sql<InsertedRow>`
    WITH r AS (
      INSERT INTO operation_runs (${common}, status, outcome, reason_code, failure_summary, completed_at, last_event)
      SELECT ${values(run, run.identity.takenWhenBlocked)}, 'completed', 'blocked', ${block.reasonCode},
        ${failureNow(sql, block)}, now(), 2
      ON CONFLICT DO NOTHING RETURNING id, last_event, outcome, reason_code, queued_at AS "queuedAt"
    )${notedBlocked}, audited AS (${recorded(
      run,
      requestId,
      sql`SELECT 'blocked', r.id, jsonb_build_object('reasonCode', ${block.reasonCode}::text) FROM r`
    )}) SELECT "queuedAt" FROM r`

  // One nonce, two requests: the first one's run is left as it is. By the second identity, another nonce stands for the
  // same thing.
  const joinEqual = (run: NewRun, by: "first" | "active", evenOverdue: boolean, requestId: string | null) => {
    const { rule, key, activeKey, request } = run.identity
    const given = (digests: Statement.Fragment) => sql`
      SELECT ${digests}, ${evenOverdue}::boolean AS even_overdue, ${encodeActor(run.actor)}::jsonb AS acting,
        ${requestId}::text AS request_id`
    const joins =
      by === "first" && rule === "once"
        ? joinFirst(given(sql`${digest(key)} AS digest, ${digest(request)} AS request_digest`))
        : joinActive(given(sql`${digest(activeKey)} AS digest`))
    return sql<JoinedRow>`WITH ${joins} SELECT ${columns}, r.same AS "sameRequest", r.overdue FROM r`
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
    join: joinEqual,
    refuseBusy
  }
}
