/**
 * Copies a collection inside the handler of an operation. A page's rows, the round's place and the run's progress are one
 * transaction, so another worker continues where one stopped. Only the last transaction of a round removes anything.
 *
 * @module
 */
import { type GraphCursor, type GraphError, type RunCounts, RunFailure, RunHandler } from "@atlas/operations"
import { Array, Effect, Option, Stream } from "effect"
import { guardedShare } from "./removals.ts"
import type { ReplicaStore } from "./ReplicaStore.ts"
import { type PageStored, type RoundEnd, type RoundKind, type RoundOwner } from "./Round.ts"
import type { Page, Source } from "./Source.ts"

/** The committed progress of a run. A run that copies several collections shares one tally among them. */
export interface Tally {
  counts: RunCounts
}

/** What to copy, and for which run. */
export interface Copy {
  /** The run whose handler copies. */
  readonly run: Pick<RunHandler.RunContext<unknown>, "failed" | "run" | "scope" | "transaction">
  readonly source: Source
  readonly store: ReplicaStore
  /** The run's progress, if it copies several collections. Default: what its earlier attempts committed. */
  readonly tally?: Tally
  /** Reads everything, even if the changes since the last round would do. Default false. */
  readonly full?: boolean | undefined
  /** How many removals a person has confirmed, over all collections that the run copies. Default 0. */
  readonly confirmed?: number | undefined
}

/** A copy with its defaults filled in. */
type Asked = Copy & { readonly tally: Tally }

/** One round: everything that its steps share. */
interface Round extends Asked {
  readonly owner: RoundOwner
  readonly kind: RoundKind
  /** Where this attempt continues; undefined at the beginning. */
  readonly from: GraphCursor | undefined
  /** How many objects the run had processed before the round. */
  readonly before: number
}

const ownerOf = ({ run }: Copy): RoundOwner => ({ tenant: run.scope, run: run.run.id })

/** Begins a round: of changes from a history on, or of everything without one. What earlier rounds stored stays. */
const begin = Effect.fnUntraced(function* (copy: Asked, from: GraphCursor | undefined, before: number) {
  const { run, source, store, tally } = copy
  const round: Round = { ...copy, owner: ownerOf(copy), kind: from === undefined ? "full" : "changes", from, before }
  const total = round.kind === "full" && source.count !== null ? { total: yield* source.count } : {}
  const { created = 0, removed = 0, updated = 0 } = tally.counts
  const counts = { ...tally.counts, processed: before, created, updated, removed, ...total }
  yield* run.transaction(store.begin(round.owner, round.kind), () => counts)
  tally.counts = counts
  return round
})

/** Opens this attempt's round: where an earlier attempt of the run was, else at the last history, else with everything. */
const open = Effect.fnUntraced(function* (copy: Asked) {
  const owner = ownerOf(copy)
  const { history, interrupted, isDone, seen } = yield* copy.store.standing(owner)
  if (isDone) return null
  const before = (copy.tally.counts.processed ?? 0) - seen
  const known = history !== null && history.contract === copy.source.history ? history.cursor : undefined
  if (interrupted !== null && (interrupted.kind === "full" || known !== undefined)) {
    return { ...copy, owner, kind: interrupted.kind, from: interrupted.cursor, before } satisfies Round
  }
  return yield* begin(copy, copy.full === true ? undefined : known, before)
})

const advance = ({ source, tally: { counts } }: Round, written: PageStored): RunCounts => {
  const processed = (counts.processed ?? 0) + written.seen
  const created = (counts.created ?? 0) + written.created
  const updated = (counts.updated ?? 0) + written.updated
  // A listing gives each object as a whole, so what is neither new nor changed is unchanged.
  const unchanged = source.history === null ? { unchanged: Math.max(0, processed - created - updated) } : {}
  return { ...counts, processed, created, updated, ...unchanged }
}

/** Stores a page, inside a transaction. */
const store = Effect.fnUntraced(function* (round: Round, { before, changes, cursor, isLast }: Page) {
  if (before !== undefined) yield* before
  return advance(round, yield* round.store.storePage(round.owner, { changes, cursor, isLast }))
})

