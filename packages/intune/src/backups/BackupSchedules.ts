/**
 * Backup schedules for people. The service authorises every call, decodes the settings that it is sent, and records each change
 * in the audit, with the schedule before and after, in the transaction of the change. Pages and the HTTP API call it.
 *
 * @module
 */

import {
  type Actor,
  AuditLog,
  Authorization,
  type Capability,
  Decoding,
  encodeActor,
  Problems,
  type Run,
  Runs,
  type StartGate,
  type TenantScope
} from "@atlas/operations"
import { Context, DateTime, Effect, Layer, Predicate, Schema, Struct } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient, type SqlError, type Statement } from "effect/sql"
import { CalendarInstant } from "../policies/Arguments.ts"
import {
  BackupSchedule,
  scheduleDefaults,
  scheduleFields,
  ScheduleId,
  ScheduleSettings,
  ScheduleSlot
} from "./BackupSchedule.ts"
import { backupOperations } from "./BackupOperations.ts"
import { nextFireTimes, type Recurrence } from "./FireTimes.ts"
import { inTransaction } from "../policies/inTransaction.ts"
import { scheduleExists } from "./ScheduleGate.ts"
import { scheduleColumns } from "./ScheduleColumns.ts"

/** The capability to view schedules and backups. Give it to every role. */
export const viewBackups: Capability = "tenant.backups.view"

/** The capability to create, change and delete schedules. */
export const manageBackups: Capability = "tenant.backups.manage"

type Refused = Problems.Refusal

/**
 * Reads and changes backup schedules. Outsiders get `NotFound`; members without the capability get `Forbidden`, which names it.
 */
