import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import { decideSlots, type SlotQuestion } from "../../src/backups/SlotDecision.ts"

const now = DateTime.makeUnsafe("2026-06-01T12:00:00Z")
const minutesAgo = (...minutes: ReadonlyArray<number>) =>
  minutes.map((each) => DateTime.subtract(now, { minutes: each }))
const decide = (question: Partial<SlotQuestion>) =>
  decideSlots({ due: [], now, paused: false, missed: { kind: "skip" }, busy: false, ...question }).map(
    ({ state }) => state
  )

describe("what becomes of fire times", () => {
  it("is a run at its time, and none while the one before is active", () => {
    assert.deepStrictEqual(decide({ due: minutesAgo(0) }), ["dispatched"])
    assert.deepStrictEqual(decide({ due: minutesAgo(1), busy: true }), ["overlapped"])
    assert.deepStrictEqual(decide({ due: minutesAgo(2, 1) }), ["dispatched", "overlapped"])
  })

  it("is for missed ones as the schedule says", () => {
    const due = minutesAgo(180, 120, 60)
    assert.deepStrictEqual(decide({ due }), ["missed", "missed", "missed"])
    assert.deepStrictEqual(decide({ due, missed: { kind: "once" } }), ["missed", "missed", "dispatched"])
    assert.deepStrictEqual(decide({ due, missed: { kind: "all", limit: 2 } }), ["missed", "dispatched", "dispatched"])
    assert.deepStrictEqual(decide({ due, missed: { kind: "all", limit: 9 }, busy: true }), [
      "overlapped",
      "overlapped",
      "overlapped"
    ])
    const withCurrent = [...due, ...minutesAgo(0)]
    assert.deepStrictEqual(decide({ due: withCurrent, missed: { kind: "once" } }), [
      "missed",
      "missed",
      "missed",
      "dispatched"
    ])
  })

  it("is nothing while the schedule is paused, and says so for each", () => {
    assert.deepStrictEqual(decide({ due: minutesAgo(60, 0), paused: true, missed: { kind: "once" } }), [
      "skipped",
      "skipped"
    ])
  })
})
