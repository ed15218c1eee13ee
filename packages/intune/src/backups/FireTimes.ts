/**
 * When a schedule fires: a cron expression in a time zone, with rules for local times that a clock change skips or repeats.
 * Pure functions for the scheduler, for pages that show the next fire times, and for checking what a person typed.
 *
 * @module
 */

import { Decoding } from "@atlas/operations"
import { Cron, DateTime, Effect, Iterable, Option, Result, Schema } from "effect"

/** What happens to a local time that a clock change skips: it fires as much later as the clocks are moved, or not at all. */
export const SkippedTime = Schema.Literals(["later", "skip"])
export type SkippedTime = typeof SkippedTime.Type

/** Which occurrence fires of a local time that a clock change repeats. */
export const RepeatedTime = Schema.Literals(["earlier", "later", "both"])
export type RepeatedTime = typeof RepeatedTime.Type

/** When something recurs. */
export interface Recurrence {
  /** Five fields: minute, hour, day, month, weekday. */
  readonly cron: string
  /** An IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string
  readonly skippedTime: SkippedTime
  readonly repeatedTime: RepeatedTime
}

/** The search for a date that never comes, such as 31 February, throws: then the answer is null. */
const attempt = <A>(step: () => A): A | null => {
  try {
    return step()
  } catch {
    return null
  }
}

/** What is wrong with a cron expression, as a sentence; null if it can be used. */
export const cronProblem = (text: string): string | null => {
  const trimmed = text.trim()
  if (trimmed.split(/\s+/).length !== 5) {
    return 'Expected five fields (minute, hour, day, month, weekday), such as "0 2 * * *"'
  }
  const parsed = Cron.parse(trimmed, "UTC")
  if (Result.isFailure(parsed)) return `This is not a cron expression: ${parsed.failure.message}`
  return attempt(() => Cron.next(parsed.success, DateTime.makeUnsafe(0))) === null
    ? "No day has such a date, so it never fires: choose another date"
    : null
}

/** What is wrong with the name of a time zone, as a sentence; null if there is such a zone. */
export const timeZoneProblem = (name: string): string | null =>
  Option.isSome(DateTime.zoneMakeNamed(name)) ? null : "Expected the name of a time zone, such as Europe/Berlin"

const dayMillis = 86_400_000

/** The offsets of a zone a day before a time and a day after it. No zone changes its clocks twice within two days. */
interface Offsets {
  readonly before: number
  readonly after: number
}

const offsetAt = (zone: DateTime.TimeZone.Named, at: number) =>
  DateTime.zonedOffset(DateTime.makeZonedUnsafe(at, { timeZone: zone }))

const offsetsAround = (zone: DateTime.TimeZone.Named, time: number): Offsets => ({
  before: offsetAt(zone, time - dayMillis),
  after: offsetAt(zone, time + dayMillis)
})

/** A local time that an expression means, as if it were UTC, with the offsets around it. */
interface LocalTime extends Offsets {
  readonly local: number
}

function* localTimesAfter(cron: Cron.Cron, zone: DateTime.TimeZone.Named, after: number): Generator<LocalTime, void> {
  for (let from = after; ;) {
    const next = attempt(() => {
      const local = Cron.next(cron, from).getTime()
      return { local, ...offsetsAround(zone, local) }
    })
    if (next === null) return
    yield next
    from = next.local
  }
}

/** The instants at which a local time fires: two if it is repeated and both count, none if it is skipped and left out. */
const instantsOf = (
  { after, before, local }: LocalTime,
  zone: DateTime.TimeZone.Named,
  { repeatedTime, skippedTime }: Recurrence
): ReadonlyArray<number> => {
  if (before === after) return [local - before]
  const shown = [local - before, local - after].filter((at) => at + offsetAt(zone, at) === local)
  const [first, second] = shown
  // By the clocks as they were before the change, it is as much later as they were moved.
  if (first === undefined) return skippedTime === "later" ? [local - before] : []
  if (second === undefined || repeatedTime === "both") return shown
  return [repeatedTime === "earlier" ? first : second]
}

/**
 * The fire times after an instant, which is not among them, in order and each of them once. They end only if the recurrence
 * does. An invalid recurrence throws.
 */
export function* fireTimesAfter(recurrence: Recurrence, after: DateTime.Utc): Generator<DateTime.Utc, void> {
  const cron = Cron.parseUnsafe(recurrence.cron.trim(), "UTC")
  const zone = DateTime.zoneMakeNamedUnsafe(recurrence.timeZone)
  const begin = DateTime.toEpochMillis(after)
  const around = attempt(() => offsetsAround(zone, begin))
  if (around === null) return
  // In the order of local times, instants are out of order where the clocks are changed: they wait for those before them.
  let waiting: ReadonlyArray<number> = []
  for (const time of localTimesAfter(cron, zone, begin + Math.min(around.before, around.after))) {
    const instants = instantsOf(time, zone, recurrence).filter((instant) => instant > begin)
    waiting = [...new Set([...waiting, ...instants])].sort((a, b) => a - b)
    // Later local times fire after this.
    const settled = time.local - Math.max(time.before, time.after)
    const count = waiting.findLastIndex((instant) => instant <= settled) + 1
    for (const instant of waiting.slice(0, count)) yield DateTime.makeUnsafe(instant)
    waiting = waiting.slice(count)
  }
  for (const instant of waiting) yield DateTime.makeUnsafe(instant)
}

const decodeCount = Decoding.argumentsOf(Schema.Struct({ count: Decoding.pageLimit(1_000) }))

/**
 * At most `count` fire times after an instant, which is not among them. An invalid recurrence throws: check it with
 * `cronProblem` and `timeZoneProblem` first.
 *
 * @param count 1 to 1,000
 * @throws InvalidInput for any other count
 */
export const nextFireTimes = (
  recurrence: Recurrence,
  after: DateTime.Utc,
  count: number
): ReadonlyArray<DateTime.Utc> => {
  const most = Effect.runSync(decodeCount({ count })).count
  return [...Iterable.take(fireTimesAfter(recurrence, after), most)]
}
