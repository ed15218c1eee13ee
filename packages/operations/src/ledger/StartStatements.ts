import type { SqlClient, Statement } from "effect/sql"
import { encodeActor } from "../run/Actor.ts"
import type { Block, Bound, NewRun, RecordOptions } from "./NewRun.ts"
import type { RunEnd, RunId } from "../run/Run.ts"
import { type RunRow, runColumns } from "./reads/RunRow.ts"
import { failsStale, failureNow } from "./RunSweeps.ts"
import { sqlText } from "../text/SqlText.ts"
import { isOverdue, isStale } from "./StaleRuns.ts"
import { audited, change, idsAndEnds, noteBlocked } from "./transition.ts"

/** A recorded start. */
export interface InsertedRow {
  readonly queuedAt: Date
  readonly ended: boolean
}

/** What a key stands for. */
export interface BoundRow extends Pick<Bound, "sameRequest" | "runId"> {
  readonly outcome: RunEnd | null
  readonly endedAt: Date | null
}

interface EqualRow extends RunRow {
  readonly overdue: boolean
}

const columns = runColumns(sqlText`r`)
const inserted = sqlText`id, workspace_id, tenant_id, type, actor, identity_rule, identity_key, identity_digest, active_digest,
  input, context, max_attempts, priority, exclusive, queue_limit_millis, time_limit_millis, retry_of, traceparent,
  view_capabilities`
const insertedBlocked = sqlText`${inserted}, status, outcome, reason_code, failure_summary, completed_at, last_event`

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

const joined = { transition: "joined", data: sqlText`jsonb_build_object('actor', r.acting)` } as const
const joinById = change({
  makes: joined,
  where: sqlText`o.id = v.id`,
  returning: sqlText`o.*, v.acting, v.request_id`
})
const overdue = isOverdue(sqlText`o`)
const joinEqual = change({
  makes: {
    when: sqlText`(v.even_overdue OR NOT ${overdue})`,
    did: sqlText`(r.even_overdue OR NOT r.overdue)`,
    yes: joined,
    no: { transition: "met" }
  },
  where: sqlText`o.active_digest = v.active_digest AND o.status <> 'completed'`,
  returning: sqlText`o.*, v.acting, v.request_id, v.even_overdue, ${overdue} AS overdue`
})

const notedBlocked = noteBlocked(sqlText`jsonb_build_object('outcome', r.outcome, 'reasonCode', r.reason_code)`)
const none = sqlText``

