import { DateTime } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import type { TenantId, WorkspaceId } from "./OperationScope.ts"
import type { RunOutcome, RunStatus } from "./Run.ts"
import { isStorable } from "./StorableText.ts"

/** A part of the ledger that an actor may see: in one workspace, some or all tenants, some types. */
export interface Visible {
  readonly workspaceId: WorkspaceId
  readonly tenants: "all" | ReadonlyArray<TenantId>
  readonly types: ReadonlyArray<string>
}

/** Which runs of the visible ones a listing shows. */
export interface RunFilter {
  readonly type?: string
  readonly tenant?: string
  /** `active`: queued or running. */
  readonly status?: RunStatus | "active"
  readonly outcome?: RunOutcome
  /** The id of who started it. */
  readonly actor?: string
  readonly reasonCode?: string
  /** A record of the host that the run belongs to, by its name in the context. */
  readonly record?: { readonly name: string; readonly id: string }
  /** Requested at this instant or later. */
  readonly from?: DateTime.Utc
  /** Requested before this instant. */
  readonly to?: DateTime.Utc
}

/** The whole of a filter as text, the same for equal filters. */
export const filterKey = ({ type, tenant, status, outcome, actor, reasonCode, from, to, record }: RunFilter): string =>
  JSON.stringify([type, tenant, status, outcome, actor, reasonCode, from, to, record].map((each) => each ?? null))

/** Whether the database could hold what a filter names; nothing there can match it otherwise. */
export const isStorableFilter = (filter: RunFilter): boolean =>
  Object.values({ ...filter, ...filter.record }).every((value) => typeof value !== "string" || isStorable(value))

/**
 * What of the ledger remains visible under a filter: the same with fewer tenants and types, and nothing that holds none.
 *
 * @param visible to the actor
 * @param filter of a listing
 */
export const narrow = (visible: ReadonlyArray<Visible>, { tenant, type }: RunFilter): ReadonlyArray<Visible> =>
  visible
    .map(({ workspaceId, tenants, types }) => ({
      workspaceId,
      tenants:
        tenant === undefined
          ? tenants
          : (tenants === "all" ? [tenant as TenantId] : tenants).filter((id) => id === tenant),
      types: type === undefined ? types : types.filter((name) => name === type)
    }))
    .filter(({ tenants, types }) => types.length > 0 && (tenant === undefined || tenants.length > 0))

// An id begins with the time of the request (RFC 9562, section 5.7), so a time is a place in the order of ids.
const maxMillis = 2 ** 48 - 1
const firstIdAt = (at: DateTime.Utc) => {
  const millis = Math.min(Math.max(Math.trunc(DateTime.toEpochMillis(at)), 0), maxMillis)
  const hex = millis.toString(16).padStart(12, "0")
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}

/**
 * The conditions of a filter on `r`, without those of visibility. What comes from a closed list stands in the statement
 * itself: only then may the planner use the partial indexes made for it.
 *
 * @param sql the client
 * @param filter of the listing
 */
export const conditionsOf = (
  sql: SqlClient.SqlClient,
  { status, outcome, actor, reasonCode, from, to, record }: RunFilter
): ReadonlyArray<Statement.Fragment> => [
  ...(status === undefined
    ? []
    : [status === "active" ? sql`r.status <> 'completed'` : sql`r.status = ${sql.literal(`'${status}'`)}`]),
  ...(status === "queued" || status === "running" ? [sql`r.status <> 'completed'`] : []),
  ...(outcome === undefined ? [] : [sql`r.outcome = ${sql.literal(`'${outcome}'`)}`]),
  ...(actor === undefined ? [] : [sql`r.actor ->> 'id' = ${actor}`]),
  ...(reasonCode === undefined ? [] : [sql`r.reason_code = ${reasonCode}`]),
  ...(record === undefined ? [] : [sql`r.context @> ${JSON.stringify({ [record.name]: record.id })}::jsonb`]),
  ...(from === undefined ? [] : [sql`r.id >= ${firstIdAt(from)}::uuid`]),
  ...(to === undefined ? [] : [sql`r.id < ${firstIdAt(to)}::uuid`])
]

/**
 * The condition that a row with `workspace_id`, `tenant_id` and `type` is visible.
 *
 * @param sql the client
 * @param visible to the actor
 * @param alias of the table
 */
export const within = (
  sql: SqlClient.SqlClient,
  visible: ReadonlyArray<Visible>,
  alias: "r" | "h"
): Statement.Fragment => {
  const of = sql.literal(alias)
  return visible.length === 0
    ? sql`false`
    : sql.or(
        visible.map(({ workspaceId, tenants, types }) =>
          sql.and([
            sql`${of}.workspace_id = ${workspaceId}`,
            sql`${of}.type = ANY(${types}::text[])`,
            ...(tenants === "all" ? [] : [sql`(${of}.tenant_id IS NULL OR ${of}.tenant_id = ANY(${tenants}::text[]))`])
          ])
        )
      )
}
