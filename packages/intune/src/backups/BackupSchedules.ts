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
  type Problems,
  type Run,
  Runs,
  type StartGate,
  type TenantScope
} from "@atlas/operations"
import { Context, type DateTime, Effect, Layer, Predicate, Schema, Struct } from "effect"
import { SqlClient } from "effect/sql"
import { CalendarInstant } from "../policies/Arguments.ts"
import {
  type BackupSchedule,
  scheduleDefaults,
  scheduleFields,
  ScheduleSettings,
  type ScheduleSlot
} from "./BackupSchedule.ts"
import { backupOperations } from "./BackupOperations.ts"
import { nextFireTimes, type Recurrence } from "./FireTimes.ts"
import { inTransaction } from "../policies/inTransaction.ts"
import { scheduleExists } from "./ScheduleGate.ts"
import { makeScheduleStore } from "./ScheduleStore.ts"

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

const kind = "backup_schedule"

const decodePaused = Decoding.argumentsOf(Schema.Struct({ paused: Schema.Boolean }))
const decodeSlotPage = Decoding.argumentsOf(
  Schema.Struct({ page: Schema.Struct({ before: Schema.NullOr(CalendarInstant), limit: Decoding.pageLimit(200) }) })
)
const decodeLimit = Decoding.argumentsOf(Schema.Struct({ limit: Decoding.pageLimit(200) }))

const nextAfter = (recurrence: Recurrence, after: DateTime.Utc): DateTime.Utc | null =>
  nextFireTimes(recurrence, after, 1)[0] ?? null

const settingNames = Struct.keys(scheduleFields)

const trimmed = <Settings extends ScheduleSettings>(settings: Settings): Settings => ({
  ...settings,
  name: settings.name.trim(),
  cron: settings.cron.trim()
})

const isSame = (settings: ScheduleSettings, other: ScheduleSettings) =>
  settingNames.every((name) => JSON.stringify(settings[name]) === JSON.stringify(other[name]))

/** What a change may be about. */
const ScheduleChange = Schema.Struct({ ...scheduleFields, paused: Schema.Boolean })

/** Decodes settings that somebody sent; `others` fills in those that are left out. */
const decodeSettings = Effect.fnUntraced(function* <Settings extends ScheduleSettings, Encoded>(
  schema: Schema.Codec<Settings, Encoded>,
  others: Partial<Settings>,
  given: unknown
) {
  const json = yield* Decoding.decodeInput(Schema.Json, given)
  return trimmed(
    yield* Decoding.decodeInput(schema, Predicate.isObject(json) ? { ...others, ...(json as object) } : json)
  )
})

/** What the audit keeps of a schedule. */
const auditedState = (schedule: BackupSchedule) => Struct.pick(schedule, [...settingNames, "paused"])

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const door = yield* Authorization
  const audit = yield* AuditLog
  const runs = yield* Runs
  const store = yield* makeScheduleStore
  const together = inTransaction(sql)

  const viewing = (actor: Actor, tenantId: string) => door.tenant(actor, tenantId, viewBackups, kind)
  const managing = (actor: Actor, tenantId: string) => door.tenant(actor, tenantId, manageBackups, kind)

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
    return yield* store.list(yield* viewing(actor, tenantId))
  })

  const get = Effect.fn("BackupSchedules.get")(function* (actor: Actor, tenantId: string, id: string) {
    return yield* store.find(yield* viewing(actor, tenantId), id)
  })

  const create = Effect.fn("BackupSchedules.create")(function* (actor: Actor, tenantId: string, given: unknown) {
    const tenant = yield* managing(actor, tenantId)
    const settings = yield* decodeSettings(ScheduleSettings, scheduleDefaults, given)
    return yield* together(
      Effect.gen(function* () {
        const after = yield* store.insert(actor, tenant, settings, nextAfter(settings, yield* store.readClock()))
        yield* record(actor, tenant, "created", { id: after.id, after })
        return after
      })
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
    const after = yield* store.setPaused(before, paused)
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
        const before = yield* store.lock(tenant, id)
        const settings = yield* decodeSettings(ScheduleChange, auditedState(before), given)
        if (isSame(settings, before)) return yield* setPaused(actor, tenant, before, settings.paused)
        const after = yield* store.change(before, settings, nextAfter(settings, yield* store.readClock()))
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
    return yield* together(Effect.flatMap(store.lock(tenant, id), (before) => setPaused(actor, tenant, before, paused)))
  })

  const remove = Effect.fn("BackupSchedules.remove")(function* (actor: Actor, tenantId: string, id: string) {
    const tenant = yield* managing(actor, tenantId)
    yield* together(
      Effect.gen(function* () {
        const before = yield* store.lock(tenant, id)
        yield* store.remove(before)
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
    const schedule = yield* get(actor, tenantId, id)
    return yield* store.listSlots(schedule.id, before, limit)
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
