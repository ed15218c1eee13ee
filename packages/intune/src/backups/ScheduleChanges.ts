/**
 * The changes that people make to backup schedules: creating, changing, pausing and deleting them. What is due by the settings
 * so far is decided first. Each change is recorded together with its audit record, or not at all. `BackupSchedules` offers them.
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
  type SystemRuns,
  type TenantScope
} from "@atlas/operations"
import { type DateTime, Effect, Equal, Predicate, Schema, Struct } from "effect"
import { HttpApiError } from "effect/http-api"
import { SqlClient } from "effect/sql"
import { inTransaction } from "../policies/inTransaction.ts"
import { type BackupSchedule, scheduleDefaults, scheduleFields, ScheduleSettings } from "./BackupSchedule.ts"
import { makeDecideDue } from "./DueDecision.ts"
import { cronProblem, nextFireTimes, type Recurrence, timeZoneProblem } from "./FireTimes.ts"
import { type LockedSchedule, makeScheduleStore } from "./ScheduleStore.ts"

/** The capability to create, change and delete schedules. */
export const manageBackups: Capability = "tenant.backups.manage"

/** What a schedule is called in the audit. */
export const scheduleKind = "backup_schedule"

/**
 * The version of a schedule that a change is based on: the one that its editor saw, 0 if its editor saw none, or `any` for
 * whichever it has.
 */
export type SeenVersion = number | "any"

/** Somebody else has changed the schedule since its editor read it. This change was not made. */
export class ScheduleChanged extends HttpApiError.Problem<ScheduleChanged>()(
  "ScheduleChanged",
  {
    type: "urn:atlas:problem:schedule-changed",
    status: 412,
    title: "Somebody else changed the schedule meanwhile."
  },
  {
    /** The version that it has now. */
    version: Schema.Int,
    /** What was changed since the version that the editor saw: names of settings, or `paused`. */
    changed: Schema.Array(Schema.String)
  }
) {}

type Refused = Problems.Refusal | ScheduleChanged

/** The functions that change schedules. */
export interface ScheduleChanges {
  /** Creates a schedule from untrusted settings. `scheduleDefaults` fills in those that are left out. */
  create(actor: Actor, tenantId: string, settings: unknown): Effect.Effect<BackupSchedule, Problems.Refusal>
  /**
   * Changes the given settings, untrusted as well; with them, `paused` pauses or resumes. All of it is changed, or nothing.
   * Fire times until now are decided by the settings before. `ScheduleChanged` if the schedule has another version than `seen`.
   */
  update(
    actor: Actor,
    tenantId: string,
    id: string,
    seen: SeenVersion,
    settings: unknown
  ): Effect.Effect<BackupSchedule, Refused>
  /** Pauses or resumes a schedule. While it is paused, its fire times are recorded as skipped. */
  pause(
    actor: Actor,
    tenantId: string,
    id: string,
    seen: SeenVersion,
    paused: boolean
  ): Effect.Effect<BackupSchedule, Refused>
  /** Deletes a schedule. Its backups stay until they expire by its own rule. */
  remove(actor: Actor, tenantId: string, id: string, seen: SeenVersion): Effect.Effect<void, Refused>
}

const Seen = Schema.Union([Schema.Int, Schema.Literal("any")])
const decodeSeen = Decoding.argumentsOf(Schema.Struct({ seen: Seen }))
const decodePaused = Decoding.argumentsOf(Schema.Struct({ seen: Seen, paused: Schema.Boolean }))

/** What a change may be about. */
const ScheduleChange = Schema.Struct({ ...scheduleFields, paused: Schema.Boolean })

const settingNames = Struct.keys(scheduleFields)

const trimmed = <Settings extends ScheduleSettings>(settings: Settings): Settings => ({
  ...settings,
  name: settings.name.trim(),
  cron: settings.cron.trim()
})

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

const isSame = (settings: ScheduleSettings, other: ScheduleSettings) =>
  settingNames.every((name) => JSON.stringify(settings[name]) === JSON.stringify(other[name]))

const nextAfter = (recurrence: Recurrence, after: DateTime.Utc): DateTime.Utc | null =>
  nextFireTimes(recurrence, after, 1)[0] ?? null

const unusable = "The time zone or the cron expression of the schedule could not be used."

/** What people change of a schedule. */
const changeable = [...settingNames, "paused"] as const
const stateOf = (schedule: BackupSchedule) => Struct.pick(schedule, changeable)

/** What the audit keeps of a schedule. */
const auditedState = (schedule: BackupSchedule) => Struct.pick(schedule, [...changeable, "version"])

/** The state of a schedule that an audit record has. */
const stateIn = (data: Readonly<Record<string, unknown>>, when: "after" | "before") =>
  (data[when] ?? {}) as Readonly<Record<string, unknown>>

