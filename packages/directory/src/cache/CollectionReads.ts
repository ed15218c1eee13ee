import { foldName, type TenantScope } from "@atlas/operations"
import { Removal } from "@atlas/replica"
import { Effect, Schema, Struct } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import type { DirectoryCollection } from "./Collection.ts"

/**
 * Where a search continues: after this object of this tier. Tier 1 are names that begin with the query, the name that
 * equals it first; tier 2 those of which another word begins with it; tier 3 those that contain it.
 */
export interface SearchPosition {
  readonly tier: 1 | 2 | 3
  readonly foldedName: string
  readonly id: string
}

/** An object that a search found, and where it stands in the order. */
export interface Found<A> extends Omit<SearchPosition, "id"> {
  readonly item: A
}

/** Which objects a page shows. */
export interface SearchRequest<Filter extends string> {
  readonly query: string
  /** All of them must hold. */
  readonly filters: ReadonlyArray<Filter>
  readonly after: SearchPosition | null
  readonly limit: number
}

/** A page of what was found. */
export interface SearchResult<A> {
  readonly found: ReadonlyArray<Found<A>>
  /** More names contain the query than are looked at: a longer query finds the others. */
  readonly cut: boolean
}

/** The name under which an object was last known. */
export interface CachedLabel {
  readonly id: string
  readonly displayName: string
  /** Null while it exists. */
  readonly removal: Removal | null
}

/** The statements that read a cached collection, each within one tenant. Database failures are defects. */
export interface CollectionReads<A, Filter extends string> {
  /** Existing objects by name, best matches first. */
  search(tenant: TenantScope, request: SearchRequest<Filter>): Effect.Effect<SearchResult<A>>
  /** Objects by id, removed ones included. Unknown ids are absent. */
  byIds(tenant: TenantScope, ids: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<A>>
  /** Names by id, of removed objects too. Unknown ids are absent. */
  labels(tenant: TenantScope, ids: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<CachedLabel>>
  /** What a search may be narrowed to. */
  readonly filters: ReadonlyArray<Filter>
}

/** Names inside of which a query was found, at most: with more, a person should type more. */
const mostInfixMatches = 500

/** No more names than this are looked through one by one. */
const mostNamesRead = 20_000

const shortestIndexed = 3

/** So many among the names that were looked through are enough for people to go on with: the others are not looked for. */
const commonMatches = 25

/** Names of a large directory among which a part is looked for, to learn whether it is common. */
const sampleSize = 4_000

const escapeLike = (text: string) => text.replace(/[\\%_]/g, "\\$&")

/** What the index is asked for: of a long text its ends, since each part of three letters costs a look-up. */
const indexedPattern = (text: string) => {
  const letters = [...text]
  const ends = letters.length <= 12 ? [text] : [letters.slice(0, 6).join(""), letters.slice(-6).join("")]
  return `%${ends.map(escapeLike).join("%")}%`
}

// What ends a word. Names are folded, so that letters with accents are ASCII; the database's own notion of a word depends
// on its collation.
const afterSeparator = (text: string) => `[\\s!-/:-@[-\`{-~\u2010-\u2015]${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`

const decodeLabels = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ id: Schema.String, displayName: Schema.String, removal: Schema.NullOr(Removal) }))
)

/**
 * The statements that read one collection.
 *
 * @param sql the database
 * @param collection which one
 */
