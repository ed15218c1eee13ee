/**
 * Listings and rounds of changes, as streams of pages. A listing ends only when the provider says that it is complete; anything
 * else is a failure, never a shorter list.
 *
 * @module
 */
import {
  type GraphChange,
  type GraphContract,
  GraphCursor,
  type GraphDeltaPage,
  GraphError,
  type GraphPage
} from "@atlas/operations"
import { Effect, Fiber, Option, Predicate, Schema, Stream } from "effect"
import { headersOf, trustedLink } from "./GraphLinks.ts"
import { readJson, type Requests } from "./GraphRequests.ts"
import type { Target } from "./GraphTarget.ts"

const Link = Schema.optionalKey(Schema.NullOr(Schema.String))
const Body = Schema.Struct({
  value: Schema.Array(Schema.Unknown),
  "@odata.count": Schema.optionalKey(Schema.NullOr(Schema.Int)),
  "@odata.nextLink": Link,
  "@odata.deltaLink": Link
})
type Body = typeof Body.Type

/** A page, and the link to the next one; null after the last. */
interface Step<Page> {
  readonly page: Page
  readonly next: string | null
}

/** Decodes a body as a page. Its links are not trusted yet. */
type ToStep<Page> = (body: Body) => Effect.Effect<Step<Page>, Schema.SchemaError>

/**
 * Refuses a link that this listing followed before, or that leads to the collection's beginning: a listing from a cursor
 * would mix with another one, and end as if it were complete.
 */
const makeOnce = ({ beginning, contract, first }: ListingRequest) => {
  const seen = new Set([beginning, first])
  return (link: string) =>
    Effect.suspend(() => {
      if (!seen.has(link)) return Effect.succeed(void seen.add(link))
      return new GraphError({
        reasonCode: "provider_pagination_loop",
        message: `The pages of ${contract.name} lead back to an earlier one.`,
        contract: contract.name
      })
    })
}

/** Where a listing begins, and how it is read. */
export interface ListingRequest {
  readonly perform: Requests["perform"]
  readonly target: Target
  readonly contract: GraphContract.GraphContract
  /** The first address; trusted. */
  readonly first: string
  /** Where a listing without a cursor begins. */
  readonly beginning: string
}

/** The pages of a listing. Exactly one page is fetched ahead while the consumer works on the one before. */
const pagesOf = <Page>(listing: ListingRequest, toStep: ToStep<Page>) => {
  const { contract, first, perform, target } = listing
  return Stream.unwrap(
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const once = makeOnce(listing)
      const decode = (body: unknown) => Effect.flatMap(decodeBody(body), toStep)
      const read = readJson(contract, decode)
      const headers = headersOf(contract)
      const cost = contract.cost ?? 1
      const fetch = (link: string): Effect.Effect<Step<Page>, GraphError> =>
        perform(target, { contract, method: "GET", link, headers, body: undefined, cost, replay: "safe" }, read).pipe(
          // Checked before the page is handed out: the consumer stores its cursor, which must be safe to follow.
          Effect.tap(({ next }) => (next === null ? Effect.void : trustedLink(target.cloud, contract, next)))
        )
      return Stream.paginate(fetch(first), (pending) =>
        Effect.gen(function* () {
          const { next, page } = yield* pending
          if (next === null) return [[page], Option.none<typeof pending>()] as const
          yield* once(next)
          const ahead = yield* Effect.forkIn(fetch(next), scope)
          return [[page], Option.some(Fiber.join(ahead))] as const
        })
      )
    })
  ).pipe(Stream.withSpan("Graph.list", { attributes: { contract: contract.name } }))
}

const decodeBody = Schema.decodeUnknownEffect(Body)

/** The pages of one collection; `schema` decodes an item. */
export const list = <A>(
  listing: ListingRequest,
  schema: Schema.Decoder<A>
): Stream.Stream<GraphPage<A>, GraphError> => {
  const decodeItems = Schema.decodeUnknownEffect(Schema.Array(schema))
  return pagesOf(listing, (body) =>
    Effect.map(decodeItems(body.value), (items) => {
      const next = cursorOf(body["@odata.nextLink"])
      return { next, page: { items, count: body["@odata.count"] ?? null, next } }
    })
  )
}

const forgotten: ReadonlySet<string> = new Set([
  "provider_resource_not_found",
  "provider_request_invalid",
  "provider_query_unsupported"
])

/**
 * Graph answers some links that it gave itself with 404, or with 400 about their token. It has forgotten the history then, as
 * with 410.
 */
const resuming = (listing: ListingRequest): ListingRequest => ({
  ...listing,
  perform: (target, ask, read) => {
    const answer = listing.perform(target, ask, read)
    if (ask.link === listing.beginning) return answer
    return Effect.mapError(answer, (error) =>
      forgotten.has(error.reasonCode)
        ? new GraphError({ ...error, message: error.message, reasonCode: "provider_resync_required" })
        : error
    )
  }
})

/**
 * The pages of one round of a collection's changes; `schema` decodes the changed properties of an item.
 *
 * @see https://learn.microsoft.com/graph/delta-query-overview
 */
export const delta = <A>(
  listing: ListingRequest,
  schema: Schema.Decoder<A>
): Stream.Stream<GraphDeltaPage<A>, GraphError> => {
  const decodeItem = Schema.decodeUnknownEffect(schema)
  const toChange = Effect.fnUntraced(function* (value: unknown) {
    if (Predicate.hasProperty(value, "@removed")) {
      const { id, "@removed": removed } = yield* decodeRemoval(value)
      // Graph says `deleted` only if the object is gone for good.
      const change: GraphChange<A> = {
        _tag: "Removed",
        id,
        reason: removed?.reason === "deleted" ? "deleted" : "changed"
      }
      return change
    }
    const { id } = yield* decodeIdentified(value)
    const change: GraphChange<A> = { _tag: "Upserted", id, item: yield* decodeItem(value) }
    return change
  })
  return pagesOf(resuming(listing), (body) =>
    Effect.gen(function* () {
      const next = cursorOf(body["@odata.nextLink"])
      // A page without either link would end the round without a start of the next one.
      const cursor = next ?? (yield* decodeCursor(body["@odata.deltaLink"]))
      const changes = yield* Effect.forEach(body.value, toChange)
      return { next, page: { changes, cursor, isLast: next === null } }
    })
  ).pipe(
    Stream.tap(({ cursor, isLast }) =>
      isLast ? trustedLink(listing.target.cloud, listing.contract, cursor) : Effect.void
    )
  )
}

const decodeCursor = Schema.decodeUnknownEffect(GraphCursor)
const decodeIdentified = Schema.decodeUnknownEffect(Schema.Struct({ id: Schema.String }))
const decodeRemoval = Schema.decodeUnknownEffect(
  Schema.Struct({
    id: Schema.String,
    "@removed": Schema.NullOr(Schema.Struct({ reason: Schema.optionalKey(Schema.NullOr(Schema.String)) }))
  })
)

const cursorOf = (link: string | null | undefined): GraphCursor | null =>
  link === undefined || link === null ? null : GraphCursor.make(link)
