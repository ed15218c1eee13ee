/**
 * The decision about fire times that are due: which ones start a run. Pure, and the only place that decides.
 *
 * @module
 */

import { DateTime, Duration } from "effect"

/** What became of a fire time. */
export type SlotState = "dispatched" | "skipped" | "missed" | "overlapped"

/** What happens to fire times that passed while no scheduler ran: nothing, one run, or one run for each of the newest few. */
export type MissedPolicy =
  | { readonly kind: "skip" }
  | { readonly kind: "once" }
  | { readonly kind: "all"; readonly limit: number }

/** What is decided about one fire time. */
export interface SlotDecision {
  readonly fireTime: DateTime.Utc
  readonly state: SlotState
  /** A sentence for people; null for a run that starts on time. */
  readonly reason: string | null
}

/** What the decision depends on. */
export interface SlotQuestion {
  /** The fire times that are due, the oldest first. */
  readonly due: ReadonlyArray<DateTime.Utc>
  readonly now: DateTime.Utc
  readonly paused: boolean
  readonly missed: MissedPolicy
  /** A run of the schedule is still active. */
  readonly busy: boolean
}

/** An older fire time was missed. */
const lateAfter = Duration.minutes(5)

const isMissed = (fireTime: DateTime.Utc, now: DateTime.Utc) =>
  DateTime.isLessThan(DateTime.addDuration(fireTime, lateAfter), now)

const nobodyWasThere = "No scheduler was running at that time."

/** How many missed fire times, the newest, still get a run. */
const madeUp = (policy: MissedPolicy, onTime: number): number => {
  if (policy.kind === "skip") return 0
  // A run that is on time covers the missed ones.
  if (policy.kind === "once") return onTime > 0 ? 0 : 1
  return policy.limit
}

/** Decides about each fire time, in their order. */
export const decideSlots = ({ busy, due, missed: policy, now, paused }: SlotQuestion): ReadonlyArray<SlotDecision> => {
  if (paused) return due.map((fireTime) => ({ fireTime, state: "skipped", reason: "The schedule was paused." }))
  const missed = due.filter((fireTime) => isMissed(fireTime, now))
  const current = due.slice(missed.length)
  const from = missed.length - Math.min(missed.length, madeUp(policy, current.length))
  let active = busy
  const start = (fireTime: DateTime.Utc, reason: string | null): SlotDecision => {
    if (active) return { fireTime, state: "overlapped", reason: "The previous run was still active." }
    active = true
    return { fireTime, state: "dispatched", reason }
  }
  const late = missed.map((fireTime, index): SlotDecision => {
    if (index < from) return { fireTime, state: "missed", reason: nobodyWasThere }
    const reason = "Late: no scheduler was running at that time."
    // Runs for missed fire times may follow one another.
    return policy.kind === "all" && !busy ? { fireTime, state: "dispatched", reason } : start(fireTime, reason)
  })
  if (late.some(({ state }) => state === "dispatched")) active = true
  return [...late, ...current.map((fireTime) => start(fireTime, null))]
}
