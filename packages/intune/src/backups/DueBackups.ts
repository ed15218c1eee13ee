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
import { scheduleColumns } from "./ScheduleColumns.ts"
import { backupOperations, retention, scheduled } from "./BackupOperations.ts"
import { expirable } from "./BackupRetention.ts"
import { fireTimesAfter } from "./FireTimes.ts"
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

  /** Records what became of fire times. The runs that it starts are in the same transaction. */
  const record = Effect.fnUntraced(function* (
    schedule: BackupSchedule,
    decisions: ReadonlyArray<SlotDecision>,
    active: RunId | null
  ) {
    let last = active
    const rows: Array<object> = []
    for (const decision of decisions) {
      if (decision.state === "dispatched") last = yield* start(schedule, decision)
      const inTheWay = decision.state === "dispatched" || decision.state === "overlapped"
      rows.push({ ...decision, fireTime: DateTime.formatIso(decision.fireTime), runId: inTheWay ? last : null })
    }
    yield* sql`
      INSERT INTO backup_schedule_slots (schedule_id, fire_time, state, reason, run_id)
      SELECT ${schedule.id}::uuid, "fireTime", state, reason, "runId"
      FROM json_to_recordset(${JSON.stringify(rows)}::json)
        AS r("fireTime" timestamptz, state text, reason text, "runId" uuid)`
  })

  // A fire time may be decided already: the clock stepped back, or the schedule was changed and changed back.
  const undecided = Effect.fnUntraced(function* (schedule: BackupSchedule, due: ReadonlyArray<DateTime.Utc>) {
    const known = yield* sql<{ at: Date }>`
      SELECT fire_time AS at FROM backup_schedule_slots WHERE schedule_id = ${schedule.id}::uuid
        AND fire_time = ANY(ARRAY(SELECT json_array_elements_text(${JSON.stringify(due.map(DateTime.formatIso))}::json)::timestamptz))`
    const decided = new Set(known.map(({ at }) => at.getTime()))
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
    yield* record(schedule, decisions, active)
    yield* sql`
      UPDATE backup_schedules SET decide_after = NULL,
        next_fire_at = ${next === null ? null : DateTime.formatIso(next)}::timestamptz
      WHERE id = ${schedule.id}::uuid`
  }, sql.withTransaction)

  // A schedule that fails must not delay the others, so it is tried again later.
  const postpone = Effect.fnUntraced(function* (id: string, cause: Cause.Cause<unknown>) {
    if (Cause.hasInterrupts(cause)) return yield* Effect.failCause(cause)
    yield* Effect.logError(
      `The backup schedule ${id} failed; trying it again in five minutes`,
      Redaction.redactCause(cause)
    )
    yield* sql`UPDATE backup_schedules SET decide_after = now() + interval '5 minutes' WHERE id = ${id}::uuid`
  })

  /** Decides about one schedule that is due; false if none is, or others are deciding. */
  const decideNext = Effect.gen(function* () {
    // A stronger lock would skip a schedule to which a backup is being added: the foreign key of the backup locks the row as
    // well.
    const [row] = yield* sql<{ id: string; now: Date }>`
      SELECT ${scheduleColumns(sql)}, now() FROM backup_schedules
      WHERE deleted_at IS NULL AND next_fire_at <= now() AND (decide_after IS NULL OR decide_after <= now())
      ORDER BY next_fire_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED`
    if (row === undefined) return false
    yield* decideAbout(row).pipe(Effect.catchCause((cause) => postpone(row.id, cause)))
    return true
  }).pipe(sql.withTransaction, Effect.orDie)

  /** Decides about every schedule that is due. */
  const tick = Effect.asVoid(Effect.repeat(decideNext, { while: (decided) => decided }))

  /** Starts the retention of all schedules that have backups to expire. A limit would let failing ones starve the others. */
  const expire = Effect.gen(function* () {
    const rows = yield* sql<{ id: string; workspaceId: string; tenantId: string }>`
      SELECT s.id::text, s.workspace_id AS "workspaceId", s.tenant_id AS "tenantId" FROM backup_schedules s
      WHERE EXISTS (${expirable(sql, sql`s.id`)})`
    for (const { id, tenantId, workspaceId } of rows) {
      const scope = { workspaceId, tenantId } as TenantScope
      yield* runs.start("scheduler", retention, { scope, input: { schedule: id } })
    }
  }).pipe(Effect.orDie)

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
