import { assert, describe, it } from "@effect/vitest"
import { makePace } from "../../src/executing/pace.ts"

/** What is claimed ahead once attempts have ended so, one every so many milliseconds. */
const aheadAfter = (count: number, everyMillis: number, restMillis = 0) => {
  const pace = makePace(48)
  for (let n = 1; n <= count; n++) pace.ended(n * everyMillis)
  return pace.ahead(count * everyMillis + restMillis)
}

describe("how far ahead a worker claims", () => {
  it("is as many runs as end in a moment, and no more than it may", () => {
    assert.deepStrictEqual(
      [0.1, 1, 2, 5, 10].map((every) => aheadAfter(1_000, every)),
      [48, 48, 25, 10, 5]
    )
  })

  it("is none before the first ends, while they take long, and soon after the last has ended", () => {
    assert.strictEqual(makePace(48).ahead(0), 0)
    assert.strictEqual(aheadAfter(100, 1_000, 100), 0)
    assert.strictEqual(aheadAfter(1_000, 1, 500), 0)
  })
})
