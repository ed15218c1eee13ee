import { withRun } from "@atlas/operations/testing"
import { FakeGraph, Fault } from "@atlas/fake-graph"
import { AuditLog, RequestId, Runs, systemActor } from "@atlas/operations"
import { withoutAudit } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { SqlClient } from "effect/sql"
import { Backups, BackupSchedules, exportBackup, importBackup, policySources, Restores } from "../src/index.ts"
import { ada, backedUp, ended, intune, scopeOf } from "./Fixture.ts"

const configurations = "deviceManagement/deviceConfigurations"
const wifi = {
  id: "wifi",
  "@odata.type": "#microsoft.graph.windowsWifiConfiguration",
  displayName: "Office Wi-Fi"
}
const names = ["schedules", "together", "same", "atomic", "restores", "busy", "files"]
const tenants = names.map((tenantId) => ({ tenantId, collections: { [configurations]: [wifi] } }))
const nightly = { name: "Nightly", cron: "0 2 * * *", timeZone: "UTC" }
const items = [{ source: "device_configurations", id: "wifi" }]

/** What is on record of something, the oldest first. */
const recordsOf = Effect.fnUntraced(function* (kind: string, id: string) {
  const audit = yield* AuditLog
  const records = yield* Effect.orDie(audit.ofRecord(scopeOf("any").workspaceId, { kind, id }, 100))
  return records.toReversed()
})

const stateIn = (data: Readonly<Record<string, unknown>>, when: "before" | "after") =>
  data[when] as Readonly<Record<string, unknown>> | null

