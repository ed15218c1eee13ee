import { GraphCursor, type GraphError, RemovalGuard, type RunCounts, RunFailure, RunHandler } from "@atlas/operations"
import { Array, Effect, Option, Schema, Stream } from "effect"
import type { CacheChange, PageWritten, RoundEnd, RoundKind } from "../cache/Collection.ts"
import type { CollectionWrites } from "../cache/CollectionWrites.ts"

/** What a sync may be told. */
export const SyncInput = Schema.Struct({
  /** Reads everything, although the changes since the last sync would do. */
  full: Schema.optionalKey(Schema.Boolean),
  /** How many removals a person has seen and confirmed, where they are more than `RemovalGuard` allows. */
  confirmRemovals: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100_000_000 })))
})
export type SyncInput = typeof SyncInput.Type

/** One page of a source, as rows of the cache. */
export interface SourcePage {
  readonly changes: ReadonlyArray<CacheChange>
  /** Where to go on after it; of the last page, where the next round begins, if the source has a history. */
  readonly cursor: GraphCursor | null
  readonly isLast: boolean
}

/** Where a collection comes from. */
export interface Source {
  /** In the plural, for people. */
  readonly noun: string
  /** Names what is read, where the source has a history of changes. */
  readonly history: string | null
  /** The pages of a round: from its beginning, or from a cursor on. Ends only with a last page. */
  pages(from: GraphCursor | undefined): Stream.Stream<SourcePage, GraphError>
  /** The collection's size, where the provider tells. */
  readonly count: Effect.Effect<number, GraphError> | null
}

type SyncRun = RunHandler.RunContext<SyncInput>

interface Position {
  readonly kind: RoundKind
  readonly from: GraphCursor | undefined
}

/** How far the run is, committed. */
interface Progress {
  counts: RunCounts
}

// What earlier rounds of this run have stored stays stored.
const restarted = ({ created = 0, removed = 0, updated = 0 }: RunCounts): RunCounts => ({
  processed: 0,
  created,
  updated,
  removed
})

const advance = (counts: RunCounts, { created, seen, updated }: PageWritten): RunCounts => ({
  ...counts,
  processed: (counts.processed ?? 0) + seen,
  created: (counts.created ?? 0) + created,
  updated: (counts.updated ?? 0) + updated
})

const cursorOf = (stored: string | null | undefined) =>
  stored === null || stored === undefined ? undefined : GraphCursor.make(stored)

/** Where this attempt begins: where an earlier one of the same run was, else at the last history, else with everything. */
const positionOf = Effect.fnUntraced(function* (
  run: SyncRun,
  cache: CollectionWrites,
  source: Source,
  progress: Progress
) {
  const owner = { tenant: run.tenant, run: run.run.id }
  const interrupted = yield* cache.resume(owner)
  const known = yield* cache.history(run.tenant)
  const history = cursorOf(known !== null && known.contract === source.history ? known.cursor : null)
  if (interrupted !== null && (interrupted.kind === "full" || history !== undefined)) {
    const { cursor, kind } = interrupted
    const from = cursorOf(cursor) ?? (kind === "changes" ? history : undefined)
    return { kind, from } satisfies Position
  }
  return yield* begin(run, cache, source, progress, run.input.full === true ? undefined : history)
})

/** Begins a round: of changes from a history on, or without one of everything. */
const begin = Effect.fnUntraced(function* (
  run: SyncRun,
  cache: CollectionWrites,
  source: Source,
  progress: Progress,
  from: GraphCursor | undefined
) {
  const kind = from === undefined ? ("full" as const) : ("changes" as const)
  const total = kind === "full" && source.count !== null ? { total: yield* source.count } : {}
  const counts: RunCounts = { ...restarted(progress.counts), ...total }
  yield* run.transaction(cache.begin({ tenant: run.tenant, run: run.run.id }, kind), () => counts)
  progress.counts = counts
  return { kind, from } satisfies Position
})

/** Pages that were read while the one before was stored: all that is in memory beside it. */
const pagesAhead = 4

