/**
 * How people read a cached collection, groups and role definitions alike. A reader answers from the database only and says how
 * old each answer is. A member without `tenant.directory.view` gets `Forbidden`, an outsider `NotFound`.
 *
 * @module
 */
import {
  type Actor,
  Authorization,
  type Capability,
  Decoding,
  Problems,
  type Runs,
  type TenantScope,
  Storable
} from "@atlas/operations"
import { type Freshness, makeFreshness, type Removal, type ReplicaStore } from "@atlas/replica"
import { Effect, Schema } from "effect"
import type { CollectionReads, Found } from "../cache/CollectionReads.ts"

/** The capability to read the cached directory. Every role should have it. */
export const viewDirectory: Capability = "tenant.directory.view"

/** The most objects on a page of a search. */
export const maxPage = 100
/** The most ids that one call labels. */
export const maxLabels = 200

/** What to search for. */
export interface SearchOptions<Filter extends string> {
  /** Part of a name; accents and case do not matter. Default: empty, for all names. */
  readonly query?: string
  /** All of them must hold. */
  readonly filters?: ReadonlyArray<Filter>
  /** The `nextCursor` of the page before. Default: the first page. */
  readonly cursor?: string | null
  /** Default 20, at most 100. */
  readonly limit?: number
}

/** A page of a search, and how old the cache is. */
export interface SearchPage<A> {
  readonly items: ReadonlyArray<A>
  /** Opaque text that continues this search. Null on the last page. */
  readonly nextCursor: string | null
  /** More names contain the query than the search looked at: "type more". */
  readonly typeMore: boolean
  readonly freshness: Freshness
}

/** What is known of an id that somebody stored. */
export interface DirectoryLabel {
  readonly id: string
  /** The last known name; null if the cache has never seen the id. */
  readonly displayName: string | null
  /** Whether the object exists, what became of it, or that the cache has never seen it. */
  readonly state: "exists" | Removal | "never_seen"
}

/** Labels in the order of the ids, and how old the cache is. */
export interface Labels {
  readonly labels: ReadonlyArray<DirectoryLabel>
  readonly freshness: Freshness
}

/** An object, and how old the cache is. */
export interface Cached<A> {
  readonly item: A
  readonly freshness: Freshness
}

type Refused = Problems.Refusal

/** Reads one cached collection for people. */
export interface DirectoryReader<A, Filter extends string> {
  /**
   * Finds existing objects, in this order: the name that equals the query, names that begin with it, names with another word
   * that begins with it, and names that contain it; by name in each. The last two end after their first 500 in this order, and
   * `typeMore` then says that a longer query would find more.
   */
  search(
    actor: Actor,
    tenantId: string,
    options?: SearchOptions<Filter>
  ): Effect.Effect<SearchPage<A>, Refused | Problems.InvalidCursor>
  /**
   * A name for each id, also of removed objects, in one statement. Of more than 200 ids, it labels the first 200.
   *
   * @example
   * ```ts
   * const directory = yield* DirectoryGroups
   * const { labels } = yield* directory.labels(actor, "contoso", ["group-0", "group-3", "never-heard-of"])
   * assert.deepStrictEqual(labels, [
   *   { id: "group-0", displayName: "Finance", state: "exists" },
   *   { id: "group-3", displayName: "Sales", state: "soft_deleted" },
   *   { id: "never-heard-of", displayName: null, state: "never_seen" }
   * ])
   * ```
   */
  labels(actor: Actor, tenantId: string, ids: ReadonlyArray<string>): Effect.Effect<Labels, Refused>
  /** One object, also a removed one. `NotFound` if the cache has never seen the id. */
  get(actor: Actor, tenantId: string, id: string): Effect.Effect<Cached<A>, Refused>
  /** How old the cache is. */
  freshness(actor: Actor, tenantId: string): Effect.Effect<Freshness, Refused>
}

/** A label for each id, in the order of the ids. */
export const labelEach = Effect.fnUntraced(function* (
  reads: Pick<CollectionReads<unknown, string>, "labels">,
  tenant: TenantScope,
  ids: ReadonlyArray<string>
) {
  const known = ids.length === 0 ? [] : yield* reads.labels(tenant, ids.filter(Storable.is))
  const byId = new Map(known.map((label) => [label.id, label]))
  return ids.map((id): DirectoryLabel => {
    const label = byId.get(id)
    return { id, displayName: label?.displayName ?? null, state: label ? (label.removal ?? "exists") : "never_seen" }
  })
})

