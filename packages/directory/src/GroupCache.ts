import { type RunId, storable, type TenantScope } from "@atlas/operations"
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
  readonly tier: 0 | 1
  readonly foldedName: string
  readonly id: string
}

/** A group that a search found, and where it stands in the order. */
export type FoundGroup = typeof DirectoryGroup.Type & Omit<GroupPosition, "id">

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
    /** Forgets what an earlier listing of this tenant has seen. */
    beginListing(tenant: TenantScope): Effect.Effect<void>
    /** Stores one page and notes its ids as seen. Rows that did not change are not rewritten. */
    writePage(tenant: TenantScope, groups: ReadonlyArray<GraphGroup>): Effect.Effect<PageWritten>
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
    ): Effect.Effect<ReadonlyArray<FoundGroup>>
    /** Groups by id, removed ones included. Unknown ids are absent. */
    byIds(tenant: TenantScope, ids: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<DirectoryGroup>>
    state(tenant: TenantScope): Effect.Effect<GroupCacheState>
  }
>()("@atlas/directory/GroupCache") {
  static readonly layer: Layer.Layer<GroupCache, never, SqlClient.SqlClient> = Layer.effect(
    GroupCache,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const inTenant = ({ workspaceId, tenantId }: TenantScope) =>
        sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`

      const beginListing = Effect.fn("GroupCache.beginListing")(
        (tenant: TenantScope) => sql`DELETE FROM directory_group_sightings WHERE ${inTenant(tenant)}`,
        Effect.orDie,
        Effect.asVoid
      )

      const writePage = Effect.fn("GroupCache.writePage")(function* (
        tenant: TenantScope,
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
              INSERT INTO directory_group_sightings (workspace_id, tenant_id, id)
              SELECT ${tenant.workspaceId}, ${tenant.tenantId}, id FROM page
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

      // OFFSET 0 keeps the lookup a probe of the primary key for each group. As a join, planned without statistics on a
      // directory just filled, it compared every group with every sighting.
      const completeListing = Effect.fn("GroupCache.completeListing")(function* (tenant: TenantScope, run: RunId) {
        const [done] = yield* sql<{ removed: number }>`
            WITH gone AS (
              UPDATE directory_groups g SET removed_at = now(), changed_at = now()
              WHERE ${inTenant(tenant)} AND removed_at IS NULL AND NOT EXISTS (
                SELECT FROM directory_group_sightings s
                WHERE s.workspace_id = g.workspace_id AND s.tenant_id = g.tenant_id AND s.id = g.id OFFSET 0)
              RETURNING 1
            ), noted AS (
              INSERT INTO directory_syncs (workspace_id, tenant_id, collection, run_id, completed_at, size)
              SELECT ${tenant.workspaceId}, ${tenant.tenantId}, 'groups', ${run}::uuid, now(), count(*)
              FROM directory_group_sightings WHERE ${inTenant(tenant)}
              ON CONFLICT (workspace_id, tenant_id, collection)
              DO UPDATE SET run_id = excluded.run_id, completed_at = excluded.completed_at, size = excluded.size
            ), cleared AS (
              DELETE FROM directory_group_sightings WHERE ${inTenant(tenant)}
            )
            SELECT count(*)::int AS removed FROM gone`
        return done?.removed ?? 0
      }, Effect.orDie)

      // One statement for each tier, so that the names' index gives the order and only a page is read of it.
      const searchTier = Effect.fnUntraced(function* (
        tenant: TenantScope,
        tier: GroupPosition["tier"],
        folded: string,
        page: { readonly after: GroupPosition | null; readonly limit: number }
      ) {
        const { after, limit } = page
        const last = `${folded}\u{10ffff}`
        const matches = {
          0: sql`folded_name >= ${folded} COLLATE "C" AND folded_name < ${last} COLLATE "C"`,
          1: sql`folded_name LIKE ${`%${escapeLike(folded)}%`} AND NOT starts_with(folded_name, ${folded})`
        }[tier]
        const rest =
          after?.tier === tier ? sql`(folded_name, id) > (${after.foldedName} COLLATE "C", ${after.id})` : sql`true`
        const rows = yield* sql`
            SELECT ${sql.literal(columns)}, folded_name AS "foldedName" FROM directory_groups
            WHERE ${inTenant(tenant)} AND removed_at IS NULL AND ${matches} AND ${rest}
            ORDER BY folded_name, id LIMIT ${limit}`
        return (yield* decodeFound(rows)).map((group) => ({ ...group, tier }))
      })

      const search = Effect.fn("GroupCache.search")(function* (
        tenant: TenantScope,
        query: string,
        page: { readonly after: GroupPosition | null; readonly limit: number }
      ) {
        const folded = foldName(query)
        const begins = page.after?.tier === 1 ? [] : yield* searchTier(tenant, 0, folded, page)
        const left = page.limit - begins.length
        // Every name begins with nothing.
        if (left <= 0 || folded === "") return begins
        return [...begins, ...(yield* searchTier(tenant, 1, folded, { ...page, limit: left }))]
      }, Effect.orDie)

      const byIds = Effect.fn("GroupCache.byIds")(function* (tenant: TenantScope, ids: ReadonlyArray<string>) {
        const rows = yield* sql`
            SELECT ${sql.literal(columns)} FROM directory_groups
            WHERE ${inTenant(tenant)} AND id = ANY(${ids}::text[])`
        return yield* decodeGroups(rows)
      }, Effect.orDie)

      const state = Effect.fn("GroupCache.state")(function* (tenant: TenantScope) {
        const [row] = yield* sql<{ completedAt: Date; size: number }>`
            SELECT completed_at AS "completedAt", size FROM directory_syncs
            WHERE ${inTenant(tenant)} AND collection = 'groups'`
        return row ?? { completedAt: null, size: 0 }
      }, Effect.orDie)

      return GroupCache.of({ beginListing, writePage, completeListing, search, byIds, state })
    })
  )
}

const columns = `id, display_name AS "displayName", description, mail, kind, dynamic, synced, removed_at AS "removedAt"`

const decodeGroups = Schema.decodeUnknownEffect(Schema.Array(DirectoryGroup))
const decodeFound = Schema.decodeUnknownEffect(
  Schema.Array(DirectoryGroup.mapFields((fields) => ({ ...fields, foldedName: Schema.String })))
)

const escapeLike = (text: string) => text.replace(/[\\%_]/g, "\\$&")

const kindOf = (group: GraphGroup): GroupKind => {
  if (group.groupTypes?.includes("Unified")) return "microsoft365"
  if (group.mailEnabled !== true) return "security"
  return group.securityEnabled === true ? "mail_security" : "distribution"
}

// A name may hold a NUL, or half a character where somebody cut it.
const text = (value: string | null | undefined) => (value == null ? null : storable(value))

const toRow = (group: GraphGroup) => {
  const displayName = text(group.displayName) ?? group.id
  return {
    id: storable(group.id),
    display_name: displayName,
    folded_name: foldName(displayName),
    description: text(group.description),
    mail: text(group.mail),
    kind: kindOf(group),
    dynamic: group.groupTypes?.includes("DynamicMembership") ?? false,
    synced: group.onPremisesSyncEnabled ?? false
  }
}
