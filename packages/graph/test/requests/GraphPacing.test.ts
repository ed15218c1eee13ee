import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import { Headers } from "effect/http"
import { TestClock } from "effect/testing"
import { defaultGraphLimits, GraphLimits } from "../../src/wire/GraphLimits.ts"
import * as GraphPacing from "../../src/requests/GraphPacing.ts"

const later = Number.POSITIVE_INFINITY
const turn = (priority: "interactive" | "background" = "interactive", deadline = later) => ({
  cost: 1,
  priority,
  deadline
})
const answer = (status: number, headers: Record<string, string> = {}, cost = 1) => ({
  status,
  headers: Headers.fromInput(headers),
  cost
})

/** When each of so many requests got its turn, in milliseconds from now. */
const turns = Effect.fnUntraced(function* (pacing: GraphPacing.GraphPacing, count: number) {
  const begun = yield* Clock.currentTimeMillis
  const fibers = yield* Effect.forEach(Array.from({ length: count }), () =>
    Effect.forkChild(Effect.andThen(pacing.admit("tenant", turn()), Clock.currentTimeMillis))
  )
  yield* TestClock.adjust("10 minutes")
  const admitted = yield* Effect.forEach(fibers, Fiber.join)
  return admitted.map((at) => at - begun)
})

describe("GraphPacing", () => {
  it.effect("lets everything pass at once until the provider complains", () =>
    Effect.gen(function* () {
      const pacing = yield* GraphPacing.make
      assert.deepStrictEqual(new Set(yield* turns(pacing, 500)), new Set([0]))
    })
  )

  it.effect("keeps the wait of a 429 for every request of the tenant, and spaces those that follow", () =>
    Effect.gen(function* () {
      const pacing = yield* GraphPacing.make
      yield* pacing.admit("tenant", turn())
      yield* pacing.learn("tenant", answer(429, { "retry-after": "3" }))
      assert.deepStrictEqual(yield* turns(pacing, 4), [3_000, 3_100, 3_200, 3_300])
      yield* pacing.admit("other tenant", turn())
    })
  )

  it.effect("takes refusals of requests that were under way together for one complaint", () =>
    Effect.gen(function* () {
      const pacing = yield* GraphPacing.make
      yield* Effect.forEach(Array.from({ length: 5 }), () =>
        pacing.learn("tenant", answer(429, { "retry-after": "1" }))
      )
      assert.deepStrictEqual(yield* turns(pacing, 2), [1_000, 1_100])
    })
  )

  it.effect("slows down further with each complaint, and recovers while there is none", () =>
    Effect.gen(function* () {
      const pacing = yield* GraphPacing.make
      const gap = Effect.map(turns(pacing, 3), (admitted) => (admitted[2] ?? 0) - (admitted[1] ?? 0))
      yield* pacing.learn("tenant", answer(429, { "retry-after": "0" }))
      const first = yield* gap
      yield* pacing.learn("tenant", answer(429, { "retry-after": "0" }))
      assert.isAbove(yield* gap, first)
      yield* TestClock.adjust("1 minute")
      yield* pacing.learn("tenant", answer(200))
      assert.strictEqual(yield* gap, 0)
    })
  )

  it.effect("slows down before the limit, where the provider tells how much of it is used", () =>
    Effect.gen(function* () {
      const pacing = yield* GraphPacing.make
      yield* turns(pacing, 1_000)
      yield* Effect.forEach(Array.from({ length: 4_000 }), () => pacing.admit("tenant", turn()))
      yield* pacing.learn("tenant", answer(200, { "x-ms-throttle-limit-percentage": "1.2" }))
      const [, second = 0] = yield* turns(pacing, 2)
      // 400 units a second were sent; two thirds of that is where the provider is at ease.
      assert.approximately(second, 1_000 / (400 * (0.8 / 1.2)), 1)
    })
  )

  it.effect("counts what a request really cost, where the provider tells", () =>
    Effect.gen(function* () {
      const pacing = yield* GraphPacing.make
      yield* pacing.learn("tenant", answer(429, { "retry-after": "1" }))
      yield* TestClock.adjust("1 second")
      yield* pacing.admit("tenant", turn())
      yield* pacing.learn("tenant", answer(200, { "x-ms-resource-unit": "5" }))
      const [next] = yield* turns(pacing, 1)
      assert.strictEqual(next, 500)
    })
  )

  it.effect("serves interactive requests first, without starving the others", () =>
    Effect.gen(function* () {
      const pacing = yield* GraphPacing.make
      yield* pacing.learn("tenant", answer(429, { "retry-after": "1" }))
      const order: Array<string> = []
      const ask = (priority: "interactive" | "background") =>
        Effect.forkChild(
          Effect.tap(pacing.admit("tenant", turn(priority)), () => Effect.sync(() => order.push(priority)))
        )
      yield* Effect.forEach(["background", "background"] as const, ask)
      yield* Effect.forEach(
        Array.from({ length: 12 }, () => "interactive" as const),
        ask
      )
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(order.indexOf("background"), 8)
      assert.lengthOf(order, 14)
    })
  )

  it.effect("fails at once where the turn would come too late", () =>
    Effect.gen(function* () {
      const pacing = yield* GraphPacing.make
      yield* pacing.learn("tenant", answer(429, { "retry-after": "60" }))
      const error = yield* Effect.flip(pacing.admit("tenant", turn("interactive", 5_000)))
      assert.strictEqual(error.reasonCode, "provider_throttled")
      assert.strictEqual(error.retryAfterMillis, 60_000)
    })
  )

  it.effect("gives nobody's turn to a request that was given up", () =>
    Effect.gen(function* () {
      const pacing = yield* GraphPacing.make
      yield* pacing.learn("tenant", answer(429, { "retry-after": "1" }))
      const impatient = yield* Effect.forkChild(pacing.admit("tenant", turn()))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(impatient)
      assert.deepStrictEqual(yield* turns(pacing, 1), [1_000])
    })
  )

  it.effect("forgets no pace while requests wait for their turn, however many tenants there are", () =>
    Effect.gen(function* () {
      const pacing = yield* GraphPacing.make
      yield* pacing.learn("tenant", answer(429, { "retry-after": "1" }))
      const waiting = yield* Effect.forkChild(pacing.admit("tenant", turn()))
      yield* Effect.yieldNow
      yield* Effect.forEach(["second", "third", "fourth"], (key) => pacing.admit(key, turn()))
      assert.deepStrictEqual(yield* turns(pacing, 1), [1_100])
      yield* Fiber.join(waiting)
      // What nobody waits for is forgotten.
      yield* pacing.learn("tenant", answer(429, { "retry-after": "1" }))
      yield* Effect.forEach(["second", "third"], (key) => pacing.admit(key, turn()))
      assert.deepStrictEqual(yield* turns(pacing, 1), [0])
    }).pipe(Effect.provideService(GraphLimits, { ...defaultGraphLimits, tokenCapacity: 2 }))
  )
})
