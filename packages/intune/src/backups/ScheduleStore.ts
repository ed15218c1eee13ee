/**
 * The statements about backup schedules and what became of their fire times. They authorise nobody: `BackupSchedules` does, and
 * the scheduler and the handlers of backups act for the system. Database failures are defects.
 *
 * @module
 */

import { type Actor, encodeActor, type OperationScope, Problems, type TenantScope } from "@atlas/operations"
import { DateTime, Effect, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient } from "effect/sql"
import { BackupSchedule, ScheduleId, type ScheduleSettings, ScheduleSlot } from "./BackupSchedule.ts"
import type { SlotDecision } from "./SlotDecision.ts"

/** What became of a fire time, and the run that it started or that was in its way. */
export interface DecidedSlot extends SlotDecision {
  readonly runId: string | null
}

/** A schedule that is locked against other changes, and the time by which it is due. */
export interface LockedSchedule {
  readonly schedule: BackupSchedule
  readonly now: DateTime.Utc
}

/** The SHA-256 of a request for a schedule, in hexadecimal: of who asks, where and with which key, and of what is asked for. */
export interface ScheduleDigests {
  readonly key: string
  readonly request: string
}

const isId = Schema.is(ScheduleId)
const decode = Schema.decodeUnknownEffect(Schema.Array(BackupSchedule))
const decodeSlots = Schema.decodeUnknownEffect(Schema.Array(ScheduleSlot))

const optional = (time: DateTime.Utc | null) => (time === null ? null : DateTime.formatIso(time))

const valuesOf = (settings: ScheduleSettings, next: DateTime.Utc | null) => ({
  name: settings.name,
  cron: settings.cron,
  time_zone: settings.timeZone,
  skipped_time: settings.skippedTime,
  repeated_time: settings.repeatedTime,
  missed: settings.missed,
  missed_limit: settings.missedLimit,
  types: settings.types === null ? null : JSON.stringify(settings.types),
  keep_last: settings.keepLast,
  keep_days: settings.keepDays,
  next_fire_at: optional(next)
})