layer(intune(tenants), { excludeTestServices: true, timeout: "60 seconds" })("the audit of records", (it) => {
  it.effect("has who made, changed, paused, resumed and deleted a schedule, and how it was before and after", () =>
    Effect.gen(function* () {
      const schedules = yield* BackupSchedules
      const { id } = yield* schedules.create(ada, "schedules", nightly)
      yield* schedules.update(ada, "schedules", id, "any", { cron: "0 3 * * *", keepLast: 5 })
      yield* schedules.pause(ada, "schedules", id, "any", true)
      yield* schedules.pause(ada, "schedules", id, "any", false)
      yield* schedules.remove(ada, "schedules", id, "any")
      const records = yield* recordsOf("backup_schedule", id)
      const cron = (state: Readonly<Record<string, unknown>> | null) => state && [state["cron"], state["paused"]]
      assert.deepStrictEqual(
        records.map(({ action, data }) => [action, cron(stateIn(data, "before")), cron(stateIn(data, "after"))]),
        [
          ["backup_schedule.created", null, ["0 2 * * *", false]],
          ["backup_schedule.changed", ["0 2 * * *", false], ["0 3 * * *", false]],
          ["backup_schedule.paused", ["0 3 * * *", false], ["0 3 * * *", true]],
          ["backup_schedule.resumed", ["0 3 * * *", true], ["0 3 * * *", false]],
          ["backup_schedule.deleted", ["0 3 * * *", false], null]
        ]
      )
      for (const { actor, requestId, tenantId } of records) {
        assert.deepStrictEqual<ReadonlyArray<unknown>>(
          [actor.id, requestId, tenantId],
          ["ada", "request-1", "schedules"]
        )
      }
      assert.deepInclude(stateIn(records[1]!.data, "after"), { name: "Nightly", keepLast: 5, timeZone: "UTC" })
    }).pipe(Effect.provideService(RequestId, "request-1"))
  )

  it.effect("has both where settings are changed and the schedule is paused at once, or neither", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const schedules = yield* BackupSchedules
      const { id } = yield* schedules.create(ada, "together", nightly)
      const changed = yield* schedules.update(ada, "together", id, "any", { cron: "0 3 * * *", paused: true })
      assert.deepInclude({ ...changed }, { cron: "0 3 * * *", paused: true })
      const before = yield* recordsOf("backup_schedule", id)
      assert.deepStrictEqual(
        before.map(({ action }) => action),
        ["backup_schedule.created", "backup_schedule.changed", "backup_schedule.paused"]
      )
      yield* sql`
        ALTER TABLE backup_schedules ADD CONSTRAINT stays_paused CHECK (paused OR tenant_id <> 'together') NOT VALID`
      const both = schedules.update(ada, "together", id, "any", { cron: "0 4 * * *", paused: false })
      assert.isTrue(Exit.isFailure(yield* Effect.exit(both)))
      yield* sql`ALTER TABLE backup_schedules DROP CONSTRAINT stays_paused`
      assert.deepStrictEqual(yield* schedules.get(ada, "together", id), changed)
      assert.deepStrictEqual(yield* recordsOf("backup_schedule", id), before)
      assert.isFalse((yield* both).paused)
      const wrong = yield* Effect.flip(schedules.update(ada, "together", id, "any", { paused: "yes" }))
      assert.deepStrictEqual(wrong._tag === "InvalidInput" && wrong.errors.map(({ pointer }) => pointer), ["/paused"])
    })
  )

  it.effect("has nothing of what changed nothing", () =>
    Effect.gen(function* () {
      const schedules = yield* BackupSchedules
      const { id } = yield* schedules.create(ada, "same", nightly)
      yield* schedules.update(ada, "same", id, "any", {})
      yield* schedules.update(ada, "same", id, "any", { ...nightly, name: " Nightly " })
      yield* schedules.pause(ada, "same", id, "any", false)
      assert.instanceOf(yield* Effect.flip(schedules.update(ada, "same", id, "any", { cron: "x" })), Error)
      assert.lengthOf(yield* recordsOf("backup_schedule", id), 1)
    })
  )

  it.effect("is of the same transaction as the change: there is no change without its record", () =>
    Effect.gen(function* () {
      const schedules = yield* BackupSchedules
      const restores = yield* Restores
      const backup = yield* backedUp("atomic")
      const { id } = yield* schedules.create(ada, "atomic", nightly)
      const { restore, runId } = yield* restores.plan(
        ada,
        "atomic",
        { backup: backup.id, items, withAssignments: false },
        "1"
      )
      yield* ended({ id: runId })
      const before = [
        yield* schedules.list(ada, "atomic"),
        yield* restores.list(ada, "atomic", { before: null, limit: 9 })
      ]
      const changes = [
        schedules.create(ada, "atomic", nightly),
        schedules.update(ada, "atomic", id, "any", { name: "Other" }),
        schedules.pause(ada, "atomic", id, "any", true),
        schedules.remove(ada, "atomic", id, "any"),
        restores.plan(ada, "atomic", { backup: backup.id, items, withAssignments: false }, "2"),
        restores.confirm(ada, "atomic", restore.id, { tenantName: "atomic", idempotencyKey: "1" }),
        restores.archive(ada, "atomic", restore.id)
      ]
      for (const change of changes) {
        assert.isTrue(
          Exit.isFailure(yield* Effect.exit(withoutAudit(Effect.asVoid(change as Effect.Effect<unknown, unknown>))))
        )
      }
      const after = [
        yield* schedules.list(ada, "atomic"),
        yield* restores.list(ada, "atomic", { before: null, limit: 9 })
      ]
      assert.deepStrictEqual(after, before)
    })
  )

  it.effect("has who planned, confirmed and archived a restore, and by which runs", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const restores = yield* Restores
      const { id: backup } = yield* backedUp("restores")
      yield* graph.inject({ fault: Fault.intuneForbidden(), tenant: "restores", times: 100 })
      const request = { backup, items, withAssignments: false }
      const { restore, runId: first } = yield* restores.plan(ada, "restores", request, "1")
      yield* ended({ id: first })
      yield* graph.clearFaults
      const { runId: second } = yield* restores.planAgain(ada, "restores", restore.id)
      yield* ended({ id: second })
      // What is answered with what was there before is no change.
      yield* restores.plan(ada, "restores", request, "1")
      const confirm = restores.confirm(ada, "restores", restore.id, { tenantName: "restores", idempotencyKey: "1" })
      const { run } = withRun(yield* confirm)
      yield* ended(run)
      yield* confirm
      yield* restores.archive(ada, "restores", restore.id)
      const records = yield* recordsOf("restore", restore.id)
      assert.deepStrictEqual(
        records.map(({ action, data, runId }) => [
          action,
          stateIn(data, "before")?.["state"],
          stateIn(data, "after")?.["state"],
          runId
        ]),
        [
          ["restore.planned", undefined, "planning", first],
          ["restore.planned_again", "planning", "planning", second],
          ["restore.confirmed", "planned", "confirmed", run.id],
          ["restore.archived", "done", "archived", null]
        ]
      )
      assert.deepStrictEqual(stateIn(records[0]!.data, "after"), {
        state: "planning",
        backupId: backup,
        withAssignments: false
      })
    })
  )

  it.effect("has who exported a backup and who imported one, and there is no import without its record", () =>
    Effect.gen(function* () {
      const backups = yield* Backups
      const { id, itemCount } = yield* backedUp("files")
      const shell = systemActor("shell")
      const written: Array<string> = []
      const exporting = exportBackup(shell, id, (part) =>
        Effect.sync(() => written.push(...part.map(({ path }) => path)))
      )
      assert.isTrue(Exit.isFailure(yield* Effect.exit(withoutAudit(exporting))))
      assert.deepStrictEqual(written, [])
      yield* exporting
      const importing = importBackup(shell, scopeOf("files"), "Copy", [
        { source: policySources.deviceConfigurations, objects: [wifi] }
      ])
      assert.isTrue(Exit.isFailure(yield* Effect.exit(withoutAudit(importing))))
      assert.lengthOf(yield* backups.list(ada, "files", { before: null, limit: 9 }), 1)
      const copy = yield* importing
      const records = [...(yield* recordsOf("backup", id)), ...(yield* recordsOf("backup", copy.id))]
      assert.deepStrictEqual(
        records.map(({ action, actor, data, tenantId }) => [action, actor.kind, actor.id, tenantId, data["after"]]),
        [
          ["backup.exported", "system", "shell", "files", { items: itemCount }],
          ["backup.imported", "system", "shell", "files", { name: "Copy", items: 1 }]
        ]
      )
    })
  )

  it.effect("has a confirmation that another operation was in the way of", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const restores = yield* Restores
      const runs = yield* Runs
      const { id: backup } = yield* backedUp("busy")
      yield* graph.removeItem("busy", configurations, "wifi")
      const planned = Effect.fnUntraced(function* (key: string) {
        const { restore, runId } = yield* restores.plan(ada, "busy", { backup, items, withAssignments: false }, key)
        yield* ended({ id: runId })
        return restore.id
      })
      const [first, second] = [yield* planned("1"), yield* planned("2")]
      yield* graph.inject({ fault: Fault.noAnswer, method: "POST", tenant: "busy", times: 100 })
      const confirmed = yield* restores.confirm(ada, "busy", first, { tenantName: "busy", idempotencyKey: "1" })
      const { run } = withRun(confirmed)
      yield* Effect.flip(restores.confirm(ada, "busy", second, { tenantName: "busy", idempotencyKey: "2" }))
      const last = (yield* recordsOf("restore", second)).at(-1)
      assert.deepInclude({ ...last }, { action: "restore.refused_as_busy", runId: run.id })
      yield* runs.cancel(ada, run.id)
      yield* ended(run)
      yield* graph.clearFaults
    })
  )
})
