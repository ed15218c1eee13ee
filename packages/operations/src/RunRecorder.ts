import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, SqlError, type Statement } from "effect/sql"
import { Actor } from "./Actor.ts"
import { RequestId } from "./AuditLog.ts"
import { bounded, Failure } from "./Failure.ts"
import type { Block, NewRun, Recorded } from "./NewRun.ts"
import { RunId, RunStatus } from "./Run.ts"
import { readRun, type RunRow, runColumns } from "./RunRow.ts"
import { encodeFailure } from "./RunSweeps.ts"
import { isOverdue, isStale } from "./StaleRuns.ts"

/** The run that holds a scope exclusively. */
export const Holder = Schema.Struct({ id: RunId, type: Schema.String, status: RunStatus })
export type Holder = typeof Holder.Type

/** An active run has what a new one needs, and is not equal by its first identity: it has to be looked for. */
export class Occupied extends Schema.TaggedError<Occupied>()("Occupied", { constraint: Schema.String }) {}

/**
 * Records starts: each is one statement, and what is unique is decided by the database's indexes, whoever else starts the
 * same at the same time. Committed on return, unless the caller has a transaction open. Database failures are defects.
 */
export class RunRecorder extends Context.Service<
  RunRecorder,
  {
    /** Records a run, or joins the one that has its identity. */
    record(run: NewRun): Effect.Effect<Recorded, Occupied>
    /** The same, after failing the run that has the identity if nobody could take it within its limit. */
    replaceStale(run: NewRun): Effect.Effect<Recorded, Occupied>
    /** The same, after cancelling the named run if it is the active one with the identity. */
    supersede(run: NewRun, old: RunId): Effect.Effect<Recorded, Occupied>
    /** Joins the run that has the identity, by the first one or by the one that is taken while active. */
    join(run: NewRun, by: "first" | "active"): Effect.Effect<Option.Option<Recorded>>
    /** Records a start that may not go ahead, as a completed run. */
    recordBlocked(run: NewRun, block: Block): Effect.Effect<Recorded>
    /** Who holds the run's scope exclusively; puts the refusal on record. */
    refuseBusy(run: NewRun, holder: Option.Option<RunId>): Effect.Effect<Option.Option<Holder>>
  }
>()("@atlas/operations/RunRecorder") {
  static readonly layer: Layer.Layer<RunRecorder, never, SqlClient.SqlClient> = Layer.effect(
    RunRecorder,
    Effect.map(SqlClient.SqlClient, (sql) => {
      const statements = makeStatements(sql)

      const one = <E>(rows: Effect.Effect<ReadonlyArray<RecordedRow>, E>) =>
        Effect.flatMap(rows, ([row]) =>
          row === undefined ? Effect.die(new Error("A start left no run")) : Effect.succeed(toRecorded(row))
        )

      const occupied = Effect.mapError((error: SqlError.SqlError | Schema.SchemaError) =>
        error._tag === "SqlError" && error.reason._tag === "UniqueViolation"
          ? new Occupied({ constraint: error.reason.constraint })
          : error
      )
      const orDie = <A, R>(effect: Effect.Effect<A, SqlError.SqlError | Schema.SchemaError | Occupied, R>) =>
        Effect.catchIf(effect, (error) => error._tag !== "Occupied", Effect.die) as Effect.Effect<A, Occupied, R>

      // A refused insert would spoil the caller's transaction, so only a savepoint is lost; alone, it costs a round trip,
      // which only the types pay that can be refused.
      const guarded = (run: NewRun, rows: Effect.Effect<ReadonlyArray<RecordedRow>, SqlError.SqlError>) =>
        run.exclusive || (run.identity.rule === "once" && run.identity.activeKey !== null)
          ? sql.withTransaction(rows)
          : rows

      const insert = (name: string, replacement?: (run: NewRun, old?: RunId) => Replacement) =>
        Effect.fn(name)(
          function* (run: NewRun, old?: RunId) {
            const requestId = yield* RequestId
            return yield* one(guarded(run, statements.insert(run, requestId, replacement?.(run, old))))
          },
          occupied,
          orDie
        )

      const join = Effect.fn("RunRecorder.join")(function* (run: NewRun, by: "first" | "active") {
        const [row] = yield* statements.join(run, yield* RequestId, by)
        return Option.map(Option.fromUndefinedOr(row), toRecorded)
      }, Effect.orDie)

      const recordBlocked = Effect.fn("RunRecorder.recordBlocked")(function* (run: NewRun, block: Block) {
        return yield* one(statements.blocked(run, yield* RequestId, block))
      }, Effect.orDie)

      const refuseBusy = Effect.fn("RunRecorder.refuseBusy")(function* (run: NewRun, holder: Option.Option<RunId>) {
        const [row] = yield* statements.busy(run, yield* RequestId, Option.getOrNull(holder))
        return row === undefined ? Option.none<Holder>() : Option.some(yield* decodeHolder(row))
      }, Effect.orDie)

      return RunRecorder.of({
        record: insert("RunRecorder.record"),
        replaceStale: insert("RunRecorder.replaceStale", statements.failingStale),
        supersede: insert("RunRecorder.supersede", statements.cancellingOld),
        join,
        recordBlocked,
        refuseBusy
      })
    })
  )
}