/** Makes a reader of one collection; `syncType` is the name of the operation that fills it. */
export const makeDirectoryReader = Effect.fnUntraced(function* <
  A extends { readonly id: string },
  Filter extends string
>(
  syncType: string,
  reads: CollectionReads<A, Filter> & Pick<ReplicaStore, "state">
): Effect.fn.Return<DirectoryReader<A, Filter>, never, Authorization | Runs> {
  const door = yield* Authorization
  const admit = (actor: Actor, tenantId: string) => door.tenant(actor, tenantId, viewDirectory, syncType)
  const decode = makeDecoders(reads.filters)
  const freshnessOf = yield* makeFreshness(syncType, reads.state)

  const search = Effect.fn("DirectoryReader.search")(function* (
    actor: Actor,
    tenantId: string,
    given: SearchOptions<Filter> = {}
  ) {
    const { options } = yield* decode.search({ options: given })
    const tenant = yield* admit(actor, tenantId)
    const { cursor = null, filters = [], limit = 20, query = "" } = options
    const question = JSON.stringify([syncType, query, [...filters].sort()])
    const after = cursor === null ? null : yield* readCursor(cursor, question)
    const { cut, found } = yield* reads.search(tenant, { query, filters, after, limit: limit + 1 })
    const page = found.slice(0, limit)
    const last = page.at(-1)
    return {
      items: page.map(({ item }) => item),
      nextCursor: found.length > limit && last ? writeCursor(last, question) : null,
      typeMore: cut,
      freshness: yield* freshnessOf(actor, tenant)
    }
  })

  const labels = Effect.fn("DirectoryReader.labels")(function* (
    actor: Actor,
    tenantId: string,
    given: ReadonlyArray<string>
  ) {
    const { ids } = yield* decode.labels({ ids: given })
    const tenant = yield* admit(actor, tenantId)
    const labelled = yield* labelEach(reads, tenant, ids.slice(0, maxLabels))
    return { labels: labelled, freshness: yield* freshnessOf(actor, tenant) }
  })

  const get = Effect.fn("DirectoryReader.get")(function* (actor: Actor, tenantId: string, given: string) {
    const { id } = yield* decode.get({ id: given })
    const tenant = yield* admit(actor, tenantId)
    const [item] = Storable.is(id) ? yield* reads.byIds(tenant, [id]) : []
    if (item === undefined) return yield* new Problems.NotFound({})
    return { item, freshness: yield* freshnessOf(actor, tenant) }
  })

  const freshness = Effect.fn("DirectoryReader.freshness")(function* (actor: Actor, tenantId: string) {
    return yield* freshnessOf(actor, yield* admit(actor, tenantId))
  })

  return { search, labels, get, freshness }
})

const makeDecoders = <Filter extends string>(filters: ReadonlyArray<Filter>) => ({
  search: Decoding.argumentsOf(
    Schema.Struct({
      options: Schema.Struct({
        query: Schema.optional(Schema.String),
        filters: Schema.optional(Schema.Array(Schema.Literals(filters))),
        cursor: Schema.optional(Schema.NullOr(Schema.String)),
        limit: Schema.optional(Decoding.pageLimit(maxPage))
      })
    })
  ),
  labels: Decoding.argumentsOf(Schema.Struct({ ids: Schema.Array(Schema.String) })),
  get: Decoding.argumentsOf(Schema.Struct({ id: Schema.String }))
})

// A cursor carries its search, so that it cannot continue another one.
const Cursor = Schema.StringFromBase64Url.pipe(
  Schema.decodeTo(
    Schema.fromJsonString(Schema.Tuple([Schema.Literals([1, 2, 3]), Storable.Text, Storable.Text, Schema.String]))
  )
)
const writeCursor = ({ foldedName, item, tier }: Found<{ readonly id: string }>, question: string) =>
  Schema.encodeSync(Cursor)([tier, foldedName, item.id, question])
const readCursor = Effect.fnUntraced(function* (cursor: string, question: string) {
  const [tier, foldedName, id, of] = yield* Schema.decodeUnknownEffect(Cursor)(cursor).pipe(
    Effect.mapError(() => new Problems.InvalidCursor({}))
  )
  if (of !== question) return yield* new Problems.InvalidCursor({})
  return { tier, foldedName, id }
})
