import { Context } from "effect"

/** How a worker process behaves. All times in milliseconds. */
export interface WorkerSettings {
  /** Runs executed at once. */
  readonly slots: number
  /** How long a run survives a silent worker before another takes it. */
  readonly leaseMillis: number
  /** How often the queue is looked at when no signal comes. */
  readonly pollMillis: number
  /** How often runs of dead workers without attempts left are looked for. */
  readonly sweepMillis: number
}

/** A host overrides the defaults by providing this reference. */
export const WorkerSettings = Context.Reference<WorkerSettings>("@atlas/operations/WorkerSettings", {
  defaultValue: () => ({ slots: 8, leaseMillis: 15_000, pollMillis: 2_000, sweepMillis: 5_000 })
})
