/**
 * The statements that read a cached collection. The readers in `search` authorise their callers, then call these.
 *
 * @module
 */
import { sqlText, type TenantScope, Folding } from "@atlas/operations"
import { Removal } from "@atlas/replica"
import { Effect, Schema, Struct } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import type { DirectoryCollection } from "./Collection.ts"

/**
 * Where a search continues: after this object of this tier. In tier 1, names begin with the query, and a name that equals it
 * comes first. In tier 2, another word of the name begins with it. In tier 3, the name contains it.
 */
export interface SearchPosition {
  readonly tier: 1 | 2 | 3
  readonly foldedName: string
  readonly id: string
}

/** An object that a search found, and its place in the order. */
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
  /** More names contain the query than the search looked at. A longer query finds the others. */
  readonly cut: boolean
}

/** The last known name of an object. */
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
  /** Existing objects that have one of these names; accents and case do not matter. */
  named(tenant: TenantScope, names: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<CachedLabel>>
  /** What a search may be narrowed to. */
  readonly filters: ReadonlyArray<Filter>
}

/** The most names found that only contain a query. With more, a person should type more. */
const mostInfixMatches = 500

/** The most names to look through one by one. */
const mostNamesRead = 20_000

/** The fewest characters that the index can find. */
const shortestIndexed = 3

/** This many matches among the names looked through are enough for people, so the index is not asked. */
const commonMatches = 25

/** How many names of a large directory to sample, to learn whether a part is common. */
const sampleSize = 4_000

const escapeLike = (text: string) => text.replace(/[\\%_]/g, "\\$&")

/** The pattern for the index: of a long text only its ends, since each part of three letters costs a look-up. */
const indexedPattern = (text: string) => {
  const letters = [...text]
  const ends = letters.length <= 12 ? [text] : [letters.slice(0, 6).join(""), letters.slice(-6).join("")]
  return `%${ends.map(escapeLike).join("%")}%`
}

// What separates words. Names are folded, so letters with accents are ASCII. The database's own notion of a word depends on
// its collation.
const afterSeparator = (text: string) => `[\\s!-/:-@[-\`{-~\u2010-\u2015]${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`

const decodeLabels = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ id: Schema.String, displayName: Schema.String, removal: Schema.NullOr(Removal) }))
)

