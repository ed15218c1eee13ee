import { Effect, Layer, Random } from "effect"
import { RunQueue } from "./RunQueue.ts"
import { RunSignals } from "./RunSignals.ts"
import { WorkerSettings } from "./WorkerSettings.ts"

/**
 * Ends the runs that nobody will ever finish: those whose worker died and that have no attempts left. Any number of
 * sweepers may run; the database decides.
 */
export const layer: Layer.Layer<never, never, RunQueue | RunSignals> = Layer.effectDiscard(
  Effect.gen(function* () {
    const queue = yield* RunQueue
    const signals = yield* RunSignals
    const { sweepMillis } = yield* WorkerSettings

    const sweep = Effect.gen(function* () {
      const lost = yield* queue.failLost
      yield* Effect.forEach(lost, signals.changed, { discard: true })
      if (lost.length > 0) yield* Effect.logWarning(`Failed ${lost.length} runs whose workers died`)
    })

    yield* sweep.pipe(
      Effect.catchCause((cause) => Effect.logWarning("Could not sweep; trying again", cause)),
      Effect.andThen(Effect.flatMap(Random.nextBetween(0.75, 1.25), (jitter) => Effect.sleep(sweepMillis * jitter))),
      Effect.forever,
      Effect.forkScoped
    )
  })
)
