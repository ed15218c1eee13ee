import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { completed, fixture, settings, start, startWorker } from "./Fixture.ts"

layer(fixture, { excludeTestServices: true, timeout: "60 seconds" })("a worker with few connections", (it) => {
  it.effect("loses no run because its heartbeats wait for one", () =>
    Effect.gen(function* () {
      // One of the two listens for signals.
      yield* startWorker({ maxConnections: 2 })
      const ids = yield* Effect.all(
        Array.from({ length: settings.slots }, () => start({ transactions: settings.leaseMillis / 100 }))
      )
      for (const id of ids) {
        const done = yield* completed(id)
        assert.deepStrictEqual([done.outcome, done.attempt], ["succeeded", 0])
      }
    }).pipe(Effect.scoped)
  )
})
