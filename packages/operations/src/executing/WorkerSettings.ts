/**
 * How a worker behaves: slots, lease, polling and sweeps. A host that wants other values than the defaults provides
 * `WorkerSettings` to `Worker.layer`.
 *
 * @module
 */

import { Context } from "effect"

/** The settings of a worker. All times are in milliseconds. */
export interface WorkerSettings {
  /**
   * How many runs it executes at once; 8 by default. Give the client's pool four connections more: one listens, and heartbeats
   * must not wait for handlers.
   */
  readonly slots: number
  /** How long a worker may be silent before another takes its run; 15,000 by default. */
  readonly leaseMillis: number
  /**
   * The longest time between two looks at the queue when no signal comes; 1,800 by default. A run whose worker died waits as
   * long beyond its lease.
   */
  readonly pollMillis: number
  /** How often a worker announces itself and looks for runs that nobody will finish; 10,000 by default, and at most. */
  readonly sweepMillis: number
}

/** The settings of the workers in this process; the defaults unless the host provides others. */
export const WorkerSettings = Context.Reference<WorkerSettings>("@atlas/operations/WorkerSettings", {
  defaultValue: () => ({
    slots: 8,
    leaseMillis: 15_000,
    pollMillis: 1_800,
    sweepMillis: 10_000
  })
})
