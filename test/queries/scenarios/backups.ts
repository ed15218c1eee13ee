import {
  Backups,
  BackupSchedules,
  BackupOperations,
  DueBackups,
  exportBackup,
  importBackup,
  policySources
} from "@atlas/intune"
import type { RunId } from "@atlas/operations"
import { DateTime, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { ada, tenant, wifi } from "../Host.ts"
import { as } from "../Watched.ts"
import { completed, ended } from "./Runs.ts"

const { tenantId } = tenant
const page = { before: null, limit: 50 }
const settings = { name: "Every minute", cron: "* * * * *", timeZone: "UTC", keepLast: 1 }

const reading = Effect.fnUntraced(function* (schedule: string, run: string) {
  const all = yield* Backups
  const [backup] = yield* all.list(ada, tenantId, page).pipe(as("of a tenant"))
  const { id } = backup!
  yield* all.list(ada, tenantId, { ...page, before: id }).pipe(as("of a tenant, the next page"))
  yield* all.list(ada, tenantId, { ...page, schedule }).pipe(as("of a schedule"))
  yield* all.get(ada, tenantId, id)
  yield* all.ofRun(ada, tenantId, run)
  const items = { query: "", after: null, limit: 10 }
  const [item] = yield* all.items(ada, tenantId, id, items).pipe(as("all"))
  yield* all.items(ada, tenantId, id, { ...items, after: item! }).pipe(as("all, the next page"))
  yield* all.items(ada, tenantId, id, { ...items, query: "wi-fi" }).pipe(as("by a part"))
  yield* all.content(ada, tenantId, id, { source: "device_configurations", id: wifi.id })
  yield* all.verify(id)
  yield* exportBackup(ada, id, () => Effect.void)
  yield* importBackup(ada, tenant, "Imported", [{ source: policySources.deviceConfigurations, objects: [wifi] }])
  return id
})

/** Schedules, and two backups of one of them. */
export const backups = Effect.gen(function* () {
  const schedules = yield* BackupSchedules
  const { id: schedule } = yield* schedules.create(ada, tenantId, settings, "a schedule")
  yield* schedules.update(ada, tenantId, schedule, 1, { name: "Each minute" })
  yield* schedules.pause(ada, tenantId, schedule, "any", true)
  yield* schedules.pause(ada, tenantId, schedule, "any", false)
  yield* schedules.list(ada, tenantId)
  yield* completed(BackupOperations.runNow, { schedule }, { idempotencyKey: "first backup" })
  const run = yield* completed(BackupOperations.runNow, { schedule }, { idempotencyKey: "second backup" })
  yield* schedules.executions(ada, tenantId, schedule, 50).pipe(as("of a schedule"))
  return { schedule, backup: yield* reading(schedule, run.id) }
})

/** The scheduler when two schedules are due: one it can decide about, the other not. It lets a backup expire, too. */
export const scheduler = Effect.fnUntraced(function* (schedule: string) {
  const sql = yield* SqlClient.SqlClient
  const schedules = yield* BackupSchedules
  const odd = yield* schedules.create(ada, tenantId, { ...settings, name: "Odd" })
  yield* sql`UPDATE backup_schedules SET time_zone = 'Nowhere' WHERE id = ${odd.id}::uuid`
  yield* sql`
    UPDATE backup_schedules SET next_fire_at = date_trunc('minute', now()) WHERE id IN (${schedule}::uuid, ${odd.id}::uuid)`
  yield* DueBackups.tickOnce.pipe(as("by the scheduler"))
  const [slot] = yield* schedules.slots(ada, tenantId, schedule, page)
  const before = yield* DateTime.now
  yield* schedules.slots(ada, tenantId, schedule, { ...page, before }).pipe(as("the next page"))
  yield* ended({ id: slot!.runId! })
  const [expiring] = yield* sql<{ id: RunId }>`
    SELECT id::text FROM operation_runs WHERE type = ${BackupOperations.retention.name} AND input ->> 'schedule' = ${schedule}`
  yield* ended(expiring!)
  yield* schedules.remove(ada, tenantId, odd.id, "any")
})
