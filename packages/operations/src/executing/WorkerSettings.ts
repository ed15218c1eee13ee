import { Context } from "effect"

/** How a worker process behaves. All times in milliseconds. */
export interface WorkerSettings {
  /** Runs executed at once. The client's pool needs two connections more: one listens, and heartbeats must not wait for handlers. */
  readonly slots: number
  /** How long a run survives a silent worker before another takes it. */
  readonly leaseMillis: number
  /** How long the queue is left alone at most when no signal comes; a run whose worker died waits as long beyond its lease. */
  readonly pollMillis: number
  /** How often a worker announces itself, and looks for runs that nobody will finish. At most 10,000. */
  readonly sweepMillis: number
}

/** A host overrides the defaults by providing this reference. */
export const WorkerSettings = Context.Reference<WorkerSettings>("@atlas/operations/WorkerSettings", {
  defaultValue: () => ({
    slots: 8,
    leaseMillis: 15_000,
    pollMillis: 1_800,
    sweepMillis: 10_000
  })
})