/** The statements that record starts. Each decides between equal starts in the same moment in which it writes. */
export const makeStartStatements = (sql: SqlClient.SqlClient) => {
  const endStale = change({
    as: "ended",
    makes: failsStale(sql),
    where: sqlText`o.active_digest = v.active_digest AND ${isStale(sqlText`o`)}`
  })
  const digest = (text: string | null) => sql`sha256(convert_to(${text}::text, 'UTF8'))`
  const ofKey = ({ scope, identity }: NewRun) =>
    sql`k.workspace_id = ${scope.workspaceId} AND k.digest = ${digest(identity.key)}`

  const bind = (run: NewRun) => {
    const { scope, type, identity } = run
    return sql<BoundRow>`
      INSERT INTO operation_keys AS k (workspace_id, digest, tenant_id, type, request_digest, bound_by)
      VALUES (${scope.workspaceId}, ${digest(identity.key)}, ${scope.tenantId}::text, ${type}, ${digest(identity.request)},
        ${run.id}::uuid)
      ON CONFLICT (workspace_id, digest) DO UPDATE SET at = k.at
      RETURNING k.request_digest = ${digest(identity.request)} AS "sameRequest", k.run_id AS "runId",
        k.outcome, k.ended_at AS "endedAt"`
  }

  // Retention may remove the retried run meanwhile. The retry then names none, as it would a moment later.
  const retryOf = (run: NewRun) =>
    run.retryOf === null
      ? sqlText`NULL::uuid`
      : sql`(SELECT o.id FROM operation_runs o WHERE o.id = ${run.retryOf}::uuid FOR KEY SHARE)`

  // A list is bound as one text, because the driver looks at every item of an array to learn its type. Capabilities have no
  // white space.
  const lines = (texts: ReadonlyArray<string>) => sql`string_to_array(${texts.join("\n")}::text, chr(10))`
  const values = (run: NewRun) => sql`
    ${run.id}::uuid, ${run.scope.workspaceId}, ${run.scope.tenantId}::text, ${run.type}, ${encodeActor(run.actor)}::jsonb,
    ${run.identity.rule}, ${run.identity.key}, ${digest(run.identity.key)}, ${digest(run.identity.activeKey)},
    ${JSON.stringify(run.input)}::jsonb, ${JSON.stringify(run.context)}::jsonb, ${run.maxAttempts}::int,
    ${run.priority}::smallint, ${run.exclusive}::boolean, ${run.queueLimitMillis}::int, ${run.timeLimitMillis}::int,
    ${retryOf(run)}, ${run.traceparent}::text, ${lines(run.viewCapabilities)}`

  const recorded = (run: NewRun, requestId: string | null, records: Statement.Fragment) => sql`
    INSERT INTO operation_audit (action, actor, workspace_id, tenant_id, type, run_id, request_id, data)
    SELECT a.action, ${encodeActor(run.actor)}::jsonb, ${run.scope.workspaceId}, ${run.scope.tenantId}::text,
      ${run.type}, a.run_id, ${requestId}::text, a.data
    FROM (${records}) AS a (action, run_id, data)`

  const auditOf = (run: NewRun, block: Block | null, requestId: string | null) => {
    const records =
      block !== null
        ? sql`SELECT 'blocked', r.id, jsonb_build_object('reasonCode', ${block.reasonCode}::text) FROM r`
        : run.retryOf !== null
          ? sql`SELECT 'retried', r.id, jsonb_build_object('retryOf', ${run.retryOf}::text) FROM r`
          : null
    return records === null ? none : sql`, audited AS (${recorded(run, requestId, records)})`
  }

  // The lock decides between equal starts: a statement that waited for it finds the key taken, whatever it saw at first.
  const lockKey = (run: NewRun) => sql`
    free AS MATERIALIZED (
      SELECT FROM operation_keys k WHERE ${ofKey(run)} AND k.run_id IS NULL FOR UPDATE
    ), `
  const takeKey = (run: NewRun) => sql`, taken AS (
      UPDATE operation_keys k SET run_id = r.id FROM r WHERE ${ofKey(run)}
    )`

  // Nothing was recorded, so a key that this very start has bound becomes free again.
  const releaseKey = (run: NewRun) => sql`, released AS (
      DELETE FROM operation_keys k WHERE ${ofKey(run)} AND k.bound_by = ${run.id}::uuid AND k.run_id IS NULL
        AND EXISTS (SELECT FROM r)
    )`

  const endFirst = (run: NewRun, ends: RunId | "stale", from: Statement.Fragment, requestId: string | null) => {
    const activeDigest = sql`${digest(run.identity.activeKey)} AS active_digest`
    return ends === "stale"
      ? sql`${endStale(sql`SELECT ${activeDigest} ${from}`)}, `
      : sql`${replace(sql`
          SELECT ${ends}::uuid AS id, ${activeDigest}, ${run.id}::uuid AS superseded_by,
            ${encodeActor(run.actor)}::jsonb AS acting, ${requestId}::text AS request_id ${from}`)}, `
  }

  // For a start that `record` would do nothing else for.
  const insert = (run: NewRun, notice: Statement.Fragment) => sql<InsertedRow>`
    INSERT INTO operation_runs (${inserted}) SELECT ${values(run)} ON CONFLICT DO NOTHING
    RETURNING queued_at AS "queuedAt", false AS ended${notice}`

  /** `notice` follows the columns of a recorded run that is queued. */
  const record = (
    run: NewRun,
    { ends, block }: RecordOptions,
    requestId: string | null,
    notice: Statement.Fragment = none
  ) => {
    const takes = run.identity.rule === "once" && (block === null || run.identity.takenWhenBlocked)
    // The insert selects from whatever must happen before it.
    const sources = [
      ...(takes ? [sqlText`free`] : []),
      ...(ends === null ? [] : [block === null ? sqlText`(SELECT count(*) FROM ended) before` : sqlText`ended`])
    ]
    const from = sources.length === 0 ? none : sql`FROM ${sql.csv(sources)}`
    const blocked = block && sql`, 'completed', 'blocked', ${block.reasonCode}, ${failureNow(sql, block)}, now(), 2`
    const endedOne = ends === null ? sqlText`false` : sqlText`EXISTS (SELECT FROM ended)`
    return sql<InsertedRow>`
      WITH ${takes ? lockKey(run) : none}
      ${ends === null ? none : endFirst(run, ends, takes ? sqlText`FROM free` : none, requestId)}
      r AS (
        INSERT INTO operation_runs (${block === null ? inserted : insertedBlocked})
        SELECT ${values(run)} ${blocked ?? none} ${from} ON CONFLICT DO NOTHING
        RETURNING id, last_event, outcome, reason_code, queued_at
      )${block === null ? none : notedBlocked}${takes ? takeKey(run) : none}${auditOf(run, block, requestId)}
      SELECT r.queued_at AS "queuedAt", ${endedOne} AS ended${notice} FROM r`
  }

  const acting = (run: NewRun, requestId: string | null) =>
    sql`${encodeActor(run.actor)}::jsonb AS acting, ${requestId}::text AS request_id`

  const joinBound = (run: NewRun, id: RunId, requestId: string | null) => sql<RunRow>`
    WITH ${joinById(sql`SELECT ${id}::uuid AS id, ${acting(run, requestId)}`)} SELECT ${columns} FROM r`

  // A click that joined the run of another click has its answer: sent again later, it starts no run of its own. The key is
  // locked before the run, as in `record`: equal starts that locked in different orders would deadlock.
  const joinActive = (run: NewRun, evenOverdue: boolean, requestId: string | null) => {
    const isOnce = run.identity.rule === "once"
    return sql<EqualRow>`
      WITH ${isOnce ? lockKey(run) : none} ${joinEqual(sql`
        SELECT ${digest(run.identity.activeKey)} AS active_digest, ${evenOverdue}::boolean AS even_overdue,
          ${acting(run, requestId)} ${isOnce ? sqlText`FROM (SELECT count(*) FROM free) locked` : none}`)}${
        isOnce
          ? sql`, taken AS (
              UPDATE operation_keys k SET run_id = r.id FROM r
              WHERE ${ofKey(run)} AND k.run_id IS NULL AND (r.even_overdue OR NOT r.overdue)
            )`
          : none
      }
      SELECT ${columns}, r.overdue FROM r`
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
      ), audited AS (${recorded(run, requestId, sql`SELECT 'busy', r.id, '{}'::jsonb FROM r`)})${
        run.identity.rule === "once" ? releaseKey(run) : none
      }
      SELECT id, type, status FROM r`
  }

  return { bind, insert, record, joinBound, joinActive, refuseBusy }
}

/** The statements that record starts. */
export type StartStatements = ReturnType<typeof makeStartStatements>
