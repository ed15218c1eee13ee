import { Problems } from "@atlas/operations"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { cronProblem, nextFireTimes, type Recurrence, timeZoneProblem } from "../../src/index.ts"

const at = (text: string) => DateTime.makeUnsafe(text)
const nightly = (more: Partial<Recurrence> = {}): Recurrence => ({
  cron: "30 2 * * *",
  timeZone: "Europe/Berlin",
  skippedTime: "later",
  repeatedTime: "earlier",
  ...more
})
const times = (recurrence: Recurrence, after: string, count: number) =>
  nextFireTimes(recurrence, at(after), count).map((time) => DateTime.formatIso(time).slice(0, 16))

describe("fire times", () => {
  it("that a change of the clocks skips come later, or not at all", () => {
    assert.deepStrictEqual(times(nightly(), "2026-03-28T00:00:00Z", 3), [
      "2026-03-28T01:30",
      "2026-03-29T01:30",
      "2026-03-30T00:30"
    ])
    assert.deepStrictEqual(times(nightly({ skippedTime: "skip" }), "2026-03-28T00:00:00Z", 3), [
      "2026-03-28T01:30",
      "2026-03-30T00:30",
      "2026-03-31T00:30"
    ])
  })

  it.each([
    ["earlier", ["2026-10-25T00:30", "2026-10-26T01:30"]],
    ["later", ["2026-10-25T01:30", "2026-10-26T01:30"]],
    ["both", ["2026-10-25T00:30", "2026-10-25T01:30"]]
  ] as const)("that a change of the clocks repeats come once or twice: %s", (repeatedTime, expected) => {
    assert.deepStrictEqual(times(nightly({ repeatedTime }), "2026-10-24T12:00:00Z", 2), [...expected])
  })

  // After an instant, with `later` and with `skip`.
  it.each([
    [
      "Antarctica/Troll",
      "10 0,2,3 * * 0",
      "2026-03-28T23:00",
      ["03-29T00:10", "03-29T01:10", "03-29T02:10"],
      ["03-29T00:10", "03-29T01:10", "04-04T22:10"]
    ],
    [
      "Europe/Berlin",
      "0,30 2 * * *",
      "2026-03-29T00:00",
      ["03-29T01:00", "03-29T01:30", "03-30T00:00"],
      ["03-30T00:00"]
    ],
    [
      "Europe/Berlin",
      "0,30 2,3 29 3 *",
      "2026-03-29T00:00",
      ["03-29T01:00", "03-29T01:30", "03-29T00:00"],
      ["03-29T01:00", "03-29T01:30", "03-29T00:00"]
    ],
    ["Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00", ["10-03T15:45", "10-04T15:15"], ["10-04T15:15"]],
    [
      "Pacific/Apia",
      "0 12 * * *",
      "2011-12-29T00:00",
      ["12-29T22:00", "12-30T22:00", "12-31T22:00"],
      ["12-29T22:00", "12-30T22:00", "12-31T22:00"]
    ],
    ["Pacific/Apia", "0 12 30 12 *", "2011-01-01T00:00", ["12-30T22:00", "12-29T22:00"], ["12-29T22:00"]],
    ["America/Sao_Paulo", "30 0 * * *", "2018-11-03T12:00", ["11-04T03:30", "11-05T02:30"], ["11-05T02:30"]],
    ["Asia/Beirut", "0 0 29 3 *", "2026-01-01T00:00", ["03-28T22:00", "03-28T21:00"], ["03-28T21:00"]]
  ] as const)("follow the gap that clocks of %s leave: %s", (timeZone, cron, after, later, skip) => {
    for (const [skippedTime, expected] of [
      ["later", later],
      ["skip", skip]
    ] as const) {
      const found = times(nightly({ timeZone, cron, skippedTime }), `${after}Z`, 3)
      assert.deepStrictEqual(found.map((time) => time.slice(5)).slice(0, expected.length), [...expected], skippedTime)
    }
  })

  it("are refused where they make no sense, or never come", () => {
    assert.isNull(cronProblem(nightly().cron))
    for (const cron of ["", "* * * *", "0 0 0 0 0 0", "60 * * * *", "0 0 31 2 *", "every day"]) {
      assert.isString(cronProblem(cron), cron)
    }
    assert.isNull(timeZoneProblem("Europe/Berlin"))
    assert.isString(timeZoneProblem("Europe/Nowhere"))
  })

  it("are at least one and at most a thousand at a time, or refused", () => {
    assert.lengthOf(times(nightly(), "2026-03-28T00:00:00Z", 1), 1)
    assert.lengthOf(times(nightly(), "2026-03-28T00:00:00Z", 1_000), 1_000)
    for (const count of [0, -1, 1.5, Number.NaN, 1_001, "3" as never]) {
      assert.throws(() => times(nightly(), "2026-03-28T00:00:00Z", count), Problems.InvalidInput)
    }
  })

  // What a person expects, computed in another way: each day's local time, read off a calendar of that zone.
  it.effect("are those of the zone's calendar, in every zone, through two years of changes", () =>
    Effect.gen(function* () {
      const begin = at("2025-01-01T00:00:00Z")
      for (const timeZone of different(Intl.supportedValuesOf("timeZone"), begin)) {
        const local = calendarOf(timeZone)
        const days = new Set<string>()
        let previous = begin
        for (const time of nextFireTimes(nightly({ timeZone }), begin, 730)) {
          assert.isTrue(DateTime.isGreaterThan(time, previous), timeZone)
          previous = time
          const { day, minutes } = local(time)
          days.add(day)
          if (minutes === wanted) continue
          // Moved by as much as the clocks were: so much earlier it was not yet time on the same day.
          const before = local(DateTime.subtract(time, { minutes: minutes - wanted }))
          assert.isTrue(minutes > wanted && before.day === day && before.minutes < wanted, `${timeZone} ${day}`)
        }
        // One for each day, and none twice.
        assert.strictEqual(days.size, 730, timeZone)
        yield* Effect.yieldNow
      }
    })
  )
})

const wanted = 150

const calendarOf = (timeZone: string) => {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23"
  })
  return (time: DateTime.Utc) => {
    const [day = "", clock = ""] = format.format(DateTime.toEpochMillis(time)).split(", ")
    const [hour = 0, minute = 0] = clock.split(":").map(Number)
    return { day, minutes: hour * 60 + minute }
  }
}

/** One zone for each way in which clocks are changed in these years. */
const different = (zones: ReadonlyArray<string>, begin: DateTime.Utc): ReadonlyArray<string> => {
  const byChanges = new Map<string, string>()
  for (const zone of zones) {
    const local = calendarOf(zone)
    const times = Array.from({ length: 730 }, (_, day) => local(DateTime.add(begin, { days: day })).minutes)
    byChanges.set(times.join(), zone)
  }
  return [...byChanges.values()]
}