const decodeHolder = Schema.decodeUnknownEffect(Holder)
const encodeActor = Schema.encodeSync(Schema.fromJsonString(Actor))
const encodeFailures = Schema.encodeSync(Schema.fromJsonString(Schema.Array(Failure)))
const encodeBlock = (block: Block) => encodeFailures(bounded([{ ...block, count: 1 }]))

interface RecordedRow extends RunRow {
  readonly sameRequest: boolean
  readonly overdue: boolean
}

const toRecorded = (row: RecordedRow): Recorded => ({
  run: readRun(row),
  sameRequest: row.sameRequest,
  overdue: row.overdue
})

/** Ends an older run in the statement that records the new one, which reads from it so that it comes first. */
interface Replacement {
  readonly ended: Statement.Fragment
  readonly audit: Statement.Fragment
}

const makeStatements = (sql: SqlClient.SqlClient) => {
  const columns = sql.literal(runColumns("r"))
  const overdue = sql.literal(isOverdue("r"))

  const digest = (text: string | null) => sql`sha256(convert_to(${text}::text, 'UTF8'))`
  const values = (run: NewRun, block?: Block) => {
    const { rule, key, activeKey, request, takenWhenBlocked } = run.identity
    const once = rule === "once" && (block === undefined || takenWhenBlocked) ? key : null
    const end =
      block === undefined
        ? sql`'queued', 'pending', NULL::text, '[]'::jsonb, NULL::timestamptz, 1`
        : sql`'completed', 'blocked', ${block.reasonCode}, ${encodeBlock(block)}::jsonb, clock_timestamp(), 2`
    return sql`${run.id}::uuid, ${run.scope.workspaceId}, ${run.scope.tenantId}::text, ${run.type},
      ${encodeActor(run.actor)}::jsonb, ${rule}, ${key}, ${digest(key)}, ${digest(activeKey)}, ${digest(once)},
      ${digest(request)}, ${JSON.stringify(run.input)}::jsonb, ${JSON.stringify(run.context)}::jsonb,
      ${run.maxAttempts}::int, ${run.priority}::smallint, ${run.exclusive}::boolean, ${run.queueLimitMillis}::int,
      ${run.timeLimitMillis}::int, ${run.retryOf}::uuid, ${end}`
  }
  const insertInto = sql.literal(`
    INSERT INTO operation_runs AS r (id, workspace_id, tenant_id, type, actor, identity_rule, identity_key,
      identity_digest, active_digest, once_digest, request_digest, input, context, max_attempts, priority, exclusive,
      queue_limit_millis, time_limit_millis, retry_of, status, outcome, reason_code, failure_summary, completed_at,
      last_event)`)

  const sameRequest = (run: NewRun) => sql`r.request_digest IS NOT DISTINCT FROM ${digest(run.identity.request)}`
  const isNew = (run: NewRun) => sql`r.id = ${run.id}::uuid`
  const touch = (joins: Statement.Fragment) =>
    sql`version = r.version + (${joins})::int, last_event = r.last_event + (${joins})::int`
  const onceTaken = sql.literal("(once_digest) WHERE once_digest IS NOT NULL")
  const activeTaken = sql.literal("(active_digest) WHERE status <> 'completed'")

  const joined = (run: NewRun, joins: Statement.Fragment) => sql`
    joined AS (
      INSERT INTO operation_run_events (run_id, seq, kind, data)
      SELECT r.id, r.last_event, 'joined', jsonb_build_object('actor', ${encodeActor(run.actor)}::jsonb)
      FROM r WHERE NOT ${isNew(run)} AND ${joins}
    )`
  const joinedRecord = (run: NewRun, joins: Statement.Fragment) =>
    sql`SELECT 'joined', r.id, '{}'::jsonb FROM r WHERE NOT ${isNew(run)} AND ${joins}`

  const audited = (run: NewRun, requestId: string | null, records: Statement.Fragment) => sql`
    audited AS (
      INSERT INTO operation_audit (action, actor, workspace_id, tenant_id, type, run_id, request_id, data)
      SELECT a.action, ${encodeActor(run.actor)}::jsonb, ${run.scope.workspaceId}, ${run.scope.tenantId}::text,
        ${run.type}, a.run_id, ${requestId}::text, a.data
      FROM (${records}) AS a (action, run_id, data)
    )`

  const answer = (run: NewRun) =>
    sql`SELECT ${columns}, ${sameRequest(run)} AS "sameRequest", ${overdue} AS overdue FROM r`

  // One nonce, two requests: the first one's run is left as it is. An overdue run is not joined before it is known
  // whether it is stale.
  const insert = (run: NewRun, requestId: string | null, replacement?: Replacement) => {
    const joins = replacement ? sameRequest(run) : sql`${sameRequest(run)} AND NOT ${overdue}`
    return sql<RecordedRow>`
      WITH ${replacement?.ended ?? sql``} r AS (
        ${insertInto} SELECT ${values(run)}
        ${replacement ? sql`FROM (SELECT count(*) FROM ended) AS first` : sql``}
        ON CONFLICT ${run.identity.rule === "once" ? onceTaken : activeTaken} DO UPDATE SET ${touch(joins)}
        RETURNING r.*
      ), ${joined(run, joins)}, ${audited(
        run,
        requestId,
        sql`${joinedRecord(run, joins)}
          UNION ALL SELECT 'retried', r.id, jsonb_build_object('retryOf', r.retry_of) FROM r
          WHERE ${isNew(run)} AND r.retry_of IS NOT NULL
          ${replacement?.audit ?? sql``}`
      )}
      ${answer(run)}`
  }

  const failingStale = (run: NewRun): Replacement => ({
    ended: sql`
      ended AS (
        UPDATE operation_runs o SET status = 'completed', outcome = 'failed', reason_code = 'run_stale',
          failure_summary = ${encodeFailure("run_stale")}::jsonb, fence = o.fence + 1, completed_at = clock_timestamp(),
          version = o.version + 1, last_event = o.last_event + 1
        WHERE o.active_digest = ${digest(run.identity.activeKey)} AND ${sql.literal(isStale("o"))}
        RETURNING o.id, o.last_event
      ), ended_noted AS (
        INSERT INTO operation_run_events (run_id, seq, kind, data)
        SELECT id, last_event, 'completed', jsonb_build_object('outcome', 'failed', 'reasonCode', 'run_stale') FROM ended
      ),`,
    audit: sql``
  })

  const cancellingOld = (run: NewRun, old?: RunId): Replacement => ({
    ended: sql`
      ended AS (
        UPDATE operation_runs o SET status = 'completed', outcome = 'cancelled', reason_code = 'run_superseded',
          superseded_by = ${run.id}::uuid, fence = o.fence + 1, lease_until = NULL, completed_at = clock_timestamp(),
          version = o.version + 1, last_event = o.last_event + 1
        WHERE o.id = ${old ?? null}::uuid AND o.active_digest = ${digest(run.identity.activeKey)} AND o.status <> 'completed'
        RETURNING o.id, o.last_event
      ), ended_noted AS (
        INSERT INTO operation_run_events (run_id, seq, kind, data)
        SELECT id, last_event, 'superseded',
          jsonb_build_object('outcome', 'cancelled', 'supersededBy', ${run.id}::text, 'actor', ${encodeActor(run.actor)}::jsonb)
        FROM ended
      ),`,
    audit: sql`UNION ALL SELECT 'superseded', id, jsonb_build_object('supersededBy', ${run.id}::text) FROM ended`
  })

  const join = (run: NewRun, requestId: string | null, by: "first" | "active") => {
    const { rule, key, activeKey } = run.identity
    const equal =
      by === "first" && rule === "once"
        ? sql`r.once_digest = ${digest(key)}`
        : sql`r.active_digest = ${digest(activeKey)} AND r.status <> 'completed'`
    // By the second identity, another nonce stands for the same thing.
    const joins = by === "first" ? sameRequest(run) : sql`true`
    return sql<RecordedRow>`
      WITH r AS (
        UPDATE operation_runs r SET ${touch(joins)} WHERE ${equal} RETURNING r.*
      ), ${joined(run, joins)}, ${audited(run, requestId, joinedRecord(run, joins))}
      SELECT ${columns}, (${joins}) AS "sameRequest", ${overdue} AS overdue FROM r`
  }

  const blocked = (run: NewRun, requestId: string | null, block: Block) => sql<RecordedRow>`
    WITH r AS (
      ${insertInto} SELECT ${values(run, block)}
      ON CONFLICT ${onceTaken} DO UPDATE SET ${touch(sameRequest(run))}
      RETURNING r.*
    ), ${joined(run, sameRequest(run))}, noted AS (
      INSERT INTO operation_run_events (run_id, seq, kind, data)
      SELECT r.id, r.last_event, 'completed', jsonb_build_object('outcome', r.outcome, 'reasonCode', r.reason_code)
      FROM r WHERE ${isNew(run)}
    ), ${audited(
      run,
      requestId,
      sql`${joinedRecord(run, sameRequest(run))} UNION ALL
        SELECT 'blocked', r.id, jsonb_build_object('reasonCode', r.reason_code) FROM r WHERE ${isNew(run)}`
    )}
    ${answer(run)}`

  const busy = (run: NewRun, requestId: string | null, holder: RunId | null) => {
    const holds =
      holder === null
        ? sql`r.exclusive AND r.workspace_id = ${run.scope.workspaceId}
            AND coalesce(r.tenant_id, '') = ${run.scope.tenantId ?? ""}`
        : sql`r.id = ${holder}::uuid`
    return sql`
      WITH r AS (
        SELECT id, type, status FROM operation_runs r WHERE ${holds} AND r.status <> 'completed'
      ), ${audited(run, requestId, sql`SELECT 'busy', r.id, '{}'::jsonb FROM r`)}
      SELECT id, type, status FROM r`
  }

  return { insert, failingStale, cancellingOld, join, blocked, busy }
}