/** They are stored as one: Graph's pages of changes are small, and each transaction costs as much as a page. */
const together = (pages: Array.NonEmptyReadonlyArray<SourcePage>): SourcePage => ({
  ...Array.lastNonEmpty(pages),
  changes: pages.flatMap(({ changes }) => changes)
})

/** One round from a position to its end. */
const readRound = Effect.fnUntraced(function* (
  run: SyncRun,
  cache: CollectionWrites,
  source: Source,
  progress: Progress,
  { from, kind }: Position
) {
  const owner = { tenant: run.tenant, run: run.run.id }
  const share = yield* RemovalGuard

  const store = Effect.fnUntraced(function* ({ changes, cursor, isLast }: SourcePage) {
    const written = yield* cache.writePage(owner, { changes, cursor: isLast ? null : cursor })
    return advance(progress.counts, written)
  })

  const finish = Effect.fnUntraced(function* (page: SourcePage) {
    const expected = kind === "full" && source.count !== null ? yield* source.count : null
    const { cursor } = page
    const history = cursor === null || source.history === null ? null : { cursor, contract: source.history }
    const proof = { expected, share, confirmed: run.input.confirmRemovals ?? 0 }
    const done = yield* run.transaction(
      Effect.gen(function* () {
        const reached = yield* store(page)
        const end = yield* cache.complete(owner, proof, history)
        const removed = (reached.removed ?? 0) + (end._tag === "Applied" ? end.removed : 0)
        return { end, counts: { ...reached, removed } }
      }),
      (reached) => reached.counts
    )
    return done.end
  })

  const take = Effect.fnUntraced(function* (page: SourcePage) {
    if (page.isLast) return Option.some(yield* finish(page))
    progress.counts = yield* run.transaction(store(page), (reached) => reached)
    return Option.none<RoundEnd>()
  })

  const ends = source
    .pages(from)
    .pipe(Stream.buffer({ capacity: pagesAhead }), Stream.chunks, Stream.map(together), Stream.mapEffect(take))
  const end = Option.flatten(yield* Stream.runLast(ends))
  return yield* conclude(run, source.noun, Option.getOrUndefined(end))
})

const number = new Intl.NumberFormat("en")

const conclude = Effect.fnUntraced(function* (run: SyncRun, noun: string, end: RoundEnd | undefined) {
  if (end === undefined || end._tag === "Incomplete") {
    const seen = end === undefined ? "some" : number.format(end.existing)
    const of = end?.expected === undefined ? "an unknown number" : number.format(end.expected)
    return yield* new RunFailure({
      reasonCode: "provider_partial_result",
      message: `Graph listed ${seen} of ${of} ${noun}. Nothing was removed.`
    })
  }
  if (end._tag === "Applied") return RunHandler.succeeded
  const [removals, size] = [end.removals, end.size].map((count) => number.format(count))
  yield* run.failed({
    reasonCode: "removals_withheld",
    message: `The directory no longer has ${removals} of ${size} ${noun}. None was removed: that many need a confirmation.`
  })
  return RunHandler.partiallySucceeded("removals_withheld")
})

/**
 * Copies a collection into the cache: everything, or what changed since the last time. Each page's rows, how far the round
 * is, and the run's progress are one transaction, so that another worker goes on where this one stopped. Only the last one
 * removes anything. Where the provider has forgotten the history, or leads in circles, a full round follows once.
 *
 * @param run what the handler was handed
 * @param cache where to
 * @param source where from
 */
export const sync = Effect.fn("CollectionSync")(function* (run: SyncRun, cache: CollectionWrites, source: Source) {
  const progress: Progress = { counts: run.run.summaryCounts }
  const position = yield* positionOf(run, cache, source, progress)
  const startsOver = (error: GraphError | RunFailure) =>
    error.reasonCode === "provider_resync_required" ||
    (error.reasonCode === "provider_pagination_loop" && position.kind === "changes")
  return yield* readRound(run, cache, source, progress, position).pipe(
    Effect.catchIf(startsOver, () =>
      Effect.flatMap(begin(run, cache, source, progress, undefined), (full) =>
        readRound(run, cache, source, progress, full)
      )
    )
  )
})
