import { type Actor, Problems, type RunFilter, Runs } from "@atlas/operations"
import { DateTime, Effect, Option, Schema } from "effect"
import { Confirmations } from "./Confirmations.ts"
import { filterOf, type Listing, listingFilters } from "./RunListing.ts"

const purpose = "cancel runs"

// A request stays short: what is left is cancelled by the next one.
const cancelledAtOnce = 100

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** What somebody was shown before they cancel many runs, and how far that is. */
const Confirmed = Schema.Struct({
  listing: Schema.Record(Schema.Literals(listingFilters), Schema.optionalKey(Schema.String)),
  /** Runs that were requested later were not shown. */
  asOf: Schema.DateTimeUtcFromString,
  /** How many runs were shown. */
  shown: Count,
  cursor: Schema.NullOr(Schema.String),
  /** Runs asked to stop, left alone for want of the right, and found ended. */
  cancelled: Count,
  refused: Count,
  ended: Count
})
type Confirmed = typeof Confirmed.Type

/** How far a confirmed cancellation is. */
export interface BulkProgress {
  readonly listing: Listing
  readonly cancelled: number
  readonly refused: number
  /** How many of the confirmed runs may be left. */
  readonly left: number
  /** Confirms the rest; null once nothing is left. */
  readonly confirmation: string | null
}

/** The active ones of a list, as of the moment at which they were shown. */
const filterAsOf = (listing: Listing, asOf: DateTime.Utc): RunFilter => {
  const filter = filterOf(listing)
  return {
    ...filter,
    status: filter.status ?? "active",
    to: filter.to === undefined ? asOf : DateTime.min(filter.to, asOf)
  }
}

/** The answer to whatever is no confirmation, or one of something else. */
export const unconfirmed = new Problems.InvalidInput({
  detail: "Nothing was cancelled: this is not what was confirmed. Open the list again, and confirm what it shows.",
  errors: [{ pointer: "/confirmation", detail: "Expected the confirmation of a page that is less than an hour old" }]
})

/** Cancels many runs: exactly those that somebody was shown and has confirmed, a hundred with each request. */
export const makeBulkCancellation = Effect.gen(function* () {
  const runs = yield* Runs
  const confirmations = yield* Confirmations

  const seal = (actor: Actor, confirmed: Confirmed) =>
    Effect.flatMap(Effect.orDie(Schema.encodeEffect(Confirmed)(confirmed)), (json) =>
      confirmations.seal(purpose, actor, json)
    )

  /** How many runs a list would cancel now, and the confirmation of exactly these. */
  const ask = Effect.fn("BulkCancellation.ask")(function* (actor: Actor, listing: Listing) {
    const asOf = yield* DateTime.now
    const { queued, running } = yield* runs.tally(actor, filterAsOf(listing, asOf))
    const shown = queued + running
    const nothing = { cursor: null, cancelled: 0, refused: 0, ended: 0 }
    return { shown, confirmation: yield* seal(actor, { listing, asOf, shown, ...nothing }) }
  })

  const cancelOne = (actor: Actor, id: string) =>
    runs.cancel(actor, id).pipe(
      Effect.as("cancelled" as const),
      Effect.catchTags({
        Forbidden: () => Effect.succeed("refused" as const),
        // Its operation is registered no more.
        NotSupported: () => Effect.succeed("refused" as const),
        // Whoever came first: it has ended.
        RunConflict: () => Effect.succeed("ended" as const),
        NotFound: () => Effect.succeed("ended" as const)
      })
    )

  /** Cancels the next runs of a confirmation. Anything else than what `ask` or an earlier answer gave is refused. */
  const go = Effect.fn("BulkCancellation.go")(function* (actor: Actor, confirmation: string) {
    const sealed = Option.getOrNull(yield* confirmations.open(purpose, actor, confirmation))
    const confirmed = yield* Schema.decodeUnknownEffect(Confirmed)(sealed).pipe(Effect.mapError(() => unconfirmed))
    const { asOf, cursor, listing, shown } = confirmed
    const open = shown - confirmed.cancelled - confirmed.refused - confirmed.ended
    const limit = Math.min(cancelledAtOnce, open)
    const none = { runs: [], nextCursor: null }
    const found = limit > 0 ? yield* runs.list(actor, filterAsOf(listing, asOf), { cursor, limit }) : none
    const ways = yield* Effect.forEach(found.runs, ({ id }) => cancelOne(actor, id), { concurrency: 4 })
    const count = (way: (typeof ways)[number]) => confirmed[way] + ways.filter((each) => each === way).length
    const reached = { cancelled: count("cancelled"), refused: count("refused"), ended: count("ended") }
    const left = found.nextCursor === null ? 0 : open - ways.length
    const rest = { ...confirmed, ...reached, cursor: found.nextCursor }
    const progress: BulkProgress = {
      listing,
      ...reached,
      left,
      confirmation: left > 0 ? yield* seal(actor, rest) : null
    }
    return progress
  })

  return { ask, go }
})
