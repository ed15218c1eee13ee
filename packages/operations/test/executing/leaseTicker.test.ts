import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { makeLeaseTicker } from "../../src/executing/leaseTicker.ts"

/** Work that a ticker looks after, and how often it did. */
const watched = Effect.fnUntraced(function* (ticking: Effect.Success<ReturnType<typeof makeLeaseTicker>>) {
  const end = yield* Deferred.make<void>()
  const ticks: Array<number> = []
  const work = yield* Effect.forkChild(ticking((now) => ticks.push(now))(Deferred.await(end)))
  yield* Effect.yieldNow
  return { ticks, end: Effect.andThen(Deferred.succeed(end, undefined), Fiber.join(work)), stop: Fiber.interrupt(work) }
})

describe("the ticker of leases", () => {
  it.effect("looks after each one from its beginning to its end, whichever began first", () =>
    Effect.gen(function* () {
      const ticking = yield* makeLeaseTicker(100)
      const first = yield* watched(ticking)
      yield* TestClock.adjust(150)
      const second = yield* watched(ticking)
      yield* TestClock.adjust(100)
      yield* first.end
      yield* TestClock.adjust(200)
      yield* second.stop
      yield* TestClock.adjust(200)
      assert.deepStrictEqual(first.ticks, [100, 200])
      assert.deepStrictEqual(second.ticks, [200, 300, 400])
    }).pipe(Effect.scoped)
  )

  it.effect("goes on when there was none for a while", () =>
    Effect.gen(function* () {
      const ticking = yield* makeLeaseTicker(100)
      yield* (yield* watched(ticking)).end
      yield* TestClock.adjust(1_000)
      const { ticks } = yield* watched(ticking)
      yield* TestClock.adjust(200)
      assert.deepStrictEqual(ticks, [1_100, 1_200])
    }).pipe(Effect.scoped)
  )
})
