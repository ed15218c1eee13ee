import {
  type Actor,
  Authorization,
  type Capability,
  decodeInput,
  encodeActor,
  Problems,
  type Run,
  RunQueries,
  StartGate,
  type TenantScope
} from "@atlas/operations"
import { Context, DateTime, Effect, Layer, Predicate, Schema, Struct } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient, type SqlError, type Statement } from "effect/sql"
import {
  BackupSchedule,
  scheduleDefaults,
  scheduleFields,
  ScheduleId,
  ScheduleSettings,
  ScheduleSlot
} from "./BackupSchedule.ts"
import { runNow, scheduleGate } from "./BackupTypes.ts"
import { nextFireTimes, type Recurrence } from "./FireTimes.ts"

/** The right to see schedules and backups; every role should have it. */
export const viewBackups: Capability = "tenant.backups.view"

/** The right to make, change and delete schedules. */
export const manageBackups: Capability = "tenant.backups.manage"

type Refused = Problems.Refusal

/** Backup schedules for people. Outsiders get `NotFound`, members without the capability get `Forbidden`, naming it. */
export class BackupSchedules extends Context.Service<
  BackupSchedules,
  {
    list(actor: Actor, tenantId: string): Effect.Effect<ReadonlyArray<BackupSchedule>, Refused>
    get(actor: Actor, tenantId: string, id: string): Effect.Effect<BackupSchedule, Refused>
    /** Makes a schedule of settings that are not trusted yet. */
    create(
      actor: Actor,
      tenantId: string,
      settings: unknown
    ): Effect.Effect<BackupSchedule, Refused | Problems.InvalidInput>
    /** Changes what is given. Fire times that were decided stay as they are. */
    update(
      actor: Actor,
      tenantId: string,
      id: string,
      settings: unknown
    ): Effect.Effect<BackupSchedule, Refused | Problems.InvalidInput>
    /** A paused schedule makes no backups: its fire times are recorded as skipped. */
    pause(actor: Actor, tenantId: string, id: string, paused: boolean): Effect.Effect<BackupSchedule, Refused>
    /** Ends a schedule. Its backups stay until they expire by its own rule. */
    remove(actor: Actor, tenantId: string, id: string): Effect.Effect<void, Refused>
    /** What became of the newest fire times before an instant, the newest first. `limit` is 1 to 200. */
    slots(
      actor: Actor,
      tenantId: string,
      id: string,
      page: { readonly before: DateTime.Utc | null; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<ScheduleSlot>, Refused>
    /** The newest runs of a schedule. `limit` is 1 to 200. */
    executions(actor: Actor, tenantId: string, id: string, limit: number): Effect.Effect<ReadonlyArray<Run>, Refused>
  }
>()("@atlas/intune/BackupSchedules") {
  static readonly layer: Layer.Layer<BackupSchedules, never, Authorization | RunQueries | SqlClient.SqlClient> =
    Layer.effect(
      BackupSchedules,
      Effect.suspend(() => make)
    )

  /** Open while the schedule that a start names exists in its tenant. */
  static readonly gate: StartGate.StartGate<SqlClient.SqlClient> = StartGate.make(
    scheduleGate,
    Effect.fnUntraced(function* ({ input, scope }) {
      const sql = yield* SqlClient.SqlClient
      const { schedule } = input as { readonly schedule: string }
      const rows = yield* sql`
        SELECT FROM backup_schedules WHERE id = ${schedule}::uuid AND workspace_id = ${scope.workspaceId}
          AND tenant_id = ${scope.tenantId} AND deleted_at IS NULL`.pipe(Effect.orDie)
      return rows.length > 0
        ? StartGate.open
        : StartGate.blocked("ext.backup.schedule_missing", "The tenant has no such backup schedule.")
    })
  )
}

/** The columns of a schedule, for rows that `BackupSchedule` decodes. */
export const scheduleColumns = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql.literal(`id::text, workspace_id AS "workspaceId", tenant_id AS "tenantId", name, cron,
    time_zone AS "timeZone", skipped_time AS "skippedTime", repeated_time AS "repeatedTime", missed,
    missed_limit AS "missedLimit", types, keep_last AS "keepLast", keep_days AS "keepDays", paused,
    next_fire_at AS "nextFireAt", created_by AS "createdBy", created_at AS "createdAt", updated_at AS "updatedAt"`)

const isId = Schema.is(ScheduleId)

const nextAfter = (recurrence: Recurrence, after: DateTime.Utc): string | null => {
  const [next] = nextFireTimes(recurrence, after, 1)
  return next === undefined ? null : DateTime.formatIso(next)
}

const settingNames = Struct.keys(scheduleFields)

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const door = yield* Authorization
  const queries = yield* RunQueries
  const columns = scheduleColumns(sql)
  const decode = Schema.decodeUnknownEffect(Schema.Array(BackupSchedule))
  const decodeSlots = Schema.decodeUnknownEffect(Schema.Array(ScheduleSlot))

  const existing = ({ tenantId, workspaceId }: TenantScope) =>
    sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId} AND deleted_at IS NULL`
  const one = (tenant: TenantScope, id: string) => sql`${existing(tenant)} AND id = ${id}::uuid`

  const rowsOf = <A>(rows: Effect.Effect<ReadonlyArray<A>, SqlError.SqlError>) => Effect.orDie(rows)
  const single = Effect.fnUntraced(function* (rows: ReadonlyArray<object>) {
    const [schedule] = yield* Effect.orDie(decode(rows))
    return schedule ?? (yield* new Problems.NotFound({}))
  })
  const find = Effect.fnUntraced(function* (tenant: TenantScope, id: string) {
    const rows = isId(id)
      ? yield* rowsOf(sql<object>`SELECT ${columns} FROM backup_schedules WHERE ${one(tenant, id)}`)
      : []
    return yield* single(rows)
  })

  // The database's clock decides what is due: those of web servers and workers may differ.
  const clock = rowsOf(sql<{ now: Date }>`SELECT now()`).pipe(
    Effect.flatMap(([row]) => Effect.orDie(Effect.fromNullishOr(row))),
    Effect.map(({ now }) => DateTime.fromDateUnsafe(now))
  )

  const list = Effect.fn("BackupSchedules.list")(function* (actor: Actor, tenantId: string) {
    const tenant = yield* door.tenant(actor, tenantId, viewBackups, "backup_schedule")
    const rows = yield* rowsOf(
      sql<object>`SELECT ${columns} FROM backup_schedules WHERE ${existing(tenant)} ORDER BY name, id`
    )
    return yield* Effect.orDie(decode(rows))
  })

  const get = Effect.fn("BackupSchedules.get")(function* (actor: Actor, tenantId: string, id: string) {
    return yield* find(yield* door.tenant(actor, tenantId, viewBackups, "backup_schedule"), id)
  })

  const valuesOf = (settings: ScheduleSettings, next: string | null) => ({
    name: settings.name.trim(),
    cron: settings.cron.trim(),
    time_zone: settings.timeZone,
    skipped_time: settings.skippedTime,
    repeated_time: settings.repeatedTime,
    missed: settings.missed,
    missed_limit: settings.missedLimit,
    types: settings.types === null ? null : JSON.stringify(settings.types),
    keep_last: settings.keepLast,
    keep_days: settings.keepDays,
    next_fire_at: next
  })

  const create = Effect.fn("BackupSchedules.create")(function* (actor: Actor, tenantId: string, given: unknown) {
    const tenant = yield* door.tenant(actor, tenantId, manageBackups, "backup_schedule")
    const whole = Predicate.isObject(given) ? { ...scheduleDefaults, ...given } : given
    const settings = yield* decodeInput(ScheduleSettings, whole)
    const row = {
      id: SecureRandom.uuidV7Unsafe(),
      workspace_id: tenant.workspaceId,
      tenant_id: tenant.tenantId,
      created_by: encodeActor(actor),
      ...valuesOf(settings, nextAfter(settings, yield* clock))
    }
    return yield* single(
      yield* rowsOf(sql<object>`INSERT INTO backup_schedules ${sql.insert(row)} RETURNING ${columns}`)
    )
  })

  const update = Effect.fn("BackupSchedules.update")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    given: unknown
  ) {
    const tenant = yield* door.tenant(actor, tenantId, manageBackups, "backup_schedule")
    const now = Struct.pick(yield* find(tenant, id), settingNames)
    const settings = yield* decodeInput(ScheduleSettings, Predicate.isObject(given) ? { ...now, ...given } : given)
    const values = valuesOf(settings, nextAfter(settings, yield* clock))
    const rows = sql<object>`
      UPDATE backup_schedules SET ${sql.update(values)}, updated_at = now() WHERE ${one(tenant, id)} RETURNING ${columns}`
    return yield* single(yield* rowsOf(rows))
  })

  const pause = Effect.fn("BackupSchedules.pause")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    paused: boolean
  ) {
    const tenant = yield* door.tenant(actor, tenantId, manageBackups, "backup_schedule")
    yield* find(tenant, id)
    const rows = sql<object>`
      UPDATE backup_schedules SET paused = ${paused}, updated_at = now() WHERE ${one(tenant, id)} RETURNING ${columns}`
    return yield* single(yield* rowsOf(rows))
  })

  const remove = Effect.fn("BackupSchedules.remove")(function* (actor: Actor, tenantId: string, id: string) {
    const tenant = yield* door.tenant(actor, tenantId, manageBackups, "backup_schedule")
    yield* find(tenant, id)
    yield* rowsOf(
      sql`UPDATE backup_schedules SET deleted_at = now(), next_fire_at = NULL WHERE ${one(tenant, id)} RETURNING id`
    )
  })

  const slots = Effect.fn("BackupSchedules.slots")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    { before, limit }: { readonly before: DateTime.Utc | null; readonly limit: number }
  ) {
    const { id: schedule } = yield* get(actor, tenantId, id)
    const rows = sql<object>`
      SELECT fire_time AS "fireTime", state, reason, run_id::text AS "runId", decided_at AS "decidedAt"
      FROM backup_schedule_slots WHERE schedule_id = ${schedule}::uuid
        AND fire_time < coalesce(${before === null ? null : DateTime.formatIso(before)}::timestamptz, 'infinity')
      ORDER BY fire_time DESC LIMIT ${Math.min(Math.max(limit, 1), 200)}`
    return yield* Effect.orDie(decodeSlots(yield* rowsOf(rows)))
  })

  const executions = Effect.fn("BackupSchedules.executions")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    limit: number
  ) {
    const tenant = yield* door.tenant(actor, tenantId, viewBackups, "backup_schedule")
    yield* find(tenant, id)
    // Whoever may not see the runs sees none.
    yield* door.tenant(actor, tenantId, runNow.capabilities.view, "backup_schedule")
    const visible = { ...tenant, tenants: [tenant.tenantId], capabilities: [runNow.capabilities.view] }
    const filter = { tenant: tenant.tenantId, record: { name: "schedule", id } }
    return yield* queries.list([visible], filter, { before: null, limit: Math.min(Math.max(limit, 1), 200) })
  })

  return BackupSchedules.of({ list, get, create, update, pause, remove, slots, executions })
})
