import { createHistogram } from "node:perf_hooks"

/** The middle of the values. */
export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** How durations are spread, in milliseconds. */
export interface Percentiles {
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

/** Sums up durations in milliseconds. */
export const percentiles = (durations: ReadonlyArray<number>): Percentiles => {
  const histogram = createHistogram({ figures: 4 })
  for (const duration of durations) histogram.record(Math.max(1, Math.round(duration * 1000)))
  const at = (percentile: number) => histogram.percentile(percentile) / 1000
  return { p50: at(50), p95: at(95), p99: at(99) }
}
