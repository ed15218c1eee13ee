import {
  type Actor,
  argumentsOf,
  Authorization,
  type Capability,
  isStorable,
  Problems,
  type Runs,
  type TenantScope
} from "@atlas/operations"
import { type Freshness, makeFreshness, type Removal, type ReplicaStore } from "@atlas/replica"
import { Effect, Schema } from "effect"
import type { CollectionReads, Found } from "../cache/CollectionReads.ts"

/** The right to read the cached directory; every role should have it. */
export const viewDirectory: Capability = "tenant.directory.view"

/** The largest page of a search, and the most ids that are looked up at once. */
export const maxPage = 100
/** How many ids can be labelled at once. */
export const maxLabels = 200

/** What to search for. */
export interface SearchOptions<Filter extends string> {
  /** Part of a name; accents and case do not matter. Empty for all. */
  readonly query?: string
  /** All of them must hold. */
  readonly filters?: ReadonlyArray<Filter>
  /** From the page before. */
  readonly cursor?: string | null
  /** Default 20, at most 100. */
  readonly limit?: number
}

/** A page of a search, and how old the cache is that it comes from. */
export interface SearchPage<A> {
  readonly items: ReadonlyArray<A>
  /** Opaque; continues this search. Null on the last page. */
  readonly nextCursor: string | null
  /** More names contain the query than are looked at: "type more". */
  readonly typeMore: boolean
  readonly freshness: Freshness
}

/** What is known of an id that somebody kept. */
export interface DirectoryLabel {
  readonly id: string
  /** The last known name; of an id that was never seen, null. */
  readonly displayName: string | null
  /** Whether it exists, what became of it, or that the cache has never seen it. */
  readonly state: "exists" | Removal | "never_seen"
}

/** Labels in the order of the ids, and how old the cache is that they come from. */
export interface Labels {
  readonly labels: ReadonlyArray<DirectoryLabel>
  readonly freshness: Freshness
}

/** An object, and how old the cache is that it comes from. */
export interface Cached<A> {
  readonly item: A
  readonly freshness: Freshness
}

type Refused = Problems.Refusal

/**
 * Reading a cached collection for people: never from Graph, always with the age of what is shown. Outsiders get
 * `NotFound`, members without `tenant.directory.view` get `Forbidden`.
 */
export interface DirectoryReader<A, Filter extends string> {
  /**
   * Existing objects: the name that equals the query, names that begin with it, names of which another word does, and names
   * that contain it; by name in each. The last two end after 500, and say that a longer query would find more.
   */
  search(
    actor: Actor,
    tenantId: string,
    options?: SearchOptions<Filter>
  ): Effect.Effect<SearchPage<A>, Refused | Problems.InvalidCursor>
  /** A name for each id, also of what was removed, in one statement. Of more than 200 ids, the first 200. */
  labels(actor: Actor, tenantId: string, ids: ReadonlyArray<string>): Effect.Effect<Labels, Refused>
  /** One object, also a removed one; `NotFound` for an id that was never seen. */
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
  const known = ids.length === 0 ? [] : yield* reads.labels(tenant, ids.filter(isStorable))
  const byId = new Map(known.map((label) => [label.id, label]))
  return ids.map((id): DirectoryLabel => {
    const label = byId.get(id)
    return { id, displayName: label?.displayName ?? null, state: label ? (label.removal ?? "exists") : "never_seen" }
  })
})

/**
 * A reader of one collection.
 *
 * @param syncType the name of the type that fills it
 * @param reads its statements
 */
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
    const [item] = isStorable(id) ? yield* reads.byIds(tenant, [id]) : []
    if (item === undefined) return yield* new Problems.NotFound({})
    return { item, freshness: yield* freshnessOf(actor, tenant) }
  })

  const freshness = Effect.fn("DirectoryReader.freshness")(function* (actor: Actor, tenantId: string) {
    return yield* freshnessOf(actor, yield* admit(actor, tenantId))
  })

  return { search, labels, get, freshness }
})

const makeDecoders = <Filter extends string>(filters: ReadonlyArray<Filter>) => ({
  search: argumentsOf(
    Schema.Struct({
      options: Schema.Struct({
        query: Schema.optional(Schema.String),
        filters: Schema.optional(Schema.Array(Schema.Literals(filters))),
        cursor: Schema.optional(Schema.NullOr(Schema.String)),
        limit: Schema.optional(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: maxPage })))
      })
    })
  ),
  labels: argumentsOf(Schema.Struct({ ids: Schema.Array(Schema.String) })),
  get: argumentsOf(Schema.Struct({ id: Schema.String }))
})

const Storable = Schema.String.check(Schema.makeFilter(isStorable))

// A cursor carries its question, so that it cannot continue another search.
const Cursor = Schema.StringFromBase64Url.pipe(
  Schema.decodeTo(Schema.fromJsonString(Schema.Tuple([Schema.Literals([1, 2, 3]), Storable, Storable, Schema.String])))
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
