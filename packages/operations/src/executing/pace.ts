/**
 * How far ahead a worker claims. Runs that do nothing but wait in one worker are runs that another one could execute, so it is no
 * fixed number: a worker has so many runs ready as it will probably begin in the next moment, as far as the last moment tells.
 * For attempts that take longer than that it is none.
 *
 * @module
 */

/** How long a claimed run may be expected to wait: several times as long as a claim takes. */
const momentMillis = 50

/** The measure of one worker. Times are milliseconds on a monotonic clock. */
export interface Pace {
  /** An attempt has ended. */
  readonly ended: (now: number) => void
  /** How many runs will probably begin in the next moment. */
  readonly ahead: (now: number) => number
}

/**
 * Makes the measure of a worker that has just begun.
 *
 * @param most what `ahead` never exceeds
 */
export const makePace = (most: number): Pace => {
  let [level, at] = [0, 0]
  // Ends count less and less as time passes, so the level is their number in about a moment.
  const levelAt = (now: number) => level * Math.exp(Math.min(at - now, 0) / momentMillis)
  return {
    ended: (now) => {
      level = levelAt(now) + 1
      at = now
    },
    ahead: (now) => Math.min(most, Math.floor(levelAt(now)))
  }
}