export class BackupSchedules extends Context.Service<
  BackupSchedules,
  {
    list(actor: Actor, tenantId: string): Effect.Effect<ReadonlyArray<BackupSchedule>, Refused>
    get(actor: Actor, tenantId: string, id: string): Effect.Effect<BackupSchedule, Refused>
    /** Creates a schedule from untrusted settings. `scheduleDefaults` fills in those that are left out. */
    create(actor: Actor, tenantId: string, settings: unknown): Effect.Effect<BackupSchedule, Refused>
    /**
     * Changes the given settings, untrusted as well; with them, `paused` pauses or resumes. All of it is changed, or nothing.
     * Fire times that were decided stay decided.
     */
    update(actor: Actor, tenantId: string, id: string, settings: unknown): Effect.Effect<BackupSchedule, Refused>
    /** Pauses or resumes a schedule. While it is paused, its fire times are recorded as skipped. */
    pause(actor: Actor, tenantId: string, id: string, paused: boolean): Effect.Effect<BackupSchedule, Refused>
    /** Deletes a schedule. Its backups stay until they expire by its own rule. */
    remove(actor: Actor, tenantId: string, id: string): Effect.Effect<void, Refused>
    /** What became of the fire times before an instant, newest first. `limit` is 1 to 200. */
    slots(
      actor: Actor,
      tenantId: string,
      id: string,
      page: { readonly before: DateTime.Utc | null; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<ScheduleSlot>, Refused>
    /** The newest runs that back up by a schedule. `limit` is 1 to 200. */
    executions(actor: Actor, tenantId: string, id: string, limit: number): Effect.Effect<ReadonlyArray<Run>, Refused>
  }
>()("@atlas/intune/BackupSchedules") {
  static readonly layer: Layer.Layer<BackupSchedules, never, AuditLog | Authorization | Runs | SqlClient.SqlClient> =
    Layer.effect(
      BackupSchedules,
      Effect.suspend(() => make)
    )

  /** Open while the schedule that a start names exists in its tenant. */
  static readonly gate: StartGate.StartGate<SqlClient.SqlClient> = scheduleExists
}

const isId = Schema.is(ScheduleId)
const kind = "backup_schedule"

const decodePaused = Decoding.argumentsOf(Schema.Struct({ paused: Schema.Boolean }))
const decodeSlotPage = Decoding.argumentsOf(
  Schema.Struct({ page: Schema.Struct({ before: Schema.NullOr(CalendarInstant), limit: Decoding.pageLimit(200) }) })
)
const decodeLimit = Decoding.argumentsOf(Schema.Struct({ limit: Decoding.pageLimit(200) }))

const nextAfter = (recurrence: Recurrence, after: DateTime.Utc): string | null => {
  const [next] = nextFireTimes(recurrence, after, 1)
  return next === undefined ? null : DateTime.formatIso(next)
}

const settingNames = Struct.keys(scheduleFields)

const valuesOf = (settings: ScheduleSettings) => ({
  name: settings.name.trim(),
  cron: settings.cron.trim(),
  time_zone: settings.timeZone,
  skipped_time: settings.skippedTime,
  repeated_time: settings.repeatedTime,
  missed: settings.missed,
  missed_limit: settings.missedLimit,
  types: settings.types === null ? null : JSON.stringify(settings.types),
  keep_last: settings.keepLast,
  keep_days: settings.keepDays
})

const isSame = (settings: ScheduleSettings, other: ScheduleSettings) =>
  JSON.stringify(valuesOf(settings)) === JSON.stringify(valuesOf(other))

/** What a change may be about. */
const ScheduleChange = Schema.Struct({ ...scheduleFields, paused: Schema.Boolean })

/** Decodes settings that somebody sent; `others` fills in those that are left out. */
const decodeSettings = Effect.fnUntraced(function* <Settings, Encoded>(
  schema: Schema.Codec<Settings, Encoded>,
  others: Partial<Settings>,
  given: unknown
) {
  const json = yield* Decoding.decodeInput(Schema.Json, given)
  return yield* Decoding.decodeInput(schema, Predicate.isObject(json) ? { ...others, ...(json as object) } : json)
})

/** What the audit keeps of a schedule. */
const auditedState = (schedule: BackupSchedule) => Struct.pick(schedule, [...settingNames, "paused"])

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const door = yield* Authorization
  const audit = yield* AuditLog
  const runs = yield* Runs
  const columns = scheduleColumns(sql)
  const together = inTransaction(sql)
  const decode = Schema.decodeUnknownEffect(Schema.Array(BackupSchedule))
  const decodeSlots = Schema.decodeUnknownEffect(Schema.Array(ScheduleSlot))

  const viewing = (actor: Actor, tenantId: string) => door.tenant(actor, tenantId, viewBackups, kind)
  const managing = (actor: Actor, tenantId: string) => door.tenant(actor, tenantId, manageBackups, kind)

  const existing = ({ tenantId, workspaceId }: TenantScope) =>
    sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId} AND deleted_at IS NULL`
  const one = (tenant: TenantScope, id: string) => sql`${existing(tenant)} AND id = ${id}::uuid`

  const rowsOf = <A>(rows: Effect.Effect<ReadonlyArray<A>, SqlError.SqlError>) => Effect.orDie(rows)
  const single = Effect.fnUntraced(function* (rows: Effect.Effect<ReadonlyArray<object>, SqlError.SqlError>) {
    const [schedule] = yield* Effect.orDie(Effect.flatMap(rows, decode))
    return schedule ?? (yield* new Problems.NotFound({}))
  })
  const read = (tenant: TenantScope, id: string, locking: Statement.Fragment) =>
    isId(id)
      ? single(sql<object>`SELECT ${columns} FROM backup_schedules WHERE ${one(tenant, id)} ${locking}`)
      : Effect.fail(new Problems.NotFound({}))
  const find = (tenant: TenantScope, id: string) => read(tenant, id, sql``)
  /** The same, locked against other changes until the transaction ends. */
  const lock = (tenant: TenantScope, id: string) => read(tenant, id, sql`FOR NO KEY UPDATE`)

  // The database's clock decides what is due: the clocks of web servers and workers may differ.
  const clock = rowsOf(sql<{ now: Date }>`SELECT now()`).pipe(
    Effect.flatMap(([row]) => Effect.orDie(Effect.fromNullishOr(row))),
    Effect.map(({ now }) => DateTime.fromDateUnsafe(now))
  )

  const record = (
    actor: Actor,
    scope: TenantScope,
    action: "created" | "changed" | "paused" | "resumed" | "deleted",
    { after, before, id }: { readonly id: string; readonly before?: BackupSchedule; readonly after?: BackupSchedule }
  ) =>
    Effect.orDie(
      audit.record({
        action: `backup_schedule.${action}`,
        actor,
        scope: { ...scope },
        record: { kind, id },
        before: before && auditedState(before),
        after: after && auditedState(after)
      })
    )

  const list = Effect.fn("BackupSchedules.list")(function* (actor: Actor, tenantId: string) {
    const tenant = yield* viewing(actor, tenantId)
    const rows = sql<object>`SELECT ${columns} FROM backup_schedules WHERE ${existing(tenant)} ORDER BY name, id`
    return yield* Effect.orDie(Effect.flatMap(rows, decode))
  })

  const get = Effect.fn("BackupSchedules.get")(function* (actor: Actor, tenantId: string, id: string) {
    return yield* find(yield* viewing(actor, tenantId), id)
  })

  const create = Effect.fn("BackupSchedules.create")(function* (actor: Actor, tenantId: string, given: unknown) {
    const tenant = yield* managing(actor, tenantId)
    const settings = yield* decodeSettings(ScheduleSettings, scheduleDefaults, given)
    const row = {
      id: SecureRandom.uuidV7Unsafe(),
      workspace_id: tenant.workspaceId,
      tenant_id: tenant.tenantId,
      created_by: encodeActor(actor),
      ...valuesOf(settings),
      next_fire_at: nextAfter(settings, yield* clock)
    }
    return yield* together(
      single(sql<object>`INSERT INTO backup_schedules ${sql.insert(row)} RETURNING ${columns}`).pipe(
        Effect.tap((after) => record(actor, tenant, "created", { id: after.id, after }))
      )
    )
  })

  /** Pauses or resumes a locked schedule. */
  const setPaused = Effect.fnUntraced(function* (
    actor: Actor,
    tenant: TenantScope,
    before: BackupSchedule,
    paused: boolean
  ) {
    if (before.paused === paused) return before
    const after = yield* single(sql<object>`
      UPDATE backup_schedules SET paused = ${paused}, updated_at = now() WHERE ${one(tenant, before.id)} RETURNING ${columns}`)
    yield* record(actor, tenant, paused ? "paused" : "resumed", { id: after.id, before, after })
    return after
  })

  const update = Effect.fn("BackupSchedules.update")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    given: unknown
  ) {
    const tenant = yield* managing(actor, tenantId)
    return yield* together(
      Effect.gen(function* () {
        const before = yield* lock(tenant, id)
        const settings = yield* decodeSettings(ScheduleChange, auditedState(before), given)
        if (isSame(settings, before)) return yield* setPaused(actor, tenant, before, settings.paused)
        const values = { ...valuesOf(settings), next_fire_at: nextAfter(settings, yield* clock) }
        const after = yield* single(sql<object>`
          UPDATE backup_schedules SET ${sql.update(values)}, updated_at = now(), next_retention_at = now()
          WHERE ${one(tenant, id)} RETURNING ${columns}`)
        yield* record(actor, tenant, "changed", { id: after.id, before, after })
        return yield* setPaused(actor, tenant, after, settings.paused)
      })
    )
  })

  const pause = Effect.fn("BackupSchedules.pause")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    given: boolean
  ) {
    const { paused } = yield* decodePaused({ paused: given })
    const tenant = yield* managing(actor, tenantId)
    return yield* together(Effect.flatMap(lock(tenant, id), (before) => setPaused(actor, tenant, before, paused)))
  })

  const remove = Effect.fn("BackupSchedules.remove")(function* (actor: Actor, tenantId: string, id: string) {
    const tenant = yield* managing(actor, tenantId)
    yield* together(
      Effect.gen(function* () {
        const before = yield* lock(tenant, id)
        yield* rowsOf(
          sql`UPDATE backup_schedules SET deleted_at = now(), next_fire_at = NULL WHERE ${one(tenant, id)} RETURNING id`
        )
        yield* record(actor, tenant, "deleted", { id: before.id, before })
      })
    )
  })

  const slots = Effect.fn("BackupSchedules.slots")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    given: { readonly before: DateTime.Utc | null; readonly limit: number }
  ) {
    const { before, limit } = (yield* decodeSlotPage({ page: given })).page
    const { id: schedule } = yield* get(actor, tenantId, id)
    const rows = sql<object>`
      SELECT fire_time AS "fireTime", state, reason, run_id::text AS "runId", decided_at AS "decidedAt"
      FROM backup_schedule_slots WHERE schedule_id = ${schedule}::uuid
        AND fire_time < coalesce(${before === null ? null : DateTime.formatIso(before)}::timestamptz, 'infinity')
      ORDER BY fire_time DESC LIMIT ${limit}`
    return yield* Effect.orDie(Effect.flatMap(rows, decodeSlots))
  })

  const executions = Effect.fn("BackupSchedules.executions")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    given: number
  ) {
    const { limit } = yield* decodeLimit({ limit: given })
    const schedule = yield* get(actor, tenantId, id)
    const filter = { tenant: schedule.tenantId, record: { name: "schedule", id: schedule.id } }
    const pages = yield* Effect.forEach(backupOperations, ({ name }) =>
      // Without a cursor, there is none to be invalid.
      Effect.catchTag(runs.list(actor, { ...filter, type: name }, { cursor: null, limit }), "InvalidCursor", Effect.die)
    )
    const newest = pages.flatMap((page) => page.runs).sort((a, b) => (a.id < b.id ? 1 : -1))
    return newest.slice(0, limit)
  })

  return BackupSchedules.of({ list, get, create, update, pause, remove, slots, executions })
})
