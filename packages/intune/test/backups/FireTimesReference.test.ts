import { thorough } from "@atlas/test"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Random } from "effect"
import { cronProblem, nextFireTimes, type Recurrence } from "../../src/index.ts"
import { fireTimesAfter } from "../../src/backups/FireTimes.ts"
import { changesOf, type ClockChange, drawCron, makeReference, reach } from "./FireTimesCalendar.ts"

const isThorough = thorough({ usually: 0, thoroughly: 1 }) === 1
const crons = 3

// Days between two looks at a zone's clocks.
const step = 10

const iso = (time: number) => new Date(time).toISOString().slice(0, 16)

/** The fire times within reach of a change of the clocks. */
const firedAround = ({ at }: ClockChange, recurrence: Recurrence) => {
  const fired: Array<number> = []
  for (const time of fireTimesAfter(recurrence, DateTime.makeUnsafe(at - reach - 1))) {
    if (DateTime.toEpochMillis(time) > at + reach) break
    fired.push(DateTime.toEpochMillis(time))
  }
  return fired
}

const compare = Effect.fnUntraced(function* (change: ClockChange) {
  const reference = makeReference(change)
  for (let drawn = 0; drawn < crons; drawn++) {
    const cron = yield* drawCron(change)
    if (cronProblem(cron.text) !== null) continue
    const expectedFor = reference(cron)
    for (const skippedTime of ["later", "skip"] as const) {
      for (const repeatedTime of ["earlier", "later", "both"] as const) {
        const recurrence = { cron: cron.text, timeZone: change.timeZone, skippedTime, repeatedTime }
        const expected = expectedFor(recurrence)
        const what = `${JSON.stringify(recurrence)} around ${iso(change.at)}`
        assert.deepStrictEqual(firedAround(change, recurrence).map(iso), expected.map(iso), what)
        // The scheduler asks after each of them again.
        const index = yield* Random.nextIntBetween(0, expected.length)
        const [time, next] = [expected[index], expected[index + 1]]
        if (time === undefined || next === undefined) continue
        const [asked] = nextFireTimes(recurrence, DateTime.makeUnsafe(time), 1)
        assert.strictEqual(iso(DateTime.toEpochMillis(asked!)), iso(next), `${what}, after ${iso(time)}`)
      }
    }
  }
  yield* Effect.yieldNow
})

// Usually one change of each length and time of day counts, thoroughly each that differs from the others.
const keyOf = ({ at, local, minutes }: ClockChange) =>
  `${minutes} ${isThorough ? `${local} ${at}` : local.slice(11, 16)}`

describe("fire times", () => {
  it.effect(
    "are those that the clocks show minute by minute, around every change of the clocks",
    () =>
      Effect.gen(function* () {
        const changes = new Map<string, ClockChange>()
        for (const timeZone of Intl.supportedValuesOf("timeZone")) {
          for (const change of changesOf(timeZone, step)) changes.set(keyOf(change), change)
          yield* Effect.yieldNow
        }
        const lengths = new Set([...changes.values()].map(({ minutes }) => minutes))
        // An hour, half an hour, two and three hours, and a day that does not exist.
        assert.includeMembers([...lengths], [60, -60, 30, -30, 120, -120, 180, -180, 1_440])
        yield* Effect.forEach(changes.values(), compare, { discard: true })
      }).pipe(Random.withSeed("fire times")),
    { timeout: 3_600_000 }
  )
})
