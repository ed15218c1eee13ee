import { Cron, DateTime, Option, Result, Schema } from "effect"

/**
 * What happens to a local time that a change of the clocks skips: it comes as much later as the clocks were moved, or not
 * at all.
 */
export const SkippedTime = Schema.Literals(["later", "skip"])
export type SkippedTime = typeof SkippedTime.Type

/** Which one of a local time that a change of the clocks repeats. */
export const RepeatedTime = Schema.Literals(["earlier", "later", "both"])
export type RepeatedTime = typeof RepeatedTime.Type

/** When something is to happen again and again. */
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

/** One that never comes, as the 31st of February, has no end of a search either. */
const attempt = (step: () => Date): Date | null => {
  try {
    return step()
  } catch {
    return null
  }
}

/**
 * What is wrong with a cron expression, as a sentence; null where it can be used.
 *
 * @param text as a person wrote it
 */
export const cronProblem = (text: string): string | null => {
  const trimmed = text.trim()
  if (trimmed.split(/\s+/).length !== 5) {
    return 'Expected five fields (minute, hour, day, month, weekday), such as "0 2 * * *"'
  }
  const parsed = Cron.parse(trimmed, "UTC")
  if (Result.isFailure(parsed)) return `This is no cron expression: ${parsed.failure.message}`
  return attempt(() => Cron.next(parsed.success, DateTime.makeUnsafe(0))) === null
    ? "No day has such a date: it would never happen"
    : null
}

/**
 * What is wrong with the name of a time zone, as a sentence; null where there is such a zone.
 *
 * @param name as a person wrote it
 */
export const timeZoneProblem = (name: string): string | null =>
  Option.isSome(DateTime.zoneMakeNamed(name)) ? null : "Expected the name of a time zone, such as Europe/Berlin"

/**
 * The fire times after an instant, in their order, without an end unless the recurrence has one. A wrong recurrence is a
 * defect.
 *
 * @param recurrence without problems
 * @param after the last instant that does not count
 */
export function* fireTimesAfter(recurrence: Recurrence, after: DateTime.Utc): Generator<DateTime.Utc, void> {
  const cron = cronOf(recurrence)
  let from: Date = DateTime.toDateUtc(after)
  for (;;) {
    const start = from
    const next = attempt(() => Cron.next(cron, start))
    if (next === null) return
    from = next
    // A time that was moved is one at which nothing was meant to happen.
    if (recurrence.skippedTime === "skip" && !Cron.match(cron, next)) continue
    yield DateTime.fromDateUnsafe(next)
  }
}

/**
 * The next fire times.
 *
 * @param recurrence without problems
 * @param after the last instant that does not count
 * @param count how many, at most
 */
export const nextFireTimes = (
  recurrence: Recurrence,
  after: DateTime.Utc,
  count: number
): ReadonlyArray<DateTime.Utc> => {
  const times: Array<DateTime.Utc> = []
  for (const time of fireTimesAfter(recurrence, after)) {
    if (times.push(time) >= count) break
  }
  return times
}
