import { Effect, Layer } from "effect"
import { RunGauges } from "../../ledger/reads/RunGauges.ts"
import { repeatedly, sweepEvery } from "./repeatedly.ts"

/** Measures the active runs, for the gauges of this process. */
export const layer: Layer.Layer<never, never, RunGauges> = Layer.effectDiscard(
  Effect.gen(function* () {
    const { measure } = yield* RunGauges
    yield* repeatedly("measure active runs", measure, yield* sweepEvery)
  })
)