// Whoever saw an older version is told of the newest changes only.
const mostChanges = 100

/** Makes the functions that change schedules. */
export const makeScheduleChanges: Effect.Effect<
  ScheduleChanges,
  never,
  AuditLog | Authorization | SqlClient.SqlClient | SystemRuns
> = Effect.gen(function* () {
  const door = yield* Authorization
  const audit = yield* AuditLog
  const store = yield* makeScheduleStore
  const decideDue = yield* makeDecideDue
  const together = inTransaction(yield* SqlClient.SqlClient)

  const managing = (actor: Actor, tenantId: string) => door.tenant(actor, tenantId, manageBackups, scheduleKind)

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
        record: { kind: scheduleKind, id },
        before: before && auditedState(before),
        after: after && auditedState(after)
      })
    )

  /** What was changed of a schedule since it had a version. */
  const changedSince = Effect.fnUntraced(function* ({ id, workspaceId }: BackupSchedule, seen: number) {
    const changes = yield* Effect.orDie(audit.ofRecord(workspaceId, { kind: scheduleKind, id }, mostChanges))
    const since = changes.filter(({ data }) => Number(stateIn(data, "after")["version"]) > seen)
    return changeable.filter((name) =>
      since.some(({ data }) => !Equal.equals(stateIn(data, "before")[name], stateIn(data, "after")[name]))
    )
  })

  /** Locks a schedule for a change that is based on a version. */
  const lock = Effect.fnUntraced(function* (tenant: TenantScope, id: string, seen: SeenVersion) {
    const locked = yield* store.lock(tenant, id)
    const { schedule } = locked
    if (seen === "any" || seen === schedule.version) return locked
    const wasVersion = seen >= 0 && seen < schedule.version
    const changed = wasVersion ? yield* changedSince(schedule, seen) : []
    const since = changed.length === 0 ? "" : ` Changed since: ${changed.join(", ")}.`
    const what = wasVersion ? since : " It never had the version that was sent."
    return yield* new ScheduleChanged({
      detail: `It has version ${schedule.version} now.${what} Read it again, then repeat your change.`,
      version: schedule.version,
      changed
    })
  })

  /** Decides about the fire times until now, by the settings before the change. */
  const settle = ({ now, schedule }: LockedSchedule) => {
    const problem = timeZoneProblem(schedule.timeZone) ?? cronProblem(schedule.cron)
    // The change may be what repairs it: it must not fail. Of what is due, only the time that the schedule waits for is known.
    return problem === null ? decideDue(schedule, now) : store.recordMissed(schedule, unusable)
  }

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

  /** Pauses or resumes a locked schedule, if it is not so already. */
  const setPaused = Effect.fnUntraced(function* (
    actor: Actor,
    tenant: TenantScope,
    locked: LockedSchedule,
    paused: boolean
  ) {
    const before = locked.schedule
    if (before.paused === paused) return before
    yield* settle(locked)
    const after = yield* store.setPaused(before, paused)
    yield* record(actor, tenant, paused ? "paused" : "resumed", { id: after.id, before, after })
    return after
  })

  const update = Effect.fn("BackupSchedules.update")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    version: SeenVersion,
    given: unknown
  ) {
    const { seen } = yield* decodeSeen({ seen: version })
    const tenant = yield* managing(actor, tenantId)
    return yield* together(
      Effect.gen(function* () {
        const locked = yield* lock(tenant, id, seen)
        const before = locked.schedule
        const settings = yield* decodeSettings(ScheduleChange, stateOf(before), given)
        if (isSame(settings, before)) return yield* setPaused(actor, tenant, locked, settings.paused)
        yield* settle(locked)
        const after = yield* store.change(before, settings, nextAfter(settings, locked.now))
        yield* record(actor, tenant, "changed", { id: after.id, before, after })
        return yield* setPaused(actor, tenant, { ...locked, schedule: after }, settings.paused)
      })
    )
  })

  const pause = Effect.fn("BackupSchedules.pause")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    version: SeenVersion,
    given: boolean
  ) {
    const { paused, seen } = yield* decodePaused({ seen: version, paused: given })
    const tenant = yield* managing(actor, tenantId)
    return yield* together(Effect.flatMap(lock(tenant, id, seen), (locked) => setPaused(actor, tenant, locked, paused)))
  })

  const remove = Effect.fn("BackupSchedules.remove")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    version: SeenVersion
  ) {
    const { seen } = yield* decodeSeen({ seen: version })
    const tenant = yield* managing(actor, tenantId)
    yield* together(
      Effect.gen(function* () {
        const locked = yield* lock(tenant, id, seen)
        yield* settle(locked)
        yield* store.remove(locked.schedule)
        yield* record(actor, tenant, "deleted", { id: locked.schedule.id, before: locked.schedule })
      })
    )
  })

  return { create, update, pause, remove }
})
