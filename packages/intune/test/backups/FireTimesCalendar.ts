import { Array as Arr, Effect, Random } from "effect"

/** A zone's clocks are changed: the first instant with the new offset, and by how many minutes. */
export interface ClockChange {
  readonly timeZone: string
  readonly at: number
  readonly minutes: number
  /** What the clocks show when they are changed. */
  readonly local: string
}

/** When a schedule fires, beside its cron expression and its zone. */
export interface Rule {
  readonly skippedTime: "later" | "skip"
  readonly repeatedTime: "earlier" | "later" | "both"
}

/** A cron expression, and which minutes on the clock it means: decided here, not by what is tested. */
export interface MadeCron {
  readonly text: string
  matches(local: number): boolean
}

const minute = 60_000
const day = 1_440 * minute

/** How long before and after a change of the clocks fire times are compared: a day that does not exist moves them by a day. */
export const reach = 30 * 60 * minute

/** What the clocks of a zone show at an instant, as if that were UTC. */
const clocksOf = (timeZone: string) => {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    hourCycle: "h23"
  })
  return (at: number) => {
    const [month = 1, date = 1, year = 0, hour = 0, shown = 0] = format.format(at).split(/\D+/).map(Number)
    return Date.UTC(year, month - 1, date, hour, shown)
  }
}

/**
 * Every change of a zone's clocks from 2000 to 2040.
 *
 * @param stepDays how far apart the clocks are looked at: changes that undo each other in between are not seen
 */
export const changesOf = (timeZone: string, stepDays: number): ReadonlyArray<ClockChange> => {
  const clocks = clocksOf(timeZone)
  const offset = (at: number) => clocks(at) - at
  const changes: Array<ClockChange> = []
  const last = Date.UTC(2041, 0, 1)
  let from = Date.UTC(2000, 0, 1)
  for (let before = offset(from); from < last; from += stepDays * day) {
    const after = offset(from + stepDays * day)
    if (after === before) continue
    let [same, at] = [from, from + stepDays * day]
    while (at - same > minute) {
      const middle = same + Math.floor((at - same) / (2 * minute)) * minute
      if (offset(middle) === before) same = middle
      else at = middle
    }
    const local = new Date(at + before).toISOString()
    changes.push({ timeZone, at, minutes: (offset(at) - before) / minute, local })
    before = after
  }
  return changes
}

/**
 * The fire times around a change of the clocks, read off the clocks minute by minute.
 *
 * @returns those within `reach` of the change, for a cron expression and a rule
 */
export const makeReference = ({ at, timeZone }: ClockChange) => {
  const clocks = clocksOf(timeZone)
  const shown = new Map<number, Array<number>>()
  const skipped: Array<readonly [local: number, moved: number]> = []
  let previous = clocks(at - reach - day)
  for (let now = at - reach - day; now < at + reach + day; now += minute) {
    const local = clocks(now)
    // As far as the gap has gone when it begins, so far it has gone when the time comes.
    for (let gone = previous + minute; gone < local; gone += minute)
      skipped.push([gone, now + gone - previous - minute])
    shown.set(local, [...(shown.get(local) ?? []), now])
    previous = local
  }
  return (cron: MadeCron) => {
    const matching = [...shown].filter(([local]) => cron.matches(local)).map(([, times]) => times)
    const gone = skipped.filter(([local]) => cron.matches(local)).map(([, moved]) => moved)
    return ({ repeatedTime, skippedTime }: Rule): ReadonlyArray<number> => {
      const first = repeatedTime === "later" ? [] : matching.map((times) => times[0]!)
      const last = repeatedTime === "earlier" ? [] : matching.map((times) => times.at(-1)!)
      const fires = new Set([...first, ...last, ...(skippedTime === "later" ? gone : [])])
      return [...fires].filter((time) => Math.abs(time - at) <= reach).sort((a, b) => a - b)
    }
  }
}

interface Field {
  readonly text: string
  readonly values: ReadonlySet<number> | null
}

const every: Field = { text: "*", values: null }
const one = (choices: ReadonlyArray<number>, from: number, to: number) =>
  Effect.gen(function* () {
    const count = yield* Random.nextIntBetween(1, 3)
    const drawn = yield* Effect.forEach(Arr.range(1, count), () =>
      Effect.gen(function* () {
        const near = choices[yield* Random.nextIntBetween(0, choices.length - 1)]
        return near !== undefined && (yield* Random.next) < 0.7 ? near : yield* Random.nextIntBetween(from, to)
      })
    )
    const values = new Set(drawn)
    return { text: [...values].join(), values } satisfies Field
  })
const stepped = (from: number, to: number, step: number): Field => ({
  text: `*/${step}`,
  values: new Set(Arr.range(from, to).filter((value) => (value - from) % step === 0))
})

const fieldOf = Effect.fnUntraced(function* (
  everyShare: number,
  choices: ReadonlyArray<number>,
  [from, to]: readonly [number, number],
  steps: ReadonlyArray<number> = []
) {
  const drawn = yield* Random.next
  if (drawn < everyShare) return every
  const step = steps[yield* Random.nextIntBetween(0, Math.max(steps.length - 1, 0))]
  return step !== undefined && drawn < everyShare + 0.2 ? stepped(from, to, step) : yield* one(choices, from, to)
})

/** Draws a cron expression that has to do with the days and hours of a change. */
export const drawCron = Effect.fnUntraced(function* ({ local, minutes }: ClockChange) {
  const begins = Date.parse(local)
  const times = [begins, begins + minutes * minute].flatMap((time) => [time - day, time, time + day])
  const parts = times.map((time) => new Date(time))
  const hours = times.flatMap((time) => [-1, 0, 1].map((more) => new Date(time + more * 60 * minute).getUTCHours()))
  const numbers = (of: (part: Date) => number) => parts.map(of)
  const minuteField = yield* fieldOf(0.03, [0, 10, 30, 59], [0, 59], [15, 20, 30])
  const hour = yield* fieldOf(0.2, hours, [0, 23], [2, 3, 6])
  const date = yield* fieldOf(
    0.6,
    numbers((part) => part.getUTCDate()),
    [1, 31]
  )
  const month = yield* fieldOf(
    0.8,
    numbers((part) => part.getUTCMonth() + 1),
    [1, 12]
  )
  const weekday = yield* fieldOf(
    0.6,
    numbers((part) => part.getUTCDay()),
    [0, 6]
  )
  const has = ({ values }: Field, value: number) => values === null || values.has(value)
  const cron: MadeCron = {
    text: [minuteField, hour, date, month, weekday].map(({ text }) => text).join(" "),
    matches: (time) => {
      const at = new Date(time)
      const [isDate, isWeekday] = [has(date, at.getUTCDate()), has(weekday, at.getUTCDay())]
      // Cron's own rule: where both are given, one of them is enough.
      const isDay = date.values !== null && weekday.values !== null ? isDate || isWeekday : isDate && isWeekday
      return (
        has(minuteField, at.getUTCMinutes()) && has(hour, at.getUTCHours()) && has(month, at.getUTCMonth() + 1) && isDay
      )
    }
  }
  return cron
})