/** Makes the statements that read one collection. */
export const makeCollectionReads = <A extends { readonly id: string }, Filter extends string>(
  sql: SqlClient.SqlClient,
  collection: DirectoryCollection<A, Filter>
): CollectionReads<A, Filter> => {
  const { columns } = collection
  const table = collection.tables.objects
  const tenantIs = ({ workspaceId, tenantId }: TenantScope) =>
    sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`
  // As the index over parts of names writes a tenant: no two tenants have the same text.
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

  // The name that equals the query sorts first among those that begin with it.
  const findBeginning = Effect.fn("CollectionReads.findBeginning")(function* (
    tenant: TenantScope,
    folded: string,
    request: SearchRequest<Filter>
  ) {
    const { after, filters, limit } = request
    const rest = after === null ? sql`true` : sql`(folded_name, id) > (${after.foldedName} COLLATE "C", ${after.id})`
    const rows = yield* sql<FoundRow>`
      SELECT ${columns}, folded_name AS "foldedName", 1 AS tier FROM ${table}
      WHERE ${shown(tenantIs(tenant), filters)} AND folded_name >= ${folded} COLLATE "C"
        AND folded_name < ${`${folded}\u{10ffff}`} COLLATE "C" AND ${rest}
      ORDER BY folded_name, id LIMIT ${limit}`
    return yield* decodeFound(rows)
  })

  /** Whether the index over parts of names can find a text. */
  const isIndexed = (folded: string) => collection.ginIndex !== null && [...folded].length >= shortestIndexed
  const contains = (folded: string) => sql`strpos(folded_name, ${folded}) > 1`
  const tierOf = (folded: string) => sql`CASE WHEN folded_name ~ ${afterSeparator(folded)} THEN 2 ELSE 3 END AS tier`
  // Of more names than are shown, the first in the order that is shown count. So each page is a part of the same list, whatever
  // plan the database chooses.
  const inOrder = sqlText`ORDER BY tier, folded_name, id`

  /** Selects a page of `hits`. `judged` says whether others were missed. Each row tells it, one without an object if need be. */
  const pageOf = (tenant: TenantScope, { after, limit }: SearchRequest<Filter>) => {
    const rest =
      after === null || after.tier === 1
        ? sql`true`
        : sql`(tier, folded_name, id) > (${after.tier}::int, ${after.foldedName} COLLATE "C", ${after.id})`
    return sql`
      page AS (
        SELECT * FROM (SELECT * FROM hits ${inOrder} LIMIT ${mostInfixMatches}) AS taken
        WHERE ${rest} ${inOrder} LIMIT ${limit}
      )
      SELECT cut, found.* FROM (
        SELECT missed OR (SELECT count(*) FROM hits) > ${mostInfixMatches} AS cut FROM judged
      ) AS told LEFT JOIN LATERAL (
        SELECT o.*, page.folded_name AS "foldedName", page.tier
        FROM page, LATERAL (SELECT ${columns} FROM ${table} WHERE ${tenantIs(tenant)} AND id = page.id OFFSET 0) o
      ) AS found ON true
      ORDER BY tier, "foldedName", id`
  }
  type PageRow = FoundRow & { readonly cut: boolean; readonly id: string | null }
  const decodePage = Effect.fnUntraced(function* ([first, ...others]: ReadonlyArray<PageRow>) {
    const rows = first === undefined || first.id === null ? [] : [first, ...others]
    return { found: yield* decodeFound(rows), cut: first?.cut ?? false }
  })

  // What no index can find is looked for in the first names of the directory, one by one.
  const findAmongNames = Effect.fn("CollectionReads.findAmongNames")(function* (
    tenant: TenantScope,
    folded: string,
    request: SearchRequest<Filter>
  ) {
    const rows = yield* sql<PageRow>`
      WITH names AS MATERIALIZED (
        SELECT id, folded_name FROM ${table} WHERE ${shown(tenantIs(tenant), request.filters)}
        ORDER BY folded_name, id LIMIT ${mostNamesRead}
      ), hits AS MATERIALIZED (
        SELECT *, ${tierOf(folded)} FROM names WHERE ${contains(folded)} ${inOrder} LIMIT ${mostInfixMatches + 1}
      ), judged AS (SELECT (SELECT count(*) FROM names) >= ${mostNamesRead} AS missed),
      ${pageOf(tenant, request)}`
    return yield* decodePage(rows)
  })

  // The search first looks through names one by one: in their order if that covers all of them, or if few may pass a filter;
  // else a sample in the order of their ids, which is as good as random. If that did not cover all names and found few, it asks
  // the index, which is quick for rare parts and slow for common ones.
  const findByPart = Effect.fn("CollectionReads.findByPart")(function* (
    tenant: TenantScope,
    folded: string,
    request: SearchRequest<Filter>
  ) {
    const { filters } = request
    const passes = sql.and([sql`true`, ...filters.map((filter) => collection.filters[filter])])
    const rows = yield* sql<PageRow>`
      WITH walk AS MATERIALIZED (
        SELECT ${filters.length > 0} OR coalesce((SELECT size FROM directory_syncs
          WHERE ${tenantIs(tenant)} AND collection = ${collection.name}), 0) <= ${mostNamesRead} AS in_order
      ), ordered AS MATERIALIZED (
        SELECT id, folded_name FROM ${table} WHERE ${shown(tenantIs(tenant), filters)} AND (SELECT in_order FROM walk)
        ORDER BY folded_name, id LIMIT ${mostNamesRead}
      ), sampled AS MATERIALIZED (
        SELECT id, folded_name, ${passes} AS passes FROM ${table}
        WHERE ${shown(tenantIs(tenant), [])}
          AND (NOT (SELECT in_order FROM walk) OR (SELECT count(*) FROM ordered) >= ${mostNamesRead})
        ORDER BY workspace_id, tenant_id, id LIMIT ${sampleSize}
      ), among AS MATERIALIZED (
        SELECT id, folded_name, ${tierOf(folded)} FROM sampled WHERE passes AND ${contains(folded)}
        UNION SELECT id, folded_name, ${tierOf(folded)} FROM ordered WHERE ${contains(folded)}
        ${inOrder} LIMIT ${mostInfixMatches + 1}
      ), asked AS MATERIALIZED (
        SELECT partial, partial AND (SELECT count(*) FROM among) < ${commonMatches} AS asks_index FROM (
          SELECT NOT in_order OR (SELECT count(*) FROM ordered) >= ${mostNamesRead} AS partial FROM walk) AS read
      ), hits AS MATERIALIZED (
        SELECT among.* FROM among, asked WHERE NOT asks_index
        UNION ALL
        (SELECT found.* FROM asked, LATERAL (
          SELECT id, folded_name, ${tierOf(folded)} FROM ${table} WHERE ${shown(infixTenantIs(tenant), filters)}
            AND folded_name LIKE ${indexedPattern(folded)} AND ${contains(folded)}
          ${inOrder} LIMIT ${mostInfixMatches + 1}
        ) AS found WHERE asks_index)
      ), judged AS (SELECT partial AND NOT asks_index AS missed FROM asked),
      ${pageOf(tenant, request)}`
    return yield* decodePage(rows)
  })

  const search = Effect.fn("CollectionReads.search")(function* (tenant: TenantScope, request: SearchRequest<Filter>) {
    const folded = Folding.foldName(request.query)
    const begins =
      request.after === null || request.after.tier === 1 ? yield* findBeginning(tenant, folded, request) : []
    const left = request.limit - begins.length
    // Every name begins with the empty query.
    if (left <= 0 || folded === "") return { found: begins, cut: false }
    const find = isIndexed(folded) ? findByPart : findAmongNames
    const rest = yield* find(tenant, folded, { ...request, limit: left })
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

  const named = Effect.fn("CollectionReads.named")(function* (tenant: TenantScope, names: ReadonlyArray<string>) {
    return yield* decodeLabels(
      yield* sql`
        SELECT id, display_name AS "displayName", removal FROM ${table}
        WHERE ${tenantIs(tenant)} AND removed_at IS NULL AND folded_name = ANY(${names.map(Folding.foldName)}::text[])
        ORDER BY folded_name, id`
    )
  }, Effect.orDie)

  return { search, byIds, labels, named, filters: Struct.keys(collection.filters) }
}
