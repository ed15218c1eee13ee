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
import { bodyOf, type Requests } from "./GraphRequests.ts"
import type { Target } from "./GraphTarget.ts"

const Link = Schema.optionalKey(Schema.NullOr(Schema.String))
const Body = Schema.Struct({
  value: Schema.Array(Schema.Unknown),
  "@odata.count": Schema.optionalKey(Schema.NullOr(Schema.Int)),
  "@odata.nextLink": Link,
  "@odata.deltaLink": Link
})
type Body = typeof Body.Type

/** A page, and where the one after it is; null after the last. */
interface Step<Page> {
  readonly page: Page
  readonly next: string | null
}

/** What a kind of listing makes of one body, whose links are not trusted yet. */
type ToStep<Page> = (body: Body) => Effect.Effect<Step<Page>, Schema.SchemaError>

/**
 * Refuses a link that was followed before in the same listing, or that leads to the collection's beginning: what goes on
 * from a cursor would be mixed with another listing, and end as if it were complete.
 */
const makeOnce = ({ beginning, contract, first }: Listing) => {
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
export interface Listing {
  readonly perform: Requests["perform"]
  readonly target: Target
  readonly contract: GraphContract.GraphContract
  /** Trusted. */
  readonly first: string
  /** Where a listing without a cursor begins. */
  readonly beginning: string
}

/**
 * The pages of a listing. Exactly one page ahead is fetched while the consumer works on the one before; it ends only where
 * the provider says so.
 */
const pagesOf = <Page>(listing: Listing, toStep: ToStep<Page>) => {
  const { contract, first, perform, target } = listing
  return Stream.unwrap(
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const once = makeOnce(listing)
      const decode = (body: unknown) => Effect.flatMap(decodeBody(body), toStep)
      const read = bodyOf(contract, decode)
      const headers = headersOf(contract)
      const cost = contract.cost ?? 1
      const fetch = (link: string): Effect.Effect<Step<Page>, GraphError> =>
        perform(target, { contract, method: "GET", link, headers, body: undefined, cost, replay: "safe" }, read).pipe(
          // Before the page is handed out: its cursor is stored, and must be one that may be followed.
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

/**
 * The pages of one collection.
 *
 * @param listing where it begins
 * @param schema of one item
 */
export const list = <A>(listing: Listing, schema: Schema.Decoder<A>): Stream.Stream<GraphPage<A>, GraphError> => {
  const decodeItems = Schema.decodeUnknownEffect(Schema.Array(schema))
  return pagesOf(listing, (body) =>
    Effect.map(decodeItems(body.value), (items) => {
      const next = cursorOf(body["@odata.nextLink"])
      return { next, page: { items, count: body["@odata.count"] ?? null, next } }
    })
  )
}

/**
 * The pages of one round of a collection's changes.
 *
 * @param listing where the round begins
 * @param schema of one item, as far as it changed
 * @see https://learn.microsoft.com/graph/delta-query-overview
 */
export const delta = <A>(listing: Listing, schema: Schema.Decoder<A>): Stream.Stream<GraphDeltaPage<A>, GraphError> => {
  const decodeItem = Schema.decodeUnknownEffect(schema)
  const toChange = Effect.fnUntraced(function* (value: unknown) {
    if (Predicate.hasProperty(value, "@removed")) {
      const { id, "@removed": removed } = yield* decodeRemoval(value)
      // Only what is gone for good is called `deleted`.
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
  return pagesOf(listing, (body) =>
    Effect.gen(function* () {
      const next = cursorOf(body["@odata.nextLink"])
      // A page without either link would be an end without a beginning of the next round.
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
