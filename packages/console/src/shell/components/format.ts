/**
 * How pages write counts, durations, instants and addresses. Without the script, instants are in UTC; with it, in the viewer's
 * time zone; those of a schedule are in its own, either way. Pages of the console, of parts and of hosts use these.
 *
 * @module
 */

import { DateTime, Option } from "effect"

const numbers = new Intl.NumberFormat("en")
const relatives = new Intl.RelativeTimeFormat("en", { numeric: "always" })

/** A count with thousands separators. */
export const formatCount = (count: number): string => numbers.format(count)

/** A count and its noun: `1 group`, `5,000 groups`. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`

/** Milliseconds from one instant to another, never negative: the clocks of two machines may disagree. */
export const elapsed = (from: DateTime.Utc, to: DateTime.Utc): number =>
  Math.max(0, DateTime.toEpochMillis(to) - DateTime.toEpochMillis(from))

const pair = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`

/** A duration with at most two units: `40 ms`, `0.4 s`, `12 s`, `3 min 4 s`, `2 h 5 min`, `3 d 4 h`. */
export const formatDuration = (millis: number): string => {
  if (millis < 100) return `${Math.round(millis)} ms`
  if (millis < 9_950) return `${(millis / 1_000).toFixed(1)} s`
  const seconds = Math.round(millis / 1_000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return pair(minutes, "min", seconds % 60, "s")
  const hours = Math.floor(minutes / 60)
  return hours < 24 ? pair(hours, "h", minutes % 60, "min") : pair(Math.floor(hours / 24), "d", hours % 24, "h")
}

/** `2026-07-01 14:03:22 UTC`: unambiguous without the script. */
export const formatAbsolute = (at: DateTime.Utc): string =>
  `${DateTime.formatIso(at).slice(0, 19).replace("T", " ")} UTC`

/** Date and time in a time zone, with its name: `2026-03-29 02:00 Europe/Berlin`; in UTC for a zone that this machine does not know. */
export const formatZoned = (at: DateTime.Utc, zone: string): string =>
  Option.match(DateTime.setZoneNamed(at, zone), {
    onNone: () => formatAbsolute(at),
    onSome: (local) => `${DateTime.formatIsoOffset(local).slice(0, 16).replace("T", " ")} ${zone}`
  })

/** How long ago or how soon; from 30 days on, the date. The script in `assets` says the same. */
export const formatRelative = (at: DateTime.Utc, now: DateTime.Utc): string => {
  const seconds = Math.round((DateTime.toEpochMillis(at) - DateTime.toEpochMillis(now)) / 1_000)
  const size = Math.abs(seconds)
  if (size < 5) return "just now"
  if (size < 60) return relatives.format(seconds, "second")
  if (size < 3_600) return relatives.format(Math.trunc(seconds / 60), "minute")
  if (size < 86_400) return relatives.format(Math.trunc(seconds / 3_600), "hour")
  if (size < 30 * 86_400) return relatives.format(Math.trunc(seconds / 86_400), "day")
  return DateTime.formatIso(at).slice(0, 10)
}

/** A path with a query string. Names without a value are left out. */
export const hrefWith = (path: string, params: ReadonlyArray<readonly [string, string | undefined]>): string => {
  const query = new URLSearchParams(params.filter((param): param is [string, string] => Boolean(param[1])))
  return query.size === 0 ? path : `${path}?${query}`
}
