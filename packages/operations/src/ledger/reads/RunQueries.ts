/**
 * Reads of runs and timelines, from Postgres alone: nothing here asks Graph, and an index serves each statement. `Runs` and
 * `SystemRuns` answer with it. It authorises nobody: `Runs` says what an actor may see.
 *
 * @module
 */

import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import type { Capability } from "../../run/Capability.ts"
import type { TenantScope } from "../../run/OperationScope.ts"
import { decodeRunId, type Run, type RunId } from "../../run/Run.ts"
import { RunEvent } from "../../run/RunEvent.ts"
import { conditionsOf, narrow, openedBy, type RunFilter, visibleRows, within } from "./RunFilter.ts"
import type { Visible } from "../../access/Access.ts"
import { readRun, type RunRow, runColumns } from "./RunRow.ts"
import { sqlText } from "../../text/SqlText.ts"

/** How many of the visible runs are queued and running. */
export interface RunTally {
  readonly queued: number
  readonly running: number
}

/** The ids of a run's relatives: its retries and replacements, in both directions, nearest first. */
export interface Lineage {
  /** The run that this one is a retry of, the one that that run is a retry of, and so on. */
  readonly retryOf: ReadonlyArray<RunId>
  /** The retries of this run, and theirs. */
  readonly retriedBy: ReadonlyArray<RunId>
  /** The runs that this one replaced, and those that they replaced. */
  readonly supersedes: ReadonlyArray<RunId>
  /** The run that replaced this one, the one that replaced that run, and so on. */
  readonly supersededBy: ReadonlyArray<RunId>
}

