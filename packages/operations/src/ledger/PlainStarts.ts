import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { keptActor } from "../run/Actor.ts"
import { sqlText } from "../text/SqlText.ts"
import { gathering, patience } from "./gathering.ts"
import type { NewRun, RecordOptions } from "./NewRun.ts"
import type { RunSignals } from "./RunSignals.ts"
import type { InsertedRow, StartStatements } from "./StartStatements.ts"

/**
 * Whether a start is one insert and nothing besides, as most are, and may share a statement. An exclusive one may not: statements
 * take runs in the order of their identities, so two of them could hold a scope each that the other one needs.
 */
export const isPlain = ({ exclusive, identity, retryOf }: NewRun, { block, ends }: RecordOptions): boolean =>
  identity.rule !== "once" && !exclusive && ends === null && block === null && retryOf === null

/** A start as JSON, made before it joins others: what cannot be written as JSON fails by itself. */
interface PlainStart {
  readonly run: NewRun
  readonly json: string
}

const toPlainStart = (run: NewRun): PlainStart => ({
  run,
  json: JSON.stringify({
    id: run.id,
    workspace_id: run.scope.workspaceId,
    tenant_id: run.scope.tenantId,
    type: run.type,
    actor: keptActor(run.actor),
    identity_rule: run.identity.rule,
    identity_key: run.identity.key,
    active_key: run.identity.activeKey,
    input: run.input,
    context: run.context,
    max_attempts: run.maxAttempts,
    priority: run.priority,
    exclusive: run.exclusive,
    queue_limit_millis: run.queueLimitMillis,
    time_limit_millis: run.timeLimitMillis,
    traceparent: run.traceparent,
    view_capabilities: run.viewCapabilities
  })
})

const columns = sqlText`id, workspace_id, tenant_id, type, actor, identity_rule, identity_key`
const more = sqlText`max_attempts, priority, exclusive, queue_limit_millis, time_limit_millis, traceparent, view_capabilities`

// An input of null comes out of JSON as no value.
const intoRuns = sqlText`
  INSERT INTO operation_runs (${columns}, identity_digest, active_digest, input, context, ${more})
  SELECT ${columns}, sha256(convert_to(identity_key, 'UTF8')), sha256(convert_to(active_key, 'UTF8')),
    coalesce(input, 'null'), context, ${more}
  FROM patience, json_to_recordset(`
const inOrder = sqlText`::json) AS start (id uuid, workspace_id text, tenant_id text, type text, actor jsonb,
    identity_rule text, identity_key text, active_key text, input jsonb, context jsonb, max_attempts int, priority smallint,
    exclusive boolean, queue_limit_millis int, time_limit_millis int, traceparent text, view_capabilities text[])
  WHERE patience.set IS NOT NULL
  -- Everybody locks equal identities in the same order.
  ORDER BY sha256(convert_to(active_key, 'UTF8'))
  ON CONFLICT DO NOTHING RETURNING id, queued_at AS "queuedAt", false AS ended`

interface PlainRow extends InsertedRow {
  readonly id: string
}

/** Makes the function that records a plain start, in one statement with others of the same moment, and announces it. */
export const makePlainStarts = (
  sql: SqlClient.SqlClient,
  statements: StartStatements,
  signals: RunSignals["Service"]
) => {
  const record = gathering<PlainStart, InsertedRow | undefined>(sql, {
    name: "RunRecorder.recordAll",
    mostOnTheirWay: 2,
    whenIdle: "alone",
    together: (starts) => {
      const json = `[${starts.map((start) => start.json).join(",")}]`
      const insert = signals.queueing((notice) => sql<PlainRow>`WITH ${patience} ${intoRuns}${json}${inOrder}${notice}`)
      return Effect.map(insert, (rows) => {
        const recorded = new Map(rows.map((row) => [row.id, row]))
        return starts.map(({ run }) => recorded.get(run.id))
      })
    },
    alone: ({ run }) =>
      Effect.map(
        signals.queueing((notice) => statements.insert(run, notice)),
        ([row]) => row
      )
  })
  return (run: NewRun) =>
    Effect.flatMap(
      Effect.sync(() => toPlainStart(run)),
      record
    )
}
