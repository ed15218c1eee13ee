import { Effect, Layer } from "effect"
import { RunHours } from "../../ledger/reads/RunHours.ts"
import { repeatedly, sweepEvery } from "./repeatedly.ts"

/**
 * Counts ended runs into their hours. It does not wait for the sweep, nor the sweep for it: to count a large ledger for the first
 * time takes longer than a worker may be silent.
 */
export const layer: Layer.Layer<never, never, RunHours> = Layer.effectDiscard(
  Effect.gen(function* () {
    const { count } = yield* RunHours
    yield* repeatedly("count ended runs", count, yield* sweepEvery)
  })
)
