import type { RunId, TenantScope } from "@atlas/operations"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { DirectoryGroup, type GroupKind } from "./DirectoryGroup.ts"
import { foldName } from "./foldName.ts"
import type { GraphGroup } from "./GroupContracts.ts"

/** What storing one page changed. */
export interface PageWritten {
  readonly created: number
  readonly updated: number
  /** Groups on the page that this listing had not shown before. */
  readonly seen: number
}

/** Where a search continues: after this group of this tier. */
export interface GroupPosition {
  /** 0: the name begins with the query; 1: it contains it. */
  readonly tier: number
  readonly foldedName: string
  readonly id: string
}

/** When the cache was last complete, and how many groups there were. */
export interface GroupCacheState {
  readonly completedAt: Date | null
  readonly size: number
}

/**
 * Every statement on the cached groups. All are bound to one workspace and tenant. Writes belong inside the run's
 * transaction. Database failures are defects.
 */
export class GroupCache extends Context.Service<
  GroupCache,
  {
    /** Forgets what an earlier attempt of this run has seen. */
    beginListing(run: RunId): Effect.Effect<void>
    /** Stores one page and notes its ids as seen. Rows that did not change are not rewritten. */
    writePage(tenant: TenantScope, run: RunId, groups: ReadonlyArray<GraphGroup>): Effect.Effect<PageWritten>
    /**
     * Ends a listing that is proved complete: what it has not seen is marked as removed.
     *
     * @returns how many groups were marked
     */
    completeListing(tenant: TenantScope, run: RunId): Effect.Effect<number>
    /** Existing groups whose name begins with or contains the query, in that order, then by name. */
    search(
      tenant: TenantScope,
      query: string,
      page: { readonly after: GroupPosition | null; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<DirectoryGroup & { readonly tier: number; readonly foldedName: string }>>
    /** Groups by id, removed ones included. Unknown ids are absent. */
    byIds(tenant: TenantScope, ids: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<DirectoryGroup>>
    state(tenant: TenantScope): Effect.Effect<GroupCacheState>
  }
>()("@atlas/directory/GroupCache") {
  static readonly layer: Layer.Layer<GroupCache, never, SqlClient.SqlClient> = Layer.effect(
    GroupCache,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const beginListing = Effect.fn("GroupCache.beginListing")(
        (run: RunId) => sql`DELETE FROM directory_group_sightings WHERE run_id = ${run}::uuid`,
        Effect.orDie,
        Effect.asVoid
      )

      const writePage = Effect.fn("GroupCache.writePage")(function* (
        tenant: TenantScope,
        run: RunId,
        groups: ReadonlyArray<GraphGroup>
      ) {
        // A page may repeat an object, and one statement may write a row only once: the last one wins.
        const rows = new Map(groups.map((group) => [group.id, toRow(group)]))
        const [written] = yield* sql<PageWritten>`
            WITH page AS (
              SELECT * FROM json_to_recordset(${JSON.stringify([...rows.values()])}::json) AS p(
                id text, display_name text, folded_name text, description text, mail text, kind text,
                dynamic boolean, synced boolean)
            ), sighted AS (
              INSERT INTO directory_group_sightings (run_id, id) SELECT ${run}::uuid, id FROM page
              ON CONFLICT DO NOTHING RETURNING id
            ), written AS (
              INSERT INTO directory_groups AS g (workspace_id, tenant_id, id, display_name, folded_name, description,
                mail, kind, dynamic, synced)
              SELECT ${tenant.workspaceId}, ${tenant.tenantId}, id, display_name, folded_name, description, mail, kind,
                dynamic, synced
              FROM page
              ON CONFLICT (workspace_id, tenant_id, id) DO UPDATE SET
                display_name = excluded.display_name, folded_name = excluded.folded_name,
                description = excluded.description, mail = excluded.mail, kind = excluded.kind,
                dynamic = excluded.dynamic, synced = excluded.synced, changed_at = now(), removed_at = NULL
              WHERE (g.display_name, g.description, g.mail, g.kind, g.dynamic, g.synced, g.removed_at)
                IS DISTINCT FROM (excluded.display_name, excluded.description, excluded.mail, excluded.kind,
                  excluded.dynamic, excluded.synced, NULL::timestamptz)
              RETURNING (g.xmax = 0) AS created
            )
            SELECT count(*) FILTER (WHERE created)::int AS created, count(*) FILTER (WHERE NOT created)::int AS updated,
              (SELECT count(*) FROM sighted)::int AS seen
            FROM written`
        return written ?? { created: 0, updated: 0, seen: 0 }
      }, Effect.orDie)

      const completeListing = Effect.fn("GroupCache.completeListing")(function* (tenant: TenantScope, run: RunId) {
        const [done] = yield* sql<{ removed: number }>`
            WITH gone AS (
              UPDATE directory_groups g SET removed_at = now(), changed_at = now()
              WHERE g.workspace_id = ${tenant.workspaceId} AND g.tenant_id = ${tenant.tenantId}
                AND g.removed_at IS NULL
                AND NOT EXISTS (SELECT FROM directory_group_sightings s WHERE s.run_id = ${run}::uuid AND s.id = g.id)
              RETURNING 1
            ), noted AS (
              INSERT INTO directory_syncs (workspace_id, tenant_id, collection, run_id, completed_at, size)
              SELECT ${tenant.workspaceId}, ${tenant.tenantId}, 'groups', ${run}::uuid, now(), count(*)
              FROM directory_group_sightings WHERE run_id = ${run}::uuid
              ON CONFLICT (workspace_id, tenant_id, collection)
              DO UPDATE SET run_id = excluded.run_id, completed_at = excluded.completed_at, size = excluded.size
            ), cleared AS (
              DELETE FROM directory_group_sightings WHERE run_id = ${run}::uuid
            )
            SELECT count(*)::int AS removed FROM gone`
        return done?.removed ?? 0
      }, Effect.orDie)

      const search = Effect.fn("GroupCache.search")(function* (
        tenant: TenantScope,
        query: string,
        page: { readonly after: GroupPosition | null; readonly limit: number }
      ) {
        const folded = escapeLike(foldName(query))
        const { after } = page
        const rows = yield* sql`
            SELECT ${sql.literal(columns)}, folded_name AS "foldedName", tier
            FROM directory_groups, LATERAL (SELECT (folded_name NOT LIKE ${`${folded}%`})::int AS tier) t
            WHERE workspace_id = ${tenant.workspaceId} AND tenant_id = ${tenant.tenantId} AND removed_at IS NULL
              AND folded_name LIKE ${`%${folded}%`}
              AND ${
                after === null
                  ? sql`true`
                  : sql`(tier, folded_name, id) > (${after.tier}::int, ${after.foldedName} COLLATE "C", ${after.id})`
              }
            ORDER BY tier, folded_name, id LIMIT ${page.limit}`
        return yield* decodeFound(rows)
      }, Effect.orDie)

      const byIds = Effect.fn("GroupCache.byIds")(function* (tenant: TenantScope, ids: ReadonlyArray<string>) {
        const rows = yield* sql`
            SELECT ${sql.literal(columns)} FROM directory_groups
            WHERE workspace_id = ${tenant.workspaceId} AND tenant_id = ${tenant.tenantId} AND id = ANY(${ids}::text[])`
        return yield* decodeGroups(rows)
      }, Effect.orDie)

      const state = Effect.fn("GroupCache.state")(function* (tenant: TenantScope) {
        const [row] = yield* sql<{ completedAt: Date; size: number }>`
            SELECT completed_at AS "completedAt", size FROM directory_syncs
            WHERE workspace_id = ${tenant.workspaceId} AND tenant_id = ${tenant.tenantId} AND collection = 'groups'`
        return row ?? { completedAt: null, size: 0 }
      }, Effect.orDie)

      return GroupCache.of({ beginListing, writePage, completeListing, search, byIds, state })
    })
  )
}

const columns = `id, display_name AS "displayName", description, mail, kind, dynamic, synced, removed_at AS "removedAt"`

const decodeGroups = Schema.decodeUnknownEffect(Schema.Array(DirectoryGroup))
const decodeFound = Schema.decodeUnknownEffect(
  Schema.Array(DirectoryGroup.mapFields((fields) => ({ ...fields, tier: Schema.Int, foldedName: Schema.String })))
)

const escapeLike = (text: string) => text.replace(/[\\%_]/g, "\\$&")

const kindOf = (group: GraphGroup): GroupKind => {
  if (group.groupTypes?.includes("Unified")) return "microsoft365"
  if (group.mailEnabled !== true) return "security"
  return group.securityEnabled === true ? "mail_security" : "distribution"
}

// Postgres text holds no NUL, which a display name may.
const text = (value: string | null | undefined) => value?.replaceAll("\0", "") ?? null

const toRow = (group: GraphGroup) => {
  const displayName = text(group.displayName) ?? group.id
  return {
    id: group.id,
    display_name: displayName,
    folded_name: foldName(displayName),
    description: text(group.description),
    mail: text(group.mail),
    kind: kindOf(group),
    dynamic: group.groupTypes?.includes("DynamicMembership") ?? false,
    synced: group.onPremisesSyncEnabled ?? false
  }
}
