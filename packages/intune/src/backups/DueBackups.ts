/**
 * The scheduler of backups. About once a second it decides about the fire times that are due and starts their runs; about once
 * a minute it starts the retention of schedules with backups to expire. Any number of processes may run it: whoever decides
 * locks the schedule's row, and each fire time is decided once, for ever. Hosts run it as `Intune.scheduler`.
 *
 * @module
 */

import { Redaction, type RunId, SystemRuns, type TenantScope } from "@atlas/operations"
import { Cause, DateTime, Effect, Layer, Random, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { BackupSchedule } from "./BackupSchedule.ts"
import { backupOperations, retention, scheduled } from "./BackupOperations.ts"
import { fireTimesAfter } from "./FireTimes.ts"
import { makeRetentionStore } from "./RetentionStore.ts"
import { type DecidedSlot, makeScheduleStore } from "./ScheduleStore.ts"
import { decideSlots, type MissedPolicy, type SlotDecision } from "./SlotDecision.ts"

// If more were missed, the oldest are dropped without a record: nobody reads so long a list.
const mostDue = 2_000
const tickMillis = 1_000
const retentionEveryMillis = 60_000

const decode = Schema.decodeUnknownEffect(BackupSchedule)

const missedPolicy = ({ missed, missedLimit }: BackupSchedule): MissedPolicy =>
  missed === "all" ? { kind: "all", limit: missedLimit } : { kind: missed }

/** The fire times that are due, and the first one that is not. */
const dueTimes = Effect.fnUntraced(function* (schedule: BackupSchedule, first: DateTime.Utc, now: DateTime.Utc) {
  const due: Array<DateTime.Utc> = []
  // One millisecond earlier, so that the stored fire time itself is among them.
  const before = DateTime.subtract(first, { milliseconds: 1 })
  for (const time of fireTimesAfter(schedule, before)) {
    if (DateTime.isGreaterThan(time, now)) return { due, next: time }
    due.push(time)
    if (due.length > mostDue) due.shift()
    // A schedule that is weeks overdue must not block the process.
    if (due.length % 100 === 0) yield* Effect.yieldNow
  }
  return { due, next: null }
})

/** Makes the two steps of the scheduler. */
const makeDueBackups = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const schedules = yield* makeScheduleStore
  const backups = yield* makeRetentionStore
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
    const { run } = yield* runs
      .start("scheduler", scheduled, { scope, input: { schedule: schedule.id }, fireTime })
      .pipe(Effect.orDie)
    return run.id
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
    const known = yield* schedules.listDecided(schedule.id, due)
    const decided = new Set(known.map((at) => at.getTime()))
    return due.filter((time) => !decided.has(DateTime.toEpochMillis(time)))
  })

  const decideAbout = Effect.fnUntraced(function* (row: { readonly now: Date }) {
    const now = DateTime.fromDateUnsafe(row.now)
    const schedule = yield* decode(row)
    const { due, next } = yield* dueTimes(schedule, schedule.nextFireAt ?? now, now)
    const open = yield* undecided(schedule, due)
    const active = yield* activeRun(schedule)
    const decisions = decideSlots({
      due: open,
      now,
      paused: schedule.paused,
      missed: missedPolicy(schedule),
      busy: active !== null
    })
    // The runs, the fire times and the schedule's next one are one transaction.
    yield* schedules.decide(schedule.id, yield* dispatch(schedule, decisions, active), next)
  }, sql.withTransaction)

  // A schedule that fails must not delay the others, so it is tried again later.
  const postpone = Effect.fnUntraced(function* (id: string, cause: Cause.Cause<unknown>) {
    if (Cause.hasInterrupts(cause)) return yield* Effect.failCause(cause)
    yield* Effect.logError(
      `The backup schedule ${id} failed; trying it again in five minutes`,
      Redaction.redactCause(cause)
    )
    yield* schedules.postpone(id)
  })

  /** Decides about one schedule that is due; false if none is, or others are deciding. */
  const decideNext = Effect.gen(function* () {
    const row = yield* schedules.lockDue()
    if (row === undefined) return false
    yield* decideAbout(row).pipe(Effect.catchCause((cause) => postpone(row.id, cause)))
    return true
  }).pipe(sql.withTransaction, Effect.orDie)

  /** Decides about every schedule that is due. */
  const tick = Effect.asVoid(Effect.repeat(decideNext, { while: (decided) => decided }))

  /** Starts the retention of some schedules; false if it is time for none. */
  const expireNext = Effect.gen(function* () {
    const looked = yield* backups.look()
    for (const { expires, id, tenantId, workspaceId } of looked) {
      if (expires)
        yield* runs.start("scheduler", retention, { scope: { workspaceId, tenantId }, input: { schedule: id } })
    }
    return looked.length > 0
  }).pipe(Effect.orDie)

  /** Starts the retention of every schedule that has backups to expire: failing ones must not starve the others. */
  const expire = Effect.asVoid(Effect.repeat(expireNext, { while: (found) => found }))

  return { tick, expire }
})

const repeatedly = (work: Effect.Effect<void>, everyMillis: number) =>
  work.pipe(
    Effect.catchCause((cause) =>
      Effect.logWarning("The backup scheduler failed; trying again", Redaction.redactCause(cause))
    ),
    // Jitter, so that processes do not look at the same moment.
    Effect.andThen(Effect.flatMap(Random.nextBetween(0.75, 1), (jitter) => Effect.sleep(everyMillis * jitter))),
    Effect.forever,
    Effect.forkScoped
  )

/** Runs the scheduler in this process, for as long as the layer lives. */
export const layer: Layer.Layer<never, never, SystemRuns | SqlClient.SqlClient> = Layer.effectDiscard(
  Effect.gen(function* () {
    const { expire, tick } = yield* makeDueBackups
    yield* repeatedly(tick, tickMillis)
    yield* repeatedly(expire, retentionEveryMillis)
  })
)

/** Runs each step of the scheduler once: decides about every schedule that is due, then starts retention. */
export const tickOnce = Effect.flatMap(makeDueBackups, ({ expire, tick }) => Effect.andThen(tick, expire))
