import { Metric } from "effect"

/** Work handed to a worker that did not fit its run, by reason. */
export const workRefused = Metric.counter("atlas_work_refused_total", {
  description: "Work handed to a worker that did not fit its run",
  incremental: true
})

/** Writes refused because the writer's claim was over. */
export const staleWritesRefused = Metric.counter("atlas_stale_writes_refused_total", {
  description: "Writes refused because another worker owned the run",
  incremental: true
})
