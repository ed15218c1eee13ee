/**
 * When a schedule fires: a cron expression in a time zone, with rules for local times that a clock change skips or repeats.
 * Pure functions for the scheduler, for pages that show the next fire times, and for checking what a person typed.
 *
 * @module
 */

import { Decoding } from "@atlas/operations"
import { Cron, DateTime, Effect, Iterable, Option, Result, Schema } from "effect"

/** What happens to a local time that a clock change skips: it fires as much later as the clocks move, or not at all. */
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

const cronOf = ({ cron, repeatedTime, timeZone }: Recurrence) =>
  Cron.parseUnsafe(cron.trim(), DateTime.zoneMakeNamedUnsafe(timeZone), { onDstOverlap: repeatedTime })

/** The search for a date that never comes, such as 31 February, throws: then the answer is null. */
const attempt = (step: () => Date): Date | null => {
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

/**
 * The fire times after an instant, which is not among them, in order. They end only if the recurrence does. An invalid
 * recurrence throws.
 */
export function* fireTimesAfter(recurrence: Recurrence, after: DateTime.Utc): Generator<DateTime.Utc, void> {
  const cron = cronOf(recurrence)
  let from: Date = DateTime.toDateUtc(after)
  for (;;) {
    const start = from
    const next = attempt(() => Cron.next(cron, start))
    if (next === null) return
    from = next
    // Where the expression does not match, the clock change has moved the time.
    if (recurrence.skippedTime === "skip" && !Cron.match(cron, next)) continue
    yield DateTime.fromDateUnsafe(next)
  }
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