/** Makes the statements. */
export const makeScheduleStore = Effect.map(SqlClient.SqlClient, (sql) => {
  const columns = sql.literal(`id::text, workspace_id AS "workspaceId", tenant_id AS "tenantId", name, cron,
    time_zone AS "timeZone", skipped_time AS "skippedTime", repeated_time AS "repeatedTime", missed,
    missed_limit AS "missedLimit", types, keep_last AS "keepLast", keep_days AS "keepDays", paused, version,
    next_fire_at AS "nextFireAt", created_by AS "createdBy", created_at AS "createdAt", updated_at AS "updatedAt"`)
  const tenantIs = ({ tenantId, workspaceId }: OperationScope) =>
    sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`
  const isOne = (tenant: OperationScope, id: string) =>
    sql`${tenantIs(tenant)} AND id = ${id}::uuid AND deleted_at IS NULL`

  const single = Effect.fnUntraced(function* (rows: ReadonlyArray<unknown>) {
    const [schedule] = yield* Effect.orDie(decode(rows))
    return schedule ?? (yield* new Problems.NotFound({}))
  })

  /** The time by which schedules are due: the clocks of web servers and workers may differ. */
  const readClock = Effect.fn("ScheduleStore.readClock")(function* () {
    const [row] = yield* sql<{ now: Date }>`SELECT now()`
    return DateTime.fromDateUnsafe((yield* Effect.fromNullishOr(row)).now)
  }, Effect.orDie)

  /** The schedules of a tenant, by name. */
  const list = Effect.fn("ScheduleStore.list")(function* (tenant: TenantScope) {
    return yield* decode(
      yield* sql`SELECT ${columns} FROM backup_schedules WHERE ${tenantIs(tenant)} AND deleted_at IS NULL ORDER BY name, id`
    )
  }, Effect.orDie)

  const find = Effect.fn("ScheduleStore.find")(function* (tenant: TenantScope, id: string) {
    if (!isId(id)) return yield* new Problems.NotFound({})
    return yield* single(yield* Effect.orDie(sql`SELECT ${columns} FROM backup_schedules WHERE ${isOne(tenant, id)}`))
  })

  /** The same, locked against other changes until the transaction ends. */
  const lock = Effect.fn("ScheduleStore.lock")(function* (tenant: TenantScope, id: string) {
    if (!isId(id)) return yield* new Problems.NotFound({})
    const rows = yield* Effect.orDie(sql<{ now: Date }>`
      SELECT ${columns}, now() FROM backup_schedules WHERE ${isOne(tenant, id)} FOR NO KEY UPDATE`)
    const schedule = yield* single(rows)
    const locked: LockedSchedule = { schedule, now: DateTime.fromDateUnsafe(rows[0]!.now) }
    return locked
  })

  /** Whether the tenant has a schedule, for the gate. */
  const exists = Effect.fn("ScheduleStore.exists")(function* (tenant: OperationScope, id: string) {
    const rows = yield* sql`SELECT FROM backup_schedules WHERE ${isOne(tenant, id)}`
    return rows.length > 0
  }, Effect.orDie)

  /** A schedule for a run that is at work, even one that was deleted meanwhile. */
  const findEvenDeleted = Effect.fn("ScheduleStore.findEvenDeleted")(function* (tenant: OperationScope, id: string) {
    return yield* single(
      yield* Effect.orDie(sql`SELECT ${columns} FROM backup_schedules WHERE ${tenantIs(tenant)} AND id = ${id}::uuid`)
    )
  })

  const insert = Effect.fn("ScheduleStore.insert")(function* (
    actor: Actor,
    tenant: TenantScope,
    settings: ScheduleSettings,
    next: DateTime.Utc | null
  ) {
    const row = {
      id: SecureRandom.uuidV7Unsafe(),
      workspace_id: tenant.workspaceId,
      tenant_id: tenant.tenantId,
      created_by: encodeActor(actor),
      ...valuesOf(settings, next)
    }
    return yield* single(yield* sql`INSERT INTO backup_schedules ${sql.insert(row)} RETURNING ${columns}`)
  }, Effect.orDie)

  /** Waits until no other transaction creates a schedule with the same key. */
  const lockKey = Effect.fn("ScheduleStore.lockKey")(
    (digest: string) => sql`SELECT pg_advisory_xact_lock(hashtextextended(${`atlas schedule ${digest}`}, 0))`,
    Effect.orDie,
    Effect.asVoid
  )

  /** The schedule that was created with the same key: whether it was asked for with the same settings, and is deleted. */
  const findByKey = Effect.fn("ScheduleStore.findByKey")(function* ({ key, request }: ScheduleDigests) {
    const [earlier] = yield* sql<{ id: string; same: boolean; deleted: boolean }>`
      SELECT id::text, request_digest = decode(${request}, 'hex') AS same, deleted_at IS NOT NULL AS deleted
      FROM backup_schedules WHERE key_digest = decode(${key}, 'hex')`
    return earlier
  }, Effect.orDie)

  /** Notes with which key a schedule was created. */
  const noteKey = Effect.fn("ScheduleStore.noteKey")(
    ({ id }: BackupSchedule, { key, request }: ScheduleDigests) => sql`
      UPDATE backup_schedules SET key_digest = decode(${key}, 'hex'), request_digest = decode(${request}, 'hex')
      WHERE id = ${id}::uuid`,
    Effect.orDie,
    Effect.asVoid
  )

  /** Changes the settings of a locked schedule. It is time for its retention, and nothing keeps it from its next fire time. */
  const change = Effect.fn("ScheduleStore.change")(function* (
    { id }: BackupSchedule,
    settings: ScheduleSettings,
    next: DateTime.Utc | null
  ) {
    return yield* single(
      yield* sql`
        UPDATE backup_schedules SET ${sql.update(valuesOf(settings, next))}, version = version + 1, updated_at = now(),
          next_retention_at = now(), decide_after = NULL
        WHERE id = ${id}::uuid RETURNING ${columns}`
    )
  }, Effect.orDie)

  /** Pauses or resumes a locked schedule. */
  const setPaused = Effect.fn("ScheduleStore.setPaused")(function* ({ id }: BackupSchedule, paused: boolean) {
    return yield* single(
      yield* sql`
        UPDATE backup_schedules SET paused = ${paused}, version = version + 1, updated_at = now()
        WHERE id = ${id}::uuid RETURNING ${columns}`
    )
  }, Effect.orDie)

  /** Deletes a locked schedule. Its row stays for its backups and slots. */
  const remove = Effect.fn("ScheduleStore.remove")(
    ({ id }: BackupSchedule) =>
      sql`UPDATE backup_schedules SET deleted_at = now(), next_fire_at = NULL WHERE id = ${id}::uuid`,
    Effect.orDie,
    Effect.asVoid
  )

  /**
   * Locks a schedule that is due; undefined if none is, or others are deciding. The row is one that `BackupSchedule` decodes. A
   * stronger lock would skip a schedule to which a backup is being added: the foreign key of the backup locks the row as well.
   */
  const lockDue = Effect.fn("ScheduleStore.lockDue")(function* () {
    const [row] = yield* sql<{ id: string; now: Date }>`
      SELECT ${columns}, now() FROM backup_schedules
      WHERE deleted_at IS NULL AND next_fire_at <= now() AND (decide_after IS NULL OR decide_after <= now())
      ORDER BY next_fire_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED`
    return row
  }, Effect.orDie)

  /** Which of these fire times are decided already. */
  const listDecided = Effect.fn("ScheduleStore.listDecided")(function* (
    schedule: string,
    times: ReadonlyArray<DateTime.Utc>
  ) {
    const known = yield* sql<{ at: Date }>`
      SELECT fire_time AS at FROM backup_schedule_slots WHERE schedule_id = ${schedule}::uuid
        AND fire_time = ANY(ARRAY(
          SELECT json_array_elements_text(${JSON.stringify(times.map(DateTime.formatIso))}::json)::timestamptz))`
    return known.map(({ at }) => at)
  }, Effect.orDie)

  const insertSlots = (schedule: string, slots: ReadonlyArray<DecidedSlot>) => {
    const rows = slots.map((slot) => ({ ...slot, fireTime: DateTime.formatIso(slot.fireTime) }))
    return sql`
      INSERT INTO backup_schedule_slots (schedule_id, fire_time, state, reason, run_id)
      SELECT ${schedule}::uuid, "fireTime", state, reason, "runId"
      FROM json_to_recordset(${JSON.stringify(rows)}::json)
        AS r("fireTime" timestamptz, state text, reason text, "runId" uuid)`
  }

  /** Records what became of fire times. */
  const addSlots = Effect.fn("ScheduleStore.addSlots")(insertSlots, Effect.orDie, Effect.asVoid)

  /** Records what became of fire times, and when the schedule is due again; null for never. */
  const decide = Effect.fn("ScheduleStore.decide")(
    (schedule: string, slots: ReadonlyArray<DecidedSlot>, next: DateTime.Utc | null) => sql`
      WITH decided AS (${insertSlots(schedule, slots)})
      UPDATE backup_schedules SET decide_after = NULL, next_fire_at = ${optional(next)}::timestamptz
      WHERE id = ${schedule}::uuid`,
    Effect.orDie,
    Effect.asVoid
  )

  /** Records the fire time that a schedule waits for as missed, if it is due and not decided already. */
  const recordMissed = Effect.fn("ScheduleStore.recordMissed")(
    ({ id }: BackupSchedule, reason: string) => sql`
      INSERT INTO backup_schedule_slots (schedule_id, fire_time, state, reason)
      SELECT id, next_fire_at, 'missed', ${reason} FROM backup_schedules
      WHERE id = ${id}::uuid AND next_fire_at <= now() ON CONFLICT (schedule_id, fire_time) DO NOTHING`,
    Effect.orDie,
    Effect.asVoid
  )

  /** Leaves a schedule alone for five minutes. */
  const postpone = Effect.fn("ScheduleStore.postpone")(
    (schedule: string) => sql`
      UPDATE backup_schedules SET decide_after = now() + interval '5 minutes' WHERE id = ${schedule}::uuid`,
    Effect.orDie,
    Effect.asVoid
  )

  /** What became of the fire times before an instant, or of all if it is null; newest first. */
  const listSlots = Effect.fn("ScheduleStore.listSlots")(function* (
    schedule: string,
    before: DateTime.Utc | null,
    limit: number
  ) {
    return yield* decodeSlots(
      yield* sql`
        SELECT fire_time AS "fireTime", state, reason, run_id::text AS "runId", decided_at AS "decidedAt"
        FROM backup_schedule_slots WHERE schedule_id = ${schedule}::uuid
          AND fire_time < coalesce(${optional(before)}::timestamptz, 'infinity')
        ORDER BY fire_time DESC LIMIT ${limit}`
    )
  }, Effect.orDie)

  return {
    readClock,
    list,
    find,
    lock,
    exists,
    findEvenDeleted,
    insert,
    lockKey,
    findByKey,
    noteKey,
    change,
    setPaused,
    remove,
    lockDue,
    listDecided,
    addSlots,
    decide,
    recordMissed,
    postpone,
    listSlots
  }
})
