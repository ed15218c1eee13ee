import { layer } from "@effect/vitest"
import { Effect } from "effect"
import { completed, fixture, settings, start, startWorker } from "./Fixture.ts"

layer(fixture, { excludeTestServices: true, timeout: "60 seconds" })("a worker in another process", (it) => {
  it.effect("hears of a new run by a signal: its poll would be an hour later", () =>
    Effect.gen(function* () {
      yield* startWorker({ settings: { ...settings, pollMillis: 3_600_000 } })
      // A worker looks by itself when it begins and when one has ended: of several, that can find some at most.
      for (let run = 0; run < 5; run++) yield* completed(yield* start())
    }).pipe(Effect.scoped)
  )
})
