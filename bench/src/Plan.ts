/** How much is measured. */
export interface Plan {
  /** Figures per second are medians of so many rounds. */
  readonly rounds: number
  /** Starts in a round, by how many are under way at once. */
  readonly starts: Readonly<Record<number, number>>
  /** Jobs whose latency is measured. */
  readonly latencies: number
  /** Jobs that run from end to end in a round. */
  readonly jobs: number
  /** Jobs that a worker executes at once. */
  readonly slots: number
}

/** Minutes: the figures to publish. */
export const full: Plan = { rounds: 5, starts: { 1: 400, 32: 2000 }, latencies: 200, jobs: 2000, slots: 16 }

/** Seconds: shows that the benchmark works, and little else. */
export const quick: Plan = { rounds: 1, starts: { 1: 20, 32: 100 }, latencies: 5, jobs: 100, slots: 16 }
