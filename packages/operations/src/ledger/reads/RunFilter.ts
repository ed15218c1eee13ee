/**
 * Which runs a listing shows. A caller's `RunFilter` narrows what the actor may see, and never widens it; both become
 * conditions of one query, so that visibility is decided before paging. Pages, the HTTP API and the command line hand in
 * filters.
 *
 * @module
 */

import { DateTime, Schema } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import type { Visible } from "../../access/Access.ts"
import type { TenantId } from "../../run/OperationScope.ts"
import { spellingsOf } from "../../run/ReasonCode.ts"
import { RunOutcome, RunStatus } from "../../run/Run.ts"
import { sqlText } from "../../text/SqlText.ts"
import * as Storable from "../../text/Storable.ts"

/** Which of the visible runs to show. Members that are left out do not narrow. */
export const RunFilter = Schema.Struct({
  /** An operation's name, also of one that is no longer registered. */
  type: Schema.optional(Schema.String),
  tenant: Schema.optional(Schema.String),
  /** `active`: queued or running. */
  status: Schema.optional(Schema.Literals([...RunStatus.literals, "active"])),
  outcome: Schema.optional(RunOutcome),
  /** The id of the actor who started the run. */
  actor: Schema.optional(Schema.String),
  reasonCode: Schema.optional(Schema.String),
  /** A record of the host that the run belongs to: its name in the run's `context`, and its id. */
  record: Schema.optional(Schema.Struct({ name: Schema.String, id: Schema.String })),
  /** Requested at this instant or later. */
  from: Schema.optional(Schema.DateTimeUtc),
  /** Requested before this instant. */
  to: Schema.optional(Schema.DateTimeUtc)
})
export type RunFilter = typeof RunFilter.Type

/** A filter as text, the same for equal filters. */
export const filterKey = ({ type, tenant, status, outcome, actor, reasonCode, from, to, record }: RunFilter): string =>
  JSON.stringify([type, tenant, status, outcome, actor, reasonCode, from, to, record].map((each) => each ?? null))

/** Whether the database can hold what a filter names. Otherwise no run matches. */
export const isStorableFilter = (filter: RunFilter): boolean =>
  Object.values({ ...filter, ...filter.record }).every((value) => typeof value !== "string" || Storable.is(value))

/** The visible parts of the ledger that a filter leaves: with fewer tenants, and without parts that have none left. */
export const narrow = (visible: ReadonlyArray<Visible>, { tenant }: RunFilter): ReadonlyArray<Visible> =>
  visible
    .map(({ capabilities, tenants, workspaceId }) => ({
      workspaceId,
      tenants:
        tenant === undefined
          ? tenants
          : (tenants === "all" ? [tenant as TenantId] : tenants).filter((id) => id === tenant),
      capabilities
    }))
    .filter(({ capabilities, tenants }) => capabilities.length > 0 && (tenant === undefined || tenants.length > 0))

// An id begins with the time of the request (RFC 9562, section 5.7), so a time is a place in the order of ids.
const maxMillis = 2 ** 48 - 1
const firstIdAt = (at: DateTime.Utc) => {
  const millis = Math.min(Math.max(Math.trunc(DateTime.toEpochMillis(at)), 0), maxMillis)
  const hex = millis.toString(16).padStart(12, "0")
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}

type Condition = (sql: SqlClient.SqlClient) => Statement.Fragment

// Values from a closed list stand in the statement itself, as constants: only then can the planner use the partial indexes
// made for them.
const withStatus: Readonly<Record<NonNullable<RunFilter["status"]>, Condition>> = {
  queued: (sql) => sql`r.status = 'queued' AND r.status <> 'completed'`,
  running: (sql) => sql`r.status = 'running' AND r.status <> 'completed'`,
  completed: (sql) => sql`r.status = 'completed'`,
  active: (sql) => sql`r.status <> 'completed'`
}
const withOutcome: Readonly<Record<RunOutcome, Condition>> = {
  pending: (sql) => sql`r.outcome = 'pending'`,
  succeeded: (sql) => sql`r.outcome = 'succeeded'`,
  partially_succeeded: (sql) => sql`r.outcome = 'partially_succeeded'`,
  failed: (sql) => sql`r.outcome = 'failed'`,
  blocked: (sql) => sql`r.outcome = 'blocked'`,
  cancelled: (sql) => sql`r.outcome = 'cancelled'`
}

// A single spelling keeps the order of the index.
const withReason = (sql: SqlClient.SqlClient, [code, ...older]: ReadonlyArray<string>): Statement.Fragment =>
  older.length === 0
    ? sql`r.reason_code = ${code}`
    : sql`r.reason_code IS NOT NULL AND r.reason_code = ANY(${[code, ...older]}::text[])`

/** The conditions of a decoded filter on `r`, without those of visibility. */
export const conditionsOf = (
  sql: SqlClient.SqlClient,
  { type, status, outcome, actor, reasonCode, from, to, record }: RunFilter
): ReadonlyArray<Statement.Fragment> => [
  ...(type === undefined ? [] : [sql`r.type = ${type}`]),
  ...(status === undefined ? [] : [withStatus[status](sql)]),
  ...(outcome === undefined ? [] : [withOutcome[outcome](sql)]),
  ...(actor === undefined ? [] : [sql`r.actor ->> 'id' = ${actor}`]),
  ...(reasonCode === undefined ? [] : [withReason(sql, spellingsOf(reasonCode))]),
  ...(record === undefined ? [] : [sql`r.context @> ${JSON.stringify({ [record.name]: record.id })}::jsonb`]),
  ...(from === undefined ? [] : [sql`r.id >= ${firstIdAt(from)}::uuid`]),
  ...(to === undefined ? [] : [sql`r.id < ${firstIdAt(to)}::uuid`])
]

/**
 * The visible parts as rows, for a query to call `v`: one parameter, however many there are. No tenants or no capabilities means
 * all of them.
 */
export const visibleRows = (sql: SqlClient.SqlClient, visible: ReadonlyArray<Visible>): Statement.Fragment => {
  const rows = visible.map(({ capabilities, tenants, workspaceId }) => ({
    workspace_id: workspaceId,
    tenants: tenants === "all" ? null : tenants,
    capabilities: capabilities === "all" ? null : capabilities
  }))
  // The limit tells the planner how many there are.
  return sql`SELECT * FROM json_to_recordset(${JSON.stringify(rows)}::json)
    AS visible (workspace_id text, tenants text[], capabilities text[]) LIMIT ${rows.length}`
}

/** The condition that the part `v` opens a row, whatever the row's tenant. `row` is the table's alias. */
export const openedBy = (row: Statement.Fragment): Statement.Fragment =>
  sqlText`${row}.workspace_id = v.workspace_id AND (v.capabilities IS NULL OR ${row}.view_capabilities <@ v.capabilities)`

/** The condition that a row with `workspace_id`, `tenant_id` and `view_capabilities` is in the part `v`. */
export const within = (row: Statement.Fragment): Statement.Fragment => sqlText`${openedBy(row)}
  AND (v.tenants IS NULL OR ${row}.tenant_id IS NULL OR ${row}.tenant_id = ANY(v.tenants))`
