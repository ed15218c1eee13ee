import { Effect, Layer } from "effect"
import { RunRetention } from "../../ledger/RunRetention.ts"
import { repeatedly } from "./repeatedly.ts"

/** Retention is not urgent; it only frees space. */
const everyMillis = 300_000

/** Removes runs beyond their retention. */
export const layer: Layer.Layer<never, never, RunRetention> = Layer.effectDiscard(
  Effect.gen(function* () {
    const { remove } = yield* RunRetention
    const retain = Effect.tap(remove, (removed) =>
      removed > 0 ? Effect.logInfo(`Removed ${removed} runs beyond their retention`) : Effect.void
    )
    yield* repeatedly("remove runs beyond their retention", retain, everyMillis)
  })
)
