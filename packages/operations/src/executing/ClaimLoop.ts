import { Effect, FiberSet, Layer, PubSub, Queue, Random } from "effect"
import * as Metrics from "../ledger/Metrics.ts"
import { RunExecutor } from "./RunExecutor.ts"
import { type Claim, RunQueue } from "../ledger/RunQueue.ts"
import { RunSignals } from "../ledger/RunSignals.ts"
import { redactCause } from "../text/Redaction.ts"
import { WorkerSettings } from "./WorkerSettings.ts"

/**
 * Claims due runs and hands them to the executor: the ledger is the queue. It claims as many runs as slots are free, whenever a
 * signal comes or a slot becomes free, and at every poll. Closing the scope gives running work back.
 */
export const layer: Layer.Layer<never, never, RunExecutor | RunQueue | RunSignals> = Layer.effectDiscard(
  Effect.gen(function* () {
    const executor = yield* RunExecutor
    const queue = yield* RunQueue
    const signals = yield* RunSignals
    const { slots, leaseMillis, pollMillis } = yield* WorkerSettings
    const claim = queue.claimer({ worker: executor.worker, types: executor.types, leaseMillis })
    const running = yield* FiberSet.make<void>()
    const wake = yield* Queue.sliding<void>(1)

    // A claim and its hand-over are one step: a worker that stopped in between would keep runs that nobody executes. The fibers
    // begin uninterruptible for the same reason; the executor decides what may be interrupted.
    const execute = Effect.fnUntraced(function* (claim: Claim) {
      const work = executor.execute(claim).pipe(Effect.ensuring(Queue.offer(wake, undefined)))
      FiberSet.addUnsafe(running, yield* Effect.forkDetach(work, { uninterruptible: true }))
    })
    const round = Effect.gen(function* () {
      const free = slots - (yield* FiberSet.size(running))
      yield* Metrics.workerBusy(slots - free, slots)
      if (free <= 0) return
      const claims = yield* claim(free)
      yield* Effect.forEach(claims, execute, { discard: true })
      yield* Metrics.workerBusy(yield* FiberSet.size(running), slots)
      yield* Effect.forEach(claims, ({ run }) => signals.changed(run.id), { discard: true })
    }).pipe(Effect.uninterruptible)

    // Never later than the poll interval: it bounds how long the run of a dead worker waits beyond its lease.
    const pause = Effect.flatMap(Random.nextBetween(0.75, 1), (jitter) =>
      Effect.timeoutOption(Queue.take(wake), pollMillis * jitter)
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
