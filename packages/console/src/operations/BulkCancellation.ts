/**
 * Cancelling many runs at once, in several requests: exactly those that a person was shown and has confirmed.
 *
 * @module
 */

import { type Actor, Problems, type Run, Runs } from "@atlas/operations"
import { Effect, Option, Schema } from "effect"
import { Confirmations } from "../shell/Confirmations.ts"
import { filterOf, type Listing, listingFilters } from "./RunListing.ts"

const purpose = "cancel runs"

// Keeps requests short: the next request cancels the rest.
const cancelledAtOnce = 100

// The form carries every id, and may have 64 KiB.
const mostShown = 1_000

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** What a person was shown before cancelling many runs, and how far that is. */
const Confirmed = Schema.Struct({
  listing: Schema.Record(Schema.Literals(listingFilters), Schema.optionalKey(Schema.String)),
  /** The runs that were shown and are left, packed. */
  left: Schema.String,
  /** How many runs were asked to stop, were refused for want of the capability, and had ended before. */
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
  /** How many had ended before. */
  readonly ended: number
  /** How many of the confirmed runs are left. */
  readonly left: number
  /** Confirms the rest; null once nothing is left. */
  readonly confirmation: string | null
}

/** Ids of runs in 22 characters each. */
const pack = (ids: ReadonlyArray<string>) => Buffer.from(ids.join("").replaceAll("-", ""), "hex").toString("base64url")

const unpack = (packed: string) =>
  (Buffer.from(packed, "base64url").toString("hex").match(/.{32}/g) ?? []).map((hex) =>
    hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
  )

/** The refusal of anything that is not a confirmation of these runs. */
export const unconfirmed = new Problems.InvalidInput({
  detail: "Nothing was cancelled: this is not what was confirmed. Open the list again, and confirm what it shows.",
  errors: [{ pointer: "/confirmation", detail: "Expected the confirmation of a page that is less than an hour old" }]
})

/** Cancels many runs, a hundred with each request: exactly those that a person was shown and has confirmed. */
export const makeBulkCancellation = Effect.gen(function* () {
  const runs = yield* Runs
  const confirmations = yield* Confirmations

  const seal = (actor: Actor, confirmed: Confirmed) =>
    Effect.flatMap(Effect.orDie(Schema.encodeEffect(Confirmed)(confirmed)), (json) =>
      confirmations.seal(purpose, actor, json)
    )

  /** The newest runs of a list that are queued or running, at most as many as a form can name. */
  const activeOf = Effect.fnUntraced(function* (actor: Actor, listing: Listing) {
    const filter = filterOf(listing)
    const found: Array<Run> = []
    let cursor: string | null = null
    do {
      const page: { readonly cursor: string | null; readonly limit: number } = { cursor, limit: Runs.maxPageSize }
      const { nextCursor, runs: next } = yield* runs.list(actor, { ...filter, status: filter.status ?? "active" }, page)
      found.push(...next.filter(({ status }) => status !== "completed"))
      cursor = nextCursor
    } while (cursor !== null && found.length < mostShown)
    return found.slice(0, mostShown)
  })

  /** Returns how many runs would be cancelled, how many match, and the confirmation of exactly these. */
  const ask = Effect.fn("BulkCancellation.ask")(function* (actor: Actor, listing: Listing) {
    // A run may change its status before the confirmation: these runs are confirmed, whatever becomes of them.
    const shown = yield* activeOf(actor, listing)
    const { queued, running } = yield* runs.tally(actor, filterOf(listing))
    const left = pack(shown.map(({ id }) => id))
    const confirmation = yield* seal(actor, { listing, left, cancelled: 0, refused: 0, ended: 0 })
    return { shown: shown.length, matching: Math.max(shown.length, queued + running), confirmation }
  })

  const cancelOne = (actor: Actor, id: string) =>
    runs.cancel(actor, id).pipe(
      Effect.as("cancelled" as const),
      Effect.catchTags({
        Forbidden: () => Effect.succeed("refused" as const),
        // Its operation is no longer registered.
        NotSupported: () => Effect.succeed("refused" as const),
        // It ended before.
        RunConflict: () => Effect.succeed("ended" as const),
        NotFound: () => Effect.succeed("ended" as const)
      })
    )

  /** Cancels the next runs of a confirmation. Refuses anything but what `ask` or an earlier answer returned. */
  const go = Effect.fn("BulkCancellation.go")(function* (actor: Actor, confirmation: string) {
    const sealed = Option.getOrNull(yield* confirmations.open(purpose, actor, confirmation))
    const confirmed = yield* Schema.decodeUnknownEffect(Confirmed)(sealed).pipe(Effect.mapError(() => unconfirmed))
    const ids = unpack(confirmed.left)
    const left = ids.slice(cancelledAtOnce)
    const ways = yield* Effect.forEach(ids.slice(0, cancelledAtOnce), (id) => cancelOne(actor, id), { concurrency: 4 })
    const count = (way: (typeof ways)[number]) => confirmed[way] + ways.filter((each) => each === way).length
    const reached = { cancelled: count("cancelled"), refused: count("refused"), ended: count("ended") }
    const progress: BulkProgress = {
      listing: confirmed.listing,
      ...reached,
      left: left.length,
      confirmation: left.length > 0 ? yield* seal(actor, { ...confirmed, ...reached, left: pack(left) }) : null
    }
    return progress
  })

  return { ask, go }
})