/** Stores the last page and decides, in the same transaction, what is gone. */
const finish = Effect.fnUntraced(function* (round: Round, page: Page) {
  const { kind, run, source, tally } = round
  const expected = kind === "full" && source.count !== null ? yield* source.count : null
  const history =
    page.cursor === null || source.history === null ? null : { cursor: page.cursor, contract: source.history }
  const share = yield* guardedShare
  // What the run has already removed counts towards what was confirmed.
  const confirmed = Math.max(0, (round.confirmed ?? 0) - (tally.counts.removed ?? 0))
  const done = yield* run.transaction(
    Effect.gen(function* () {
      const reached = yield* store(round, page)
      const end = yield* round.store.complete(round.owner, { expected, share, confirmed }, history)
      const removed = (reached.removed ?? 0) + (end._tag === "Applied" ? end.removed : 0)
      return { end, counts: { ...reached, removed } }
    }),
    ({ counts }) => counts
  )
  tally.counts = done.counts
  return done.end
})

/** The most pages read while the one before is stored: all that is in memory besides it. */
const pagesAhead = 4

/** Joins waiting pages, since Graph's pages of changes are small and a transaction costs as much as a page. */
const together = (pages: Array.NonEmptyReadonlyArray<Page>): Page => ({
  ...Array.lastNonEmpty(pages),
  changes: pages.flatMap(({ changes }) => changes),
  before: Effect.forEach(pages, ({ before = Effect.void }) => before, { discard: true }),
  findings: pages.flatMap(({ findings = [] }) => findings)
})

/** Reads a round from its position to its end. */
const read = Effect.fnUntraced(function* (round: Round) {
  const { run, source, tally } = round
  const take = Effect.fnUntraced(function* (page: Page) {
    const end = page.isLast ? Option.some(yield* finish(round, page)) : Option.none<RoundEnd>()
    if (!page.isLast) tally.counts = yield* run.transaction(store(round, page), (reached) => reached)
    yield* Effect.forEach(page.findings ?? [], (finding) => run.failed(finding), { discard: true })
    return end
  })
  const ends = source
    .pages(round.from)
    .pipe(Stream.buffer({ capacity: pagesAhead }), Stream.chunks, Stream.map(together), Stream.mapEffect(take))
  const end = Option.flatten(yield* Stream.runLast(ends))
  return yield* conclude(round, Option.getOrUndefined(end))
})

const number = new Intl.NumberFormat("en")

/** Reports on the run what the round could not do. */
const conclude = Effect.fnUntraced(function* ({ run, source }: Round, end: RoundEnd | undefined) {
  const { item, noun } = source
  if (end === undefined || end._tag === "Incomplete") {
    const seen = end === undefined ? "some" : number.format(end.existing)
    const of = end?.expected === undefined ? "an unknown number" : number.format(end.expected)
    return yield* new RunFailure({
      reasonCode: "provider_partial_result",
      message: `Graph listed ${seen} of ${of} ${noun}. Nothing was removed.`
    })
  }
  if (end._tag === "Withheld") {
    const [removals, size] = [end.removals, end.size].map((count) => number.format(count))
    yield* run.failed({
      reasonCode: "removals_withheld",
      message: `The tenant no longer has ${removals} of ${size} ${noun}. None was removed: confirm the removals first.`,
      ...(item === undefined ? {} : { item })
    })
  }
  return end
})

/**
 * Copies everything, or what has changed since the last round, and returns how the round ended. If it is `Withheld`, the run
 * already reports that. If the provider has forgotten the history, or leads in circles, one full round follows. A run that has
 * completed its round makes no other.
 *
 * @example
 * ```ts
 * const source = { noun: "scope tags", history: null, count: null, pages: () => pages }
 * return resultOf(yield* copy({ run, store, source, confirmed: run.input.confirmRemovals }))
 * ```
 */
export const copy = Effect.fn("Replica.copy")(function* (
  given: Copy
): Effect.fn.Return<Exclude<RoundEnd, { readonly _tag: "Incomplete" }>, GraphError | RunFailure> {
  const asked = { tally: { counts: given.run.run.summaryCounts }, ...given }
  const round = yield* open(asked)
  if (round === null) return { _tag: "Applied", removed: 0 }
  const startsOver = (error: GraphError | RunFailure) =>
    error.reasonCode === "provider_resync_required" ||
    (error.reasonCode === "provider_pagination_loop" && round.kind === "changes")
  return yield* read(round).pipe(
    Effect.catchIf(startsOver, () => Effect.flatMap(begin(asked, undefined, round.before), read))
  )
})

/** The result of a run that copies one collection: partially succeeded if removals were withheld. */
export const resultOf = ({ _tag }: { readonly _tag: RoundEnd["_tag"] }): RunHandler.RunResult =>
  _tag === "Withheld" ? RunHandler.partiallySucceeded("removals_withheld") : RunHandler.succeeded
