import { Effect, Layer, PubSub, Queue, Random } from "effect"
import type * as Operation from "../definition/Operation.ts"
import type { RunLedger } from "../ledger/RunLedger.ts"
import { RunQueue } from "../ledger/RunQueue.ts"
import { RunSignals } from "../ledger/RunSignals.ts"
import { redactCause } from "../text/Redaction.ts"
import { keptMillis } from "./ReadyRuns.ts"
import { RunExecutor } from "./RunExecutor.ts"
import { makeSlots, type Room } from "./Slots.ts"
import { WorkerSettings } from "./WorkerSettings.ts"

/**
 * Makes the function that claims what there is room for. The death of a worker costs each of its runs an attempt, begun or not,
 * so a run that has only one is claimed for a free slot, and never ahead.
 */
const makeClaim = Effect.gen(function* () {
  const { types, worker } = yield* RunExecutor
  const queue = yield* RunQueue
  const { slots, leaseMillis } = yield* WorkerSettings
  const claimerOf = (some: ReadonlyArray<Operation.Any>) => queue.claimer({ worker, types: some, leaseMillis })
  const repeatable = types.filter(({ retry }) => retry.maxAttempts > 1)
  const claim = claimerOf(types)
  const claimAhead = repeatable.length === types.length ? claim : claimerOf(repeatable)

  /** Answers with the claims, and whether there may be more to claim. */
  return Effect.fnUntraced(function* ({ ahead, free }: Room) {
    // A lane that has much to do gets no more turns at once than there are slots.
    const all = Math.min(free + ahead, slots)
    const some = free > 0 && claimAhead !== claim ? free : all
    if (some === 0 || (free === 0 && repeatable.length === 0)) return { claims: [], more: false }
    const claims = yield* free > 0 ? claim(some) : claimAhead(some)
    return { claims, more: claims.length === some }
  })
})

/**
 * Claims due runs and hands them to the executor: the ledger is the queue. It claims whenever a signal comes or a slot becomes
 * free, and at every poll: for the slots that are free, and ahead for those that will be free in a moment. Closing the scope
 * gives back running work, and what was claimed and has not begun.
 */
export const layer: Layer.Layer<never, never, RunExecutor | RunLedger | RunQueue | RunSignals> = Layer.effectDiscard(
  Effect.gen(function* () {
    const signals = yield* RunSignals
    const { leaseMillis, pollMillis } = yield* WorkerSettings
    const { areReady, execute, giveBackLate, measure, room, wake } = yield* makeSlots
    const claim = yield* makeClaim

    // A claim and its hand-over are one step: a worker that stopped in between would keep runs that nobody executes.
    const round = Effect.gen(function* () {
      yield* giveBackLate
      const { claims, more } = yield* claim(yield* room)
      yield* execute(claims)
      if (more) yield* Queue.offer(wake, undefined)
      yield* measure
      yield* Effect.forEach(claims, ({ run }) => signals.changed(run.id), { discard: true })
    }).pipe(Effect.uninterruptible)

    // Never later than the poll interval: it bounds how long the run of a dead worker waits beyond its lease. Nor later than
    // when what is ready has waited too long.
    const pause = Effect.flatMap(Random.nextBetween(0.75, 1), (jitter) =>
      Effect.timeoutOption(
        Queue.take(wake),
        Math.min(pollMillis * jitter, areReady() ? keptMillis(leaseMillis) : Infinity)
      )
    )

    const subscription = yield* signals.subscribe
    yield* PubSub.take(subscription).pipe(
      Effect.flatMap((signal) => (signal._tag === "Queued" ? Queue.offer(wake, undefined) : Effect.void)),
      Effect.forever,
      Effect.forkScoped
    )
    yield* round.pipe(
      Effect.catchCause((cause) => Effect.logWarning("Could not claim runs; trying again", redactCause(cause))),
      Effect.andThen(pause),
      Effect.forever,
      Effect.forkScoped
    )
  })
)