/** Reads runs and timelines. Database failures are defects. */
export class RunQueries extends Context.Service<
  RunQueries,
  {
    /** A run; none for a text that is not the id of one. */
    find(id: string): Effect.Effect<Option.Option<Run>>
    /** Those of some runs that are visible, newest first. */
    among(visible: ReadonlyArray<Visible>, ids: ReadonlyArray<RunId>): Effect.Effect<ReadonlyArray<Run>>
    /** Visible runs that match, newest first, older than `before`. */
    list(
      visible: ReadonlyArray<Visible>,
      filter: RunFilter,
      page: { readonly before: RunId | null; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<Run>>
    /** Matching runs of all workspaces, newest first, older than `before`. Walks down the primary key. */
    listAll(
      filter: RunFilter,
      page: { readonly before: RunId | null; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<Run>>
    /** The newest active and the newest completed run of each operation in a tenant, of those that the capabilities open. */
    latest(
      tenant: TenantScope,
      capabilities: ReadonlyArray<Capability>,
      types: ReadonlyArray<string>
    ): Effect.Effect<ReadonlyArray<Run>>
    /** The run's relatives, nearest first, up to a hundred in each direction. */
    lineage(run: Run): Effect.Effect<Lineage>
    /** Queued and running runs that are visible and match. */
    tally(visible: ReadonlyArray<Visible>, filter: RunFilter): Effect.Effect<RunTally>
    /** A run's events with a sequence above `after`, oldest first. */
    events(run: Run, page: { readonly after: number; readonly limit: number }): Effect.Effect<ReadonlyArray<RunEvent>>
  }
>()("@atlas/operations/RunQueries") {
  static readonly layer: Layer.Layer<RunQueries, never, SqlClient.SqlClient> = Layer.effect(
    RunQueries,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const r = sqlText`r`
      const columns = runColumns(r)

      const find = Effect.fn("RunQueries.find")(function* (text: string) {
        const id = Option.getOrUndefined(decodeRunId(text))
        if (id === undefined) return Option.none<Run>()
        const [row] = yield* sql<RunRow>`SELECT ${columns} FROM operation_runs r WHERE r.id = ${id}::uuid`
        return Option.map(Option.fromUndefinedOr(row), readRun)
      }, Effect.orDie)

      const among = Effect.fn("RunQueries.among")(function* (
        visible: ReadonlyArray<Visible>,
        ids: ReadonlyArray<RunId>
      ) {
        if (ids.length === 0) return []
        const rows = yield* sql<RunRow>`
          SELECT ${columns} FROM operation_runs r, (${visibleRows(sql, visible)}) v
          WHERE r.id = ANY(${ids}::uuid[]) AND ${within(r)} ORDER BY r.id DESC`
        return rows.map(readRun)
      }, Effect.orDie)

      // Reads one stretch of an index for each tenant or workspace, and merges the newest: an actor who may see little of a
      // large ledger does not search the rest of it.
      const list = Effect.fn("RunQueries.list")(function* (
        visible: ReadonlyArray<Visible>,
        filter: RunFilter,
        { before, limit }: { readonly before: RunId | null; readonly limit: number }
      ) {
        const parts = narrow(visible, filter)
        if (parts.length === 0) return []
        const older = before === null ? [] : [sql`r.id < ${before}::uuid`]
        const stretch = (place: Statement.Fragment) => sql`LATERAL (
          SELECT ${columns} FROM operation_runs r
          WHERE ${sql.and([openedBy(r), place, ...conditionsOf(sql, filter), ...older])}
          ORDER BY r.id DESC LIMIT ${limit}) n`
        const ofTenants = sql`SELECT n.* FROM v, unnest(v.tenants) AS t (id), ${stretch(sql`r.tenant_id = t.id`)}`
        const ofWorkspaces = sql`
          SELECT n.* FROM v, ${stretch(sql`true`)} WHERE v.tenants IS NULL UNION ALL
          SELECT n.* FROM v, ${stretch(sql`r.tenant_id IS NULL`)} WHERE v.tenants IS NOT NULL`
        const stretches = filter.tenant === undefined ? sql`${ofTenants} UNION ALL ${ofWorkspaces}` : ofTenants
        const rows = yield* sql<RunRow>`
          WITH v AS (${visibleRows(sql, parts)}) SELECT * FROM (${stretches}) r ORDER BY r.id DESC LIMIT ${limit}`
        return rows.map(readRun)
      }, Effect.orDie)

      const listAll = Effect.fn("RunQueries.listAll")(function* (
        filter: RunFilter,
        { before, limit }: { readonly before: RunId | null; readonly limit: number }
      ) {
        const conditions = [
          sql`true`,
          ...(filter.tenant === undefined ? [] : [sql`r.tenant_id = ${filter.tenant}`]),
          ...conditionsOf(sql, filter),
          ...(before === null ? [] : [sql`r.id < ${before}::uuid`])
        ]
        const rows = yield* sql<RunRow>`
          SELECT ${columns} FROM operation_runs r WHERE ${sql.and(conditions)} ORDER BY r.id DESC LIMIT ${limit}`
        return rows.map(readRun)
      }, Effect.orDie)

      const latest = Effect.fn("RunQueries.latest")(function* (
        tenant: TenantScope,
        capabilities: ReadonlyArray<Capability>,
        types: ReadonlyArray<string>
      ) {
        const newest = (status: Statement.Fragment) => sql`
            (SELECT * FROM operation_runs WHERE workspace_id = ${tenant.workspaceId} AND tenant_id = ${tenant.tenantId}
              AND type = wanted.type AND view_capabilities <@ ${capabilities}::text[] AND ${status} ORDER BY id DESC LIMIT 1)`
        const rows = yield* sql<RunRow>`
            SELECT ${columns} FROM unnest(${types}::text[]) AS wanted(type), LATERAL (
              ${newest(sql`status <> 'completed'`)} UNION ALL ${newest(sql`status = 'completed'`)}
            ) r`
        return rows.map(readRun)
      }, Effect.orDie)

      const tally = Effect.fn("RunQueries.tally")(function* (visible: ReadonlyArray<Visible>, filter: RunFilter) {
        // One stretch of an index for each part.
        const [row] = yield* sql<RunTally>`
          SELECT coalesce(sum(n.queued), 0)::int AS queued, coalesce(sum(n.running), 0)::int AS running
          FROM (${visibleRows(sql, narrow(visible, filter))}) v, LATERAL (
            SELECT count(*) FILTER (WHERE r.status = 'queued') AS queued,
              count(*) FILTER (WHERE r.status = 'running') AS running
            FROM operation_runs r
            WHERE r.status <> 'completed' AND ${sql.and([within(r), ...conditionsOf(sql, filter)])}) n`
        return row ?? { queued: 0, running: 0 }
      }, Effect.orDie)

      // Chains have no cycles: a run points to one that existed before it, or to the one that replaced it.
      const lineage = Effect.fn("RunQueries.lineage")(function* (run: Run) {
        const chain = (name: Statement.Fragment, first: Statement.Fragment, next: Statement.Fragment) => sql`
          ARRAY(WITH RECURSIVE chain (id, distance) AS (
            ${first} UNION ALL ${next} AND c.distance < 100
          ) SELECT id::text FROM chain ORDER BY distance, id LIMIT 100) AS ${name}`
        const up = (parent: Statement.Fragment) =>
          [
            sql`SELECT ${parent}, 1 FROM operation_runs WHERE id = ${run.id}::uuid AND ${parent} IS NOT NULL`,
            sql`SELECT r.${parent}, c.distance + 1 FROM chain c JOIN operation_runs r ON r.id = c.id
              WHERE r.${parent} IS NOT NULL`
          ] as const
        const down = (parent: Statement.Fragment) =>
          [
            sql`SELECT id, 1 FROM operation_runs WHERE ${parent} = ${run.id}::uuid`,
            sql`SELECT r.id, c.distance + 1 FROM chain c JOIN operation_runs r ON r.${parent} = c.id WHERE true`
          ] as const
        const [retryOf, supersededBy] = [sqlText`retry_of`, sqlText`superseded_by`]
        const [row] = yield* sql<Lineage>`
          SELECT ${chain(sqlText`"retryOf"`, ...up(retryOf))}, ${chain(sqlText`"retriedBy"`, ...down(retryOf))},
            ${chain(sqlText`"supersedes"`, ...down(supersededBy))},
            ${chain(sqlText`"supersededBy"`, ...up(supersededBy))}`
        return row ?? { retryOf: [], retriedBy: [], supersedes: [], supersededBy: [] }
      }, Effect.orDie)

      const decodeEvents = Schema.decodeUnknownEffect(Schema.Array(RunEvent))
      const created = (run: Run) =>
        new RunEvent({ seq: 1, at: run.queuedAt, kind: "created", data: { actor: run.actor } })
      const events = Effect.fn("RunQueries.events")(function* (
        run: Run,
        page: { readonly after: number; readonly limit: number }
      ) {
        const rows = yield* sql`
            SELECT seq, at, kind, data::text AS data FROM operation_run_events
            WHERE run_id = ${run.id}::uuid AND seq > ${page.after} ORDER BY seq LIMIT ${page.limit}`
        const stored = yield* decodeEvents(rows)
        return page.after < 1 ? [created(run), ...stored].slice(0, page.limit) : stored
      }, Effect.orDie)

      return RunQueries.of({ find, among, list, listAll, latest, lineage, tally, events })
    })
  )
}
