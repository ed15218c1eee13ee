/**
 * Deciding about a schedule that is due: what becomes of its fire times, and the runs that they start, in one transaction. The
 * scheduler decides so when a schedule is due, and `BackupSchedules` before somebody changes one.
 *
 * @module
 */

import { type RunId, runIdOf, SystemRuns, type TenantScope } from "@atlas/operations"
import { DateTime, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { backupOperations, scheduled } from "./BackupOperations.ts"
import type { BackupSchedule } from "./BackupSchedule.ts"
import { fireTimesAfter } from "./FireTimes.ts"
import { type DecidedSlot, makeScheduleStore } from "./ScheduleStore.ts"
import { decideSlots, type MissedPolicy, type SlotDecision } from "./SlotDecision.ts"

// More than a schedule makes up for. If that many more are due, the oldest are missed, whatever the rule.
const mostTogether = 2_000

const missedPolicy = ({ missed, missedLimit }: BackupSchedule): MissedPolicy =>
  missed === "all" ? { kind: "all", limit: missedLimit } : { kind: missed }

/**
 * The fire times that are due, and the first one that is not. A schedule that is months overdue has more than anybody makes up
 * for: `miss` gets the oldest of them, a part at a time, and they are not among the rest.
 */
const dueTimes = Effect.fnUntraced(function* (
  schedule: BackupSchedule,
  first: DateTime.Utc,
  now: DateTime.Utc,
  miss: (times: ReadonlyArray<DateTime.Utc>) => Effect.Effect<void>
) {
  const due: Array<DateTime.Utc> = []
  // One millisecond earlier, so that the stored fire time itself is among them.
  const before = DateTime.subtract(first, { milliseconds: 1 })
  for (const time of fireTimesAfter(schedule, before)) {
    if (DateTime.isGreaterThan(time, now)) return { due, next: time }
    due.push(time)
    if (due.length === 2 * mostTogether) yield* miss(due.splice(0, mostTogether))
    // A schedule that is weeks overdue must not block the process.
    if (due.length % 100 === 0) yield* Effect.yieldNow
  }
  return { due, next: null }
})

/**
 * Makes the decision about a locked schedule. It decides about each fire time until `now`, starts the runs, and notes when the
 * schedule is due again; nothing of it happens if it fails. A schedule that is not due stays as it is.
 */
export const makeDecideDue = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const store = yield* makeScheduleStore
  const runs = yield* SystemRuns

  /** The backup run of a schedule that is queued or running; null if there is none. */
  const activeRun = Effect.fnUntraced(function* ({ id, tenantId, workspaceId }: BackupSchedule) {
    const record = { name: "schedule", id }
    const filter = { workspace: workspaceId, tenant: tenantId, status: "active", record } as const
    // A retention run belongs to the schedule as well, but is in nobody's way.
    for (const { name: type } of backupOperations) {
      const [run] = yield* Effect.orDie(runs.list({ ...filter, type }, { before: null, limit: 1 }))
      if (run !== undefined) return run.id
    }
    return null
  })

  const start = Effect.fnUntraced(function* (schedule: BackupSchedule, { fireTime }: SlotDecision) {
    const scope: TenantScope = { workspaceId: schedule.workspaceId, tenantId: schedule.tenantId }
    // A fire time may have had its run long ago, before the clock stepped back. It is that run's, even if that was removed.
    const started = yield* runs
      .start("scheduler", scheduled, { scope, input: { schedule: schedule.id }, fireTime })
      .pipe(Effect.orDie)
    return runIdOf(started)
  })

  /** Starts the runs of fire times, and returns what became of each. */
  const dispatch = Effect.fnUntraced(function* (
    schedule: BackupSchedule,
    decisions: ReadonlyArray<SlotDecision>,
    active: RunId | null
  ) {
    let last = active
    const slots: Array<DecidedSlot> = []
    for (const decision of decisions) {
      if (decision.state === "dispatched") last = yield* start(schedule, decision)
      const inTheWay = decision.state === "dispatched" || decision.state === "overlapped"
      slots.push({ ...decision, runId: inTheWay ? last : null })
    }
    return slots
  })

  // A fire time may be decided already: the clock stepped back, or the schedule was changed and changed back.
  const undecided = Effect.fnUntraced(function* (schedule: BackupSchedule, due: ReadonlyArray<DateTime.Utc>) {
    const known = yield* store.listDecided(schedule.id, due)
    const decided = new Set(known.map((at) => at.getTime()))
    return due.filter((time) => !decided.has(DateTime.toEpochMillis(time)))
  })

  return Effect.fn("DueDecision")(function* (schedule: BackupSchedule, now: DateTime.Utc) {
    const { nextFireAt: first, paused } = schedule
    if (first === null || DateTime.isGreaterThan(first, now)) return
    const miss = Effect.fnUntraced(function* (times: ReadonlyArray<DateTime.Utc>) {
      const old = yield* undecided(schedule, times)
      const slots = decideSlots({ due: old, now, paused, missed: { kind: "skip" }, busy: false })
      yield* store.addSlots(
        schedule.id,
        slots.map((slot) => ({ ...slot, runId: null }))
      )
    })
    const { due, next } = yield* dueTimes(schedule, first, now, miss)
    const open = yield* undecided(schedule, due)
    const active = yield* activeRun(schedule)
    const decisions = decideSlots({ due: open, now, paused, missed: missedPolicy(schedule), busy: active !== null })
    // The runs, the fire times and the schedule's next one are one transaction.
    yield* store.decide(schedule.id, yield* dispatch(schedule, decisions, active), next)
  }, sql.withTransaction)
})
