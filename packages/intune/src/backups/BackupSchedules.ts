/**
 * Backup schedules for people: reading and changing them, what became of their fire times, and the runs that back up by them.
 * The service authorises every call, and records each change in the audit, with the schedule before and after. Pages and the
 * HTTP API call it.
 *
 * @module
 */

import {
  type Actor,
  type AuditLog,
  Authorization,
  type Capability,
  Decoding,
  type Problems,
  type Run,
  Runs,
  type StartGate,
  type SystemRuns
} from "@atlas/operations"
import { Context, type DateTime, Effect, Layer, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { CalendarInstant } from "../policies/Arguments.ts"
import { backupOperations } from "./BackupOperations.ts"
import type { BackupSchedule, ScheduleSlot } from "./BackupSchedule.ts"
import { makeScheduleChanges, manageBackups, type ScheduleChanges, scheduleKind } from "./ScheduleChanges.ts"
import { scheduleExists } from "./ScheduleGate.ts"
import { makeScheduleKeys } from "./ScheduleKeys.ts"
import { makeScheduleStore } from "./ScheduleStore.ts"

/** The capability to view schedules and backups. Give it to every role. */
export const viewBackups: Capability = "tenant.backups.view"

type Refused = Problems.Refusal

/**
 * Reads and changes backup schedules. Outsiders get `NotFound`; members without the capability get `Forbidden`, which names it.
 */
export class BackupSchedules extends Context.Service<
  BackupSchedules,
  Omit<ScheduleChanges, "create"> & {
    /**
     * Creates a schedule from untrusted settings. `scheduleDefaults` fills in those that are left out. With an idempotency key,
     * the same request of the same person creates one schedule, and then returns it, with what was changed of it meanwhile.
     */
    create(
      actor: Actor,
      tenantId: string,
      settings: unknown,
      idempotencyKey?: string
    ): Effect.Effect<BackupSchedule, Refused | Problems.IdempotencyKeyReused>
    list(actor: Actor, tenantId: string): Effect.Effect<ReadonlyArray<BackupSchedule>, Refused>
    get(actor: Actor, tenantId: string, id: string): Effect.Effect<BackupSchedule, Refused>
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
  static readonly layer: Layer.Layer<
    BackupSchedules,
    never,
    AuditLog | Authorization | Runs | SqlClient.SqlClient | SystemRuns
  > = Layer.effect(
    BackupSchedules,
    Effect.suspend(() => make)
  )

  /** Open while the schedule that a start names exists in its tenant. */
  static readonly gate: StartGate.StartGate<SqlClient.SqlClient> = scheduleExists
}

const decodeSlotPage = Decoding.argumentsOf(
  Schema.Struct({ page: Schema.Struct({ before: Schema.NullOr(CalendarInstant), limit: Decoding.pageLimit(200) }) })
)
const decodeLimit = Decoding.argumentsOf(Schema.Struct({ limit: Decoding.pageLimit(200) }))

const make = Effect.gen(function* () {
  const door = yield* Authorization
  const runs = yield* Runs
  const store = yield* makeScheduleStore
  const changes = yield* makeScheduleChanges
  const keys = yield* makeScheduleKeys

  const create = Effect.fn("BackupSchedules.createOnce")(function* (
    actor: Actor,
    tenantId: string,
    settings: unknown,
    key?: string
  ) {
    const creating = changes.create(actor, tenantId, settings)
    if (key === undefined) return yield* creating
    const tenant = yield* door.tenant(actor, tenantId, manageBackups, scheduleKind)
    return yield* keys.once(actor, tenant, { settings, key }, creating)
  })

  const viewing = (actor: Actor, tenantId: string) => door.tenant(actor, tenantId, viewBackups, scheduleKind)

  const list = Effect.fn("BackupSchedules.list")(function* (actor: Actor, tenantId: string) {
    return yield* store.list(yield* viewing(actor, tenantId))
  })

  const get = Effect.fn("BackupSchedules.get")(function* (actor: Actor, tenantId: string, id: string) {
    return yield* store.find(yield* viewing(actor, tenantId), id)
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

  return BackupSchedules.of({ ...changes, create, list, get, slots, executions })
})
