import { DateTime, Duration } from "effect"

/** What became of a fire time. */
export type SlotState = "dispatched" | "skipped" | "missed" | "overlapped"

/** What is done about fire times at which no scheduler was there: nothing, one run, or one for each of the newest few. */
export type MissedPolicy =
  | { readonly kind: "skip" }
  | { readonly kind: "once" }
  | { readonly kind: "all"; readonly limit: number }

/** What is decided about one fire time. */
export interface SlotDecision {
  readonly fireTime: DateTime.Utc
  readonly state: SlotState
  /** A sentence for people; null where a run at its time needs none. */
  readonly reason: string | null
}

/** What is known when fire times are due. */
export interface SlotQuestion {
  /** The fire times that are due, the oldest first. */
  readonly due: ReadonlyArray<DateTime.Utc>
  readonly now: DateTime.Utc
  readonly paused: boolean
  readonly missed: MissedPolicy
  /** A run of the schedule is still active. */
  readonly busy: boolean
}

/** A fire time that is older than this was missed. */
const lateAfter = Duration.minutes(5)

const isMissed = (fireTime: DateTime.Utc, now: DateTime.Utc) =>
  DateTime.isLessThan(DateTime.addDuration(fireTime, lateAfter), now)

const nobodyWasThere = "No scheduler was there at the time."

/** How many of the missed ones are made up for, the newest. */
const madeUp = (policy: MissedPolicy, onTime: number): number => {
  if (policy.kind === "skip") return 0
  // A run that is on time does what the missed ones should have done.
  if (policy.kind === "once") return onTime > 0 ? 0 : 1
  return policy.limit
}

/**
 * Decides what becomes of fire times that are due: the one place that does.
 *
 * @param question what is known
 * @returns a decision for each fire time, in their order
 */
export const decideSlots = ({ busy, due, missed: policy, now, paused }: SlotQuestion): ReadonlyArray<SlotDecision> => {
  if (paused) return due.map((fireTime) => ({ fireTime, state: "skipped", reason: "The schedule was paused." }))
  const missed = due.filter((fireTime) => isMissed(fireTime, now))
  const current = due.slice(missed.length)
  const from = missed.length - Math.min(missed.length, madeUp(policy, current.length))
  let active = busy
  const start = (fireTime: DateTime.Utc, reason: string | null): SlotDecision => {
    if (active) return { fireTime, state: "overlapped", reason: "The run before it was still active." }
    active = true
    return { fireTime, state: "dispatched", reason }
  }
  const late = missed.map((fireTime, index): SlotDecision => {
    if (index < from) return { fireTime, state: "missed", reason: nobodyWasThere }
    const reason = "Late: no scheduler was there at the time."
    // Those that are made up for are meant to follow one another.
    return policy.kind === "all" && !busy ? { fireTime, state: "dispatched", reason } : start(fireTime, reason)
  })
  if (late.some(({ state }) => state === "dispatched")) active = true
  return [...late, ...current.map((fireTime) => start(fireTime, null))]
}