export const makeCollectionReads = <A extends { readonly id: string }, Filter extends string>(
  sql: SqlClient.SqlClient,
  collection: DirectoryCollection<A, Filter>
): CollectionReads<A, Filter> => {
  const { columns } = collection
  const table = collection.tables.objects
  const tenantIs = ({ workspaceId, tenantId }: TenantScope) =>
    sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`
  // As the index over parts of names has it: two tenants are never the same text.
  const infixTenantIs = ({ workspaceId, tenantId }: TenantScope) =>
    sql`(length(workspace_id) || ':' || workspace_id || tenant_id) = ${`${[...workspaceId].length}:${workspaceId}${tenantId}`}`
  const shown = (within: Statement.Fragment, filters: ReadonlyArray<Filter>) =>
    sql.and([within, sql`removed_at IS NULL`, ...filters.map((filter) => collection.filters[filter])])

  const decodeItems = Schema.decodeUnknownEffect(Schema.Array(collection.schema))
  const decodeFound = Effect.fnUntraced(function* (
    rows: ReadonlyArray<{ readonly tier: Found<A>["tier"]; readonly foldedName: string }>
  ) {
    const items = yield* decodeItems(rows)
    return items.flatMap((item, index): Found<A> | [] => {
      const row = rows[index]
      return row === undefined ? [] : { item, tier: row.tier, foldedName: row.foldedName }
    })
  })
  type FoundRow = { readonly tier: Found<A>["tier"]; readonly foldedName: string }

  // The name that equals the query is the first of those that begin with it.
  const beginning = Effect.fnUntraced(function* (tenant: TenantScope, folded: string, request: SearchRequest<Filter>) {
    const { after, filters, limit } = request
    const rest = after === null ? sql`true` : sql`(folded_name, id) > (${after.foldedName} COLLATE "C", ${after.id})`
    const rows = yield* sql<FoundRow>`
      SELECT ${columns}, folded_name AS "foldedName", 1 AS tier FROM ${table}
      WHERE ${shown(tenantIs(tenant), filters)} AND folded_name >= ${folded} COLLATE "C"
        AND folded_name < ${`${folded}\u{10ffff}`} COLLATE "C" AND ${rest}
      ORDER BY folded_name, id LIMIT ${limit}`
    return yield* decodeFound(rows)
  })

  // Names are looked through one by one first: in their order where those are all, few may pass a filter, or the query is too
  // short for the index; else a sample in the order of their ids, which is as good as random. Whoever had not all of them,
  // and found few, asks the index: it is quick for parts that are rare, and slow for common ones. What is taken of many is taken
  // in an order of its own: each page is a part of the same list, whichever plan the database has for it.
  const inside = Effect.fnUntraced(function* (tenant: TenantScope, folded: string, request: SearchRequest<Filter>) {
    const { after, filters, limit } = request
    const isIndexed = collection.ginIndex !== null && [...folded].length >= shortestIndexed
    const contained = sql`strpos(folded_name, ${folded}) > 1`
    const passes = sql.and([sql`true`, ...filters.map((filter) => collection.filters[filter])])
    const inOrder = !isIndexed || filters.length > 0
    const rest =
      after === null || after.tier === 1
        ? sql`true`
        : sql`(tier, folded_name, id) > (${after.tier}::int, ${after.foldedName} COLLATE "C", ${after.id})`
    const [first, ...others] = yield* sql<FoundRow & { readonly cut: boolean; readonly id: string | null }>`
      WITH walk AS MATERIALIZED (
        SELECT ${inOrder} OR coalesce((SELECT size FROM directory_syncs
          WHERE ${tenantIs(tenant)} AND collection = ${collection.name}), 0) <= ${mostNamesRead} AS in_order
      ), ordered AS MATERIALIZED (
        SELECT id, folded_name FROM ${table} WHERE ${shown(tenantIs(tenant), filters)} AND (SELECT in_order FROM walk)
        ORDER BY folded_name, id LIMIT ${mostNamesRead}
      ), sampled AS MATERIALIZED (
        SELECT id, folded_name, ${passes} AS passes FROM ${table}
        WHERE ${shown(tenantIs(tenant), [])} AND ${isIndexed}
          AND (NOT (SELECT in_order FROM walk) OR (SELECT count(*) FROM ordered) >= ${mostNamesRead})
        ORDER BY workspace_id, tenant_id, id LIMIT ${sampleSize}
      ), among AS MATERIALIZED (
        SELECT id, folded_name FROM sampled WHERE passes AND ${contained}
        UNION SELECT id, folded_name FROM ordered WHERE ${contained}
        ORDER BY folded_name, id LIMIT ${mostInfixMatches + 1}
      ), judged AS MATERIALIZED (
        SELECT *, ${isIndexed} AND partial AND (SELECT count(*) FROM among) < ${commonMatches} AS asks_index FROM (
          SELECT NOT in_order OR (SELECT count(*) FROM ordered) >= ${mostNamesRead} AS partial FROM walk) AS read
      ), hits AS MATERIALIZED (
        SELECT among.* FROM among, judged WHERE NOT asks_index
        UNION ALL
        (SELECT found.* FROM judged, LATERAL (
          SELECT id, folded_name FROM ${table} WHERE ${shown(infixTenantIs(tenant), filters)}
            AND folded_name LIKE ${indexedPattern(folded)} AND ${contained}
          LIMIT ${mostInfixMatches + 1}
        ) AS found WHERE asks_index)
      ), ranked AS (
        SELECT *, CASE WHEN folded_name ~ ${afterSeparator(folded)} THEN 2 ELSE 3 END AS tier
        FROM (SELECT * FROM hits ORDER BY folded_name, id LIMIT ${mostInfixMatches}) AS taken
      ), page AS (SELECT * FROM ranked WHERE ${rest} ORDER BY tier, folded_name, id LIMIT ${limit})
      SELECT cut, found.* FROM (
        SELECT partial AND NOT asks_index OR (SELECT count(*) FROM hits) > ${mostInfixMatches} AS cut FROM judged
      ) AS told LEFT JOIN LATERAL (
        SELECT o.*, page.folded_name AS "foldedName", page.tier
        FROM page, LATERAL (SELECT ${columns} FROM ${table} WHERE ${tenantIs(tenant)} AND id = page.id OFFSET 0) o
      ) AS found ON true
      ORDER BY tier, "foldedName", id`
    const rows = first === undefined || first.id === null ? [] : [first, ...others]
    return { found: yield* decodeFound(rows), cut: first?.cut ?? false }
  })

  const search = Effect.fn("CollectionReads.search")(function* (tenant: TenantScope, request: SearchRequest<Filter>) {
    const folded = foldName(request.query)
    const begins = request.after === null || request.after.tier === 1 ? yield* beginning(tenant, folded, request) : []
    const left = request.limit - begins.length
    // Every name begins with nothing.
    if (left <= 0 || folded === "") return { found: begins, cut: false }
    const rest = yield* inside(tenant, folded, { ...request, limit: left })
    return { found: [...begins, ...rest.found], cut: rest.cut }
  }, Effect.orDie)

  const byIds = Effect.fn("CollectionReads.byIds")(function* (tenant: TenantScope, ids: ReadonlyArray<string>) {
    return yield* decodeItems(
      yield* sql`SELECT ${columns} FROM ${table} WHERE ${tenantIs(tenant)} AND id = ANY(${ids}::text[])`
    )
  }, Effect.orDie)

  const labels = Effect.fn("CollectionReads.labels")(function* (tenant: TenantScope, ids: ReadonlyArray<string>) {
    return yield* decodeLabels(
      yield* sql`
        SELECT id, display_name AS "displayName", removal FROM ${table}
        WHERE ${tenantIs(tenant)} AND id = ANY(${ids}::text[])`
    )
  }, Effect.orDie)

  return { search, byIds, labels, filters: Struct.keys(collection.filters) }
}
