/**
 * The metrics of runs and workers. Names and units follow Prometheus (https://prometheus.io/docs/practices/naming/). A label
 * has few values, and none of them names a person or a tenant. docs/operating.md lists every metric.
 *
 * @module
 */

import { Effect, Metric } from "effect"
import type { ReasonCode } from "../run/ReasonCode.ts"
import type { RunOutcome } from "../run/Run.ts"

type Labels = Readonly<Record<string, string>>

/**
 * Makes each metric of a name once for each value of its labels. Labels that are given with an update are merged and written as
 * text every time: an update took five times as long.
 *
 * @param make what makes it; every call has the same labels in the same order
 */
const labelled = <M>(make: (attributes: Labels) => M) => {
  const made = new Map<string, M>()
  return (labels: Labels): M => {
    const key = Object.values(labels).join("\n")
    const known = made.get(key)
    if (known !== undefined) return known
    const metric = make(labels)
    made.set(key, metric)
    return metric
  }
}

const counter = (name: string, description: string) =>
  labelled((attributes) => Metric.counter(name, { description, incremental: true, attributes }))
const histogram = (name: string, description: string, boundaries: ReadonlyArray<number>) =>
  labelled((attributes) => Metric.histogram(name, { description, boundaries, attributes }))
const gauge = (name: string, description: string) =>
  labelled((attributes) => Metric.gauge(name, { description, attributes }))

const started = counter("atlas_runs_started_total", "Starts, by disposition")
const completed = counter("atlas_runs_completed_total", "Runs that this process has ended")
const rescued = counter("atlas_runs_rescued_total", "Runs taken over from workers that died")
const queueDelay = histogram(
  "atlas_run_queue_delay_seconds",
  "From when an attempt is due until a worker takes it",
  [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60, 300, 1_800, 7_200]
)
const attemptDuration = histogram(
  "atlas_run_attempt_seconds",
  "How long attempts take",
  [0.01, 0.05, 0.25, 1, 5, 15, 60, 300, 1_200, 3_600, 14_400]
)
const active = gauge("atlas_runs_active", "Runs in the ledger that are not completed")
const oldestDue = gauge("atlas_runs_oldest_due_seconds", "How long the oldest due run has waited for a worker")
const executing = Metric.gauge("atlas_worker_runs_executing", { description: "Attempts under way in this process" })
const ready = Metric.gauge("atlas_worker_runs_ready", {
  description: "Runs that this process has claimed and not begun"
})
const slots = Metric.gauge("atlas_worker_slots", { description: "Attempts that this process executes at once" })
const workRefused = counter("atlas_work_refused_total", "Work handed to a worker that did not fit its run")
const staleWritesRefused = counter(
  "atlas_stale_writes_refused_total",
  "Writes refused because another worker owned the run"
)

const add = (metric: (labels: Labels) => Metric.Counter<number>, labels: Labels) => Metric.update(metric(labels), 1)

/** Counts a start by its disposition. */
export const runStarted = (
  type: string,
  disposition: "created" | "existing" | "blocked" | "busy"
): Effect.Effect<void> => add(started, { type, disposition })

/** Counts a completed run. */
export const runCompleted = (run: {
  readonly type: string
  readonly outcome: RunOutcome
  readonly reasonCode: ReasonCode | null
}): Effect.Effect<void> => add(completed, { type: run.type, outcome: run.outcome, reason: run.reasonCode ?? "none" })

/** Counts a run taken over from a worker that died. */
export const runRescued = (type: string): Effect.Effect<void> => add(rescued, { type })

/** Records how many seconds a run was due before a worker took it. */
export const runTaken = (type: string, seconds: number): Effect.Effect<void> =>
  Metric.update(queueDelay({ type }), seconds)

/** Records how many seconds an attempt took, and how it ended. */
export const attemptEnded = (type: string, end: string, seconds: number): Effect.Effect<void> =>
  Metric.update(attemptDuration({ type, end }), seconds)

/**
 * Sets the gauges of an operation's active runs, of all processes together. `oldestDue` is the number of seconds for which the
 * oldest has been due.
 */
export const runsActive = (
  type: string,
  runs: { readonly queued: number; readonly running: number; readonly oldestDue: number }
): Effect.Effect<void> =>
  Effect.all(
    [
      Metric.update(active({ type, status: "queued" }), runs.queued),
      Metric.update(active({ type, status: "running" }), runs.running),
      Metric.update(oldestDue({ type }), runs.oldestDue)
    ],
    { discard: true }
  )

/** Sets the gauges of how busy this process is: attempts under way, runs claimed and not begun, slots. */
export const workerBusy = (counts: {
  readonly executing: number
  readonly ready: number
  readonly slots: number
}): Effect.Effect<void> =>
  Effect.all(
    [
      Metric.update(executing, counts.executing),
      Metric.update(ready, counts.ready),
      Metric.update(slots, counts.slots)
    ],
    { discard: true }
  )

/** Counts work that did not fit its run. */
export const refusedWork = (reason: string): Effect.Effect<void> => add(workRefused, { reason })

/** Counts a refused write of a worker that no longer owned the run. */
export const refusedStaleWrite = (type: string): Effect.Effect<void> => add(staleWritesRefused, { type })
