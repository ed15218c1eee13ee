import { withRun } from "@atlas/operations/testing"
import { FakeGraph, Fault } from "@atlas/fake-graph"
import { ExactJson, RunId, Runs, SystemRuns } from "@atlas/operations"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  Backups,
  DueBackups,
  BackupSchedules,
  BackupOperations,
  type ImportedObjects,
  importBackup,
  policySources
} from "../../src/index.ts"
import { ada, completed, ended, intune, powerless, scopeOf, stranger } from "../Fixture.ts"

const configurations = "deviceManagement/deviceConfigurations"
const runNow = BackupOperations.runNow.name
const nightly = { name: "Nightly", cron: "0 2 * * *", timeZone: "Europe/Berlin" }
const scripts = "deviceManagement/deviceManagementScripts"
const catalog = "deviceManagement/configurationPolicies"
const names = ["contoso", "slots", "races", "keeps", "guarded", "partial", "expiring", "broken", "removed"]
/** Policies that say they have more settings than Graph gives. */
const cut = Array.from({ length: 105 }, (_, n) => ({ id: `cut-${n}`, name: `Cut ${n}`, settingCount: 3, settings: [] }))
const tenants = [
  ...names.map((tenantId) => ({ tenantId, collections: { [configurations]: 12 } })),
  { tenantId: "many", collections: { [catalog]: cut } }
]

const create = (tenant: string, settings: object = {}) =>
  BackupSchedules.use((all) => all.create(ada, tenant, { ...nightly, ...settings })).pipe(Effect.orDie)

/** A backup now, and its set. */
const backUp = Effect.fnUntraced(function* (tenant: string, schedule: string, idempotencyKey: string) {
  const run = yield* completed(tenant, runNow, { schedule }, idempotencyKey)
  const backups = yield* Backups
  const found = yield* Effect.orDie(backups.ofRun(ada, tenant, run.id))
  return { run, set: found._tag === "Some" ? found.value : assert.fail("The run made a backup") }
})

/** As if the schedule had been due since then. */
const dueSince = (schedule: string, minutes: number) =>
  SqlClient.SqlClient.use(
    (sql) => sql`
      UPDATE backup_schedules SET next_fire_at = date_trunc('minute', now()) - make_interval(mins => ${minutes}::int)
      WHERE id = ${schedule}::uuid`
  )

const slotsOf = (tenant: string, schedule: string) =>
  BackupSchedules.use((all) => all.slots(ada, tenant, schedule, { before: null, limit: 200 })).pipe(Effect.orDie)

const scheduledRuns = (schedule: string) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ id: string; key: string }>`
      SELECT id::text, identity_key AS key FROM operation_runs
      WHERE type = ${BackupOperations.scheduled.name} AND context ->> 'schedule' = ${schedule}`
  )

const refused = (statement: Effect.Effect<unknown, unknown>) =>
  Effect.map(Effect.exit(statement), (exit) => assert.strictEqual(exit._tag, "Failure"))

layer(intune(tenants), { excludeTestServices: true, timeout: "60 seconds" })("backups", (it) => {
  it.effect("are of everything that there is, and store equal contents once", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { id } = yield* create("contoso")
      const first = yield* backUp("contoso", id, "1")
      assert.deepInclude({ ...first.set }, { state: "complete", scheduleId: id, runId: first.run.id, missing: [] })
      assert.strictEqual(first.run.outcome, "succeeded")
      assert.strictEqual(first.set.itemCount, first.run.summaryCounts.processed)
      const contents = sql<{ count: number }>`SELECT count(*)::int FROM policy_snapshots WHERE tenant_id = 'contoso'`
      const before = yield* contents
      const second = yield* backUp("contoso", id, "2")
      assert.notStrictEqual(second.set.id, first.set.id)
      assert.strictEqual(second.set.manifestHash, first.set.manifestHash)
      assert.deepStrictEqual(yield* contents, before)
      // The same click is the same run.
      assert.strictEqual((yield* completed("contoso", runNow, { schedule: id }, "2")).id, second.run.id)
      const executions = yield* BackupSchedules.use((all) => all.executions(ada, "contoso", id, 10))
      assert.deepStrictEqual(
        executions.map((run) => run.id),
        [second.run.id, first.run.id]
      )
    })
  )

  it.effect("cannot be changed by anybody", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { id } = yield* create("guarded")
      const { set } = yield* backUp("guarded", id, "1")
      const of = sql`set_id = ${set.id}::uuid`
      yield* refused(sql`UPDATE backup_items SET title = 'x' WHERE ${of}`)
      yield* refused(sql`DELETE FROM backup_items WHERE ${of}`)
      yield* refused(sql`
        INSERT INTO backup_items SELECT set_id, source, id || '2', workspace_id, tenant_id, type, odata_type, title,
          folded_title, platform, assignment_count, content_hash, assignments_hash FROM backup_items WHERE ${of}`)
      yield* refused(sql`TRUNCATE backup_items`)
      yield* refused(sql`UPDATE backup_sets SET item_count = 1 WHERE id = ${set.id}::uuid`)
      yield* refused(
        sql`UPDATE backup_sets SET state = 'expired', expired_at = now(), name = 'x' WHERE id = ${set.id}::uuid`
      )
      yield* refused(sql`UPDATE backup_sets SET state = 'open', sealed_at = NULL WHERE id = ${set.id}::uuid`)
      yield* refused(sql`DELETE FROM backup_sets WHERE id = ${set.id}::uuid`)
      yield* refused(sql`DELETE FROM policy_snapshots WHERE tenant_id = 'guarded'`)
      yield* refused(sql`UPDATE policy_snapshots SET size = 1 WHERE tenant_id = 'guarded'`)
      const verified = yield* Backups.use((all) => all.verify(set.id))
      assert.deepStrictEqual(verified, { items: set.itemCount, manifestHolds: true, damaged: [] })
    })
  )

  it.effect("show what was tampered with around the guards", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { id } = yield* create("guarded")
      const { set } = yield* backUp("guarded", id, "2")
      const [victim] = yield* sql<{ hash: string }>`
        SELECT encode(content_hash, 'hex') AS hash FROM backup_items WHERE set_id = ${set.id}::uuid LIMIT 1`
      yield* sql`ALTER TABLE policy_snapshots DISABLE TRIGGER policy_snapshots_final`
      yield* sql`UPDATE policy_snapshots SET body = 'nonsense' WHERE hash = decode(${victim!.hash}, 'hex')`
      yield* sql`ALTER TABLE backup_items DISABLE TRIGGER backup_items_final`
      yield* sql`UPDATE backup_items SET type = 'scope_tags' WHERE set_id = ${set.id}::uuid AND source = 'named_locations'`
      const verified = yield* Backups.use((all) => all.verify(set.id))
      assert.deepInclude(verified, { manifestHolds: false, damaged: [{ hash: victim!.hash, damage: "changed" }] })
      yield* sql`ALTER TABLE policy_snapshots ENABLE TRIGGER policy_snapshots_final`
      yield* sql`ALTER TABLE backup_items ENABLE TRIGGER backup_items_final`
    })
  )

  it.effect("have every policy that Graph gives, and name the one that it cannot give", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const { id } = yield* create("broken", { types: ["powershell_scripts"] })
      const [script] = yield* graph.items("broken", scripts)
      yield* graph.inject({
        fault: Fault.status(500, "InternalServerError", "An error has occurred"),
        path: `/beta/${scripts}/${script!.id}`,
        tenant: "broken",
        batchItem: true,
        times: 1_000
      })
      const { run, set } = yield* backUp("broken", id, "1")
      yield* graph.clearFaults
      assert.deepInclude({ ...run }, { outcome: "partially_succeeded", reasonCode: "provider_unavailable" })
      assert.strictEqual(set.state, "partial")
      assert.strictEqual(set.itemCount, (yield* graph.items("broken", scripts)).length - 1)
      assert.deepStrictEqual(
        set.missing.map(({ policy, reasonCode }) => [policy, reasonCode]),
        [[{ id: script!.id, title: String(script!["displayName"]) }, "provider_unavailable"]]
      )
      assert.deepStrictEqual(
        run.failureSummary.flatMap(({ samples }) => samples.map(({ item }) => item)),
        [script!["displayName"]]
      )
      assert.strictEqual((yield* backUp("broken", id, "2")).set.state, "complete")
    })
  )

  it.effect("name at most 100 policies that Graph cannot give, and count the others", () =>
    Effect.gen(function* () {
      const { id } = yield* create("many")
      const { set } = yield* backUp("many", id, "1")
      assert.lengthOf(set.missing, 101)
      assert.strictEqual(set.missing.at(-1)?.message, "5 more policies could not be read.")
    })
  )

  it.effect("are not made of files with a policy that nests too deep, and name it", () =>
    Effect.gen(function* () {
      const nested = (id: string, levels: number) => ({
        id,
        "@odata.type": "#microsoft.graph.windows10GeneralConfiguration",
        displayName: id,
        nested: ExactJson.parse("[".repeat(levels) + "]".repeat(levels))
      })
      const of = (...objects: ImportedObjects["objects"]) =>
        importBackup(ada, scopeOf("contoso"), "Deep", [{ source: policySources.deviceConfigurations, objects }])
      const refused = yield* Effect.flip(of(nested("fits", 99), nested("deep", 20_000), nested("over", 100)))
      assert(refused._tag === "InvalidInput")
      assert.deepStrictEqual(
        refused.errors.map(({ detail, pointer }) => [pointer, detail]),
        [
          ["/imported/0/objects/1", "The policy deep nests deeper than 100 levels, which nothing of Intune's does."],
          ["/imported/0/objects/2", "The policy over nests deeper than 100 levels, which nothing of Intune's does."]
        ]
      )
      assert.strictEqual((yield* of(nested("fits", 99))).items, 1)
    })
  )

  it.effect("say what they lack where a kind cannot be read", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const { id } = yield* create("partial")
      yield* graph.inject({ fault: Fault.shapelessBody, path: `/beta/${configurations}`, tenant: "partial", times: 10 })
      const { run, set } = yield* backUp("partial", id, "1")
      yield* graph.clearFaults
      assert.deepInclude({ ...run }, { outcome: "partially_succeeded", reasonCode: "provider_response_invalid" })
      assert.strictEqual(set.state, "partial")
      assert.deepStrictEqual(
        set.missing.map(({ label, reasonCode }) => [label, reasonCode]),
        [["Device configurations", "provider_response_invalid"]]
      )
      const again = yield* backUp("partial", id, "2")
      assert.strictEqual(again.set.state, "complete")
      assert.isAbove(again.set.itemCount, set.itemCount)
    })
  )

  it.effect("are shown to members of the tenant who may see them", () =>
    Effect.gen(function* () {
      const backups = yield* Backups
      const { id } = yield* create("contoso")
      const { set } = yield* backUp("contoso", id, "3")
      const items = yield* backups.items(ada, "contoso", set.id, { query: "", after: null, limit: 200 })
      assert.strictEqual(items.length, set.itemCount)
      const [first] = items
      const { content } = yield* backups.content(ada, "contoso", set.id, first!)
      assert.isObject(JSON.parse(content))
      for (const read of [
        backups.get(stranger, "contoso", set.id),
        backups.get(ada, "slots", set.id),
        backups.get(ada, "contoso", "nonsense"),
        Effect.asVoid(backups.content(ada, "contoso", set.id, { source: "scope_tags", id: "nobody" }))
      ]) {
        assert.strictEqual((yield* Effect.flip(Effect.asVoid(read)))._tag, "NotFound")
      }
      assert.strictEqual((yield* Effect.flip(backups.get(powerless, "contoso", set.id)))._tag, "Forbidden")
    })
  )
})

layer(intune(tenants), { excludeTestServices: true, timeout: "60 seconds" })("backup schedules", (it) => {
  it.effect("are refused with every problem named, and changed in part", () =>
    Effect.gen(function* () {
      const schedules = yield* BackupSchedules
      const wrong = { name: " ", cron: "61 * * * *", timeZone: "Mars", keepLast: 0, color: "red" }
      const problem = yield* Effect.flip(schedules.create(ada, "contoso", wrong))
      assert.sameMembers(problem._tag === "InvalidInput" ? problem.errors.map(({ pointer }) => pointer) : [], [
        "/name",
        "/cron",
        "/timeZone",
        "/keepLast",
        "/color"
      ])
      const { id, nextFireAt } = yield* create("contoso")
      assert.isNotNull(nextFireAt)
      const changed = yield* schedules.update(ada, "contoso", id, "any", { cron: "0 3 * * *" })
      assert.deepInclude({ ...changed }, { name: "Nightly", cron: "0 3 * * *", timeZone: "Europe/Berlin" })
      assert.strictEqual(
        (yield* Effect.flip(schedules.update(ada, "contoso", id, "any", { cron: "x" })))._tag,
        "InvalidInput"
      )
      assert.strictEqual((yield* Effect.flip(schedules.create(powerless, "contoso", nightly)))._tag, "Forbidden")
      assert.strictEqual((yield* Effect.flip(schedules.get(ada, "slots", id)))._tag, "NotFound")
      yield* schedules.remove(ada, "contoso", id, "any")
      assert.strictEqual((yield* Effect.flip(schedules.get(ada, "contoso", id)))._tag, "NotFound")
    })
  )

  it.effect("that do not exist block a start, and leave a record", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const schedule = "01920000-0000-7000-8000-000000000000"
      const request = { tenantId: "contoso", input: { schedule }, idempotencyKey: "x" }
      const { disposition, run } = withRun(yield* runs.start(ada, runNow, request))
      assert.strictEqual(disposition, "blocked")
      assert.strictEqual(run.reasonCode, "ext.backup.schedule_missing")
    })
  )

  it.effect("start one run for a fire time, with twenty schedulers, restarts and replays", () =>
    Effect.gen(function* () {
      const { id } = yield* create("races", { cron: "* * * * *" })
      yield* dueSince(id, 0)
      yield* Effect.all(
        Array.from({ length: 20 }, () => DueBackups.tickOnce),
        { concurrency: "unbounded" }
      )
      const [first, ...more] = yield* slotsOf("races", id)
      assert.deepStrictEqual(more, [])
      assert.strictEqual(first?.state, "dispatched")
      // The clock is set back, and everything is asked again.
      yield* dueSince(id, 0)
      yield* Effect.all(
        Array.from({ length: 20 }, () => DueBackups.tickOnce),
        { concurrency: "unbounded" }
      )
      const slots = yield* slotsOf("races", id)
      const runs = yield* scheduledRuns(id)
      assert.strictEqual(slots.filter(({ fireTime }) => DateTime.Equivalence(fireTime, first!.fireTime)).length, 1)
      assert.strictEqual(runs.length, slots.filter(({ state }) => state === "dispatched").length)
      assert.strictEqual(runs.length, new Set(runs.map(({ key }) => key)).size)
    })
  )

  it.effect("record what became of each fire time, with its reason", () =>
    Effect.gen(function* () {
      const schedules = yield* BackupSchedules
      const { id } = yield* create("slots", { cron: "*/10 * * * *", missed: "once" })
      yield* dueSince(id, 60)
      yield* DueBackups.tickOnce
      const slots = yield* slotsOf("slots", id)
      assert.isAtLeast(slots.length, 5)
      assert.strictEqual(slots.filter(({ state }) => state === "dispatched").length, 1)
      assert.isTrue(slots.every(({ reason, state }) => state === "dispatched" || reason !== null))
      // Whatever is asked again finds its place taken.
      yield* dueSince(id, 60)
      yield* DueBackups.tickOnce
      assert.deepStrictEqual(
        (yield* slotsOf("slots", id)).slice(-slots.length).map(({ state }) => state),
        slots.map(({ state }) => state)
      )
      yield* schedules.pause(ada, "slots", id, "any", true)
      yield* schedules.update(ada, "slots", id, "any", { cron: "7 * * * *" })
      yield* dueSince(id, 120)
      yield* DueBackups.tickOnce
      const paused = (yield* slotsOf("slots", id)).filter(({ state }) => state === "skipped")
      assert.isNotEmpty(paused)
      const sql = yield* SqlClient.SqlClient
      yield* refused(sql`DELETE FROM backup_schedule_slots WHERE schedule_id = ${id}::uuid`)
      yield* refused(
        sql`UPDATE backup_schedule_slots SET state = 'missed', run_id = NULL WHERE schedule_id = ${id}::uuid`
      )
    })
  )

  it.effect("use no fire time twice, also when its run has been removed", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { id } = yield* create("slots", { cron: "* * * * *", missed: "once" })
      yield* dueSince(id, 0)
      yield* DueBackups.tickOnce
      const [slot] = yield* slotsOf("slots", id)
      const [run] = yield* scheduledRuns(id)
      yield* ended({ id: RunId.make(run!.id) })
      yield* sql`DELETE FROM operation_runs WHERE id = ${run!.id}::uuid`
      yield* sql`UPDATE backup_schedules SET next_fire_at = ${DateTime.toDateUtc(slot!.fireTime)} WHERE id = ${id}::uuid`
      yield* DueBackups.tickOnce
      const again = (yield* slotsOf("slots", id)).filter(({ fireTime }) =>
        DateTime.Equivalence(fireTime, slot!.fireTime)
      )
      assert.deepStrictEqual(
        again.map(({ state }) => state),
        ["dispatched"]
      )
      assert.isFalse((yield* scheduledRuns(id)).some(({ key }) => key === run!.key))
    })
  )

  it.effect("are recorded with the run that they had, if it was removed before they are decided about again", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const runs = yield* SystemRuns
      const { id } = yield* create("removed", { cron: "* * * * *", missed: "all", missedLimit: 10 })
      yield* dueSince(id, 0)
      const [due] = yield* sql<{ at: Date }>`SELECT next_fire_at AS at FROM backup_schedules WHERE id = ${id}::uuid`
      const fireTime = DateTime.fromDateUnsafe(due!.at)
      const { run } = withRun(
        yield* runs.start("scheduler", BackupOperations.scheduled, {
          scope: scopeOf("removed"),
          input: { schedule: id },
          fireTime
        })
      )
      const [{ key } = { key: "" }] = yield* scheduledRuns(id)
      yield* ended(run)
      yield* sql`DELETE FROM operation_runs WHERE id = ${run.id}::uuid`
      yield* DueBackups.tickOnce
      const slot = (yield* slotsOf("removed", id)).find((one) => DateTime.Equivalence(one.fireTime, fireTime))
      assert.deepInclude({ ...slot }, { state: "dispatched", runId: run.id })
      assert.isFalse((yield* scheduledRuns(id)).some((one) => one.key === key))
    })
  )

  it.effect("that cannot be decided about keep no other one waiting", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const broken = yield* create("slots", { cron: "* * * * *" })
      const { id } = yield* create("slots", { cron: "* * * * *" })
      yield* sql`UPDATE backup_schedules SET time_zone = 'Atlantis' WHERE id = ${broken.id}::uuid`
      yield* dueSince(broken.id, 3)
      yield* dueSince(id, 1)
      yield* DueBackups.tickOnce
      assert.isNotEmpty(yield* slotsOf("slots", id))
      // Once it can be, nothing is lost.
      yield* sql`
        UPDATE backup_schedules SET time_zone = 'Atlantic/Azores', decide_after = now() WHERE id = ${broken.id}::uuid`
      yield* DueBackups.tickOnce
      assert.isAtLeast((yield* slotsOf("slots", broken.id)).length, 3)
    })
  )

  it.effect("keep what they are to keep, and let the rest expire with its contents", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const graph = yield* FakeGraph
      const backups = yield* Backups
      const { id } = yield* create("keeps", { keepLast: 2 })
      const old = yield* graph.items("keeps", configurations)
      const first = yield* backUp("keeps", id, "1")
      for (const { id: policy } of old)
        yield* graph.putItem("keeps", configurations, { id: policy, displayName: "New" })
      const others = [yield* backUp("keeps", id, "2"), yield* backUp("keeps", id, "3")]
      const contents = sql<{ count: number }>`SELECT count(*)::int FROM policy_snapshots WHERE tenant_id = 'keeps'`
      const [before] = yield* contents
      yield* DueBackups.tickOnce
      yield* Effect.gen(function* () {
        const { state } = yield* backups.get(ada, "keeps", first.set.id)
        const [active] = yield* sql`
          SELECT FROM operation_runs WHERE type = ${BackupOperations.retention.name} AND status <> 'completed'`
        return state === "expired" && active === undefined
      }).pipe(Effect.repeat({ until: (done) => done }), Effect.timeout("60 seconds"))
      for (const { set } of others) {
        assert.strictEqual((yield* backups.get(ada, "keeps", set.id)).state, "complete")
        assert.deepInclude(yield* backups.verify(set.id), { manifestHolds: true, damaged: [] })
      }
      const [after] = yield* contents
      assert.isBelow(after!.count, before!.count)
      assert.deepStrictEqual(
        yield* backups.items(ada, "keeps", first.set.id, { query: "", after: null, limit: 10 }),
        []
      )
    })
  )

  it.effect("do not take the expiry of their backups for a run that is in the way of the next one", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const runs = yield* SystemRuns
      const { id } = yield* create("expiring", { cron: "* * * * *" })
      // Its retention is due only later, and is active meanwhile.
      const retention = yield* runs
        .start("scheduler", BackupOperations.retention, {
          scope: scopeOf("expiring"),
          input: { schedule: id }
        })
        .pipe(
          Effect.tap(
            ({ run }) =>
              sql`UPDATE operation_runs SET available_at = now() + interval '1 hour' WHERE id = ${run.id}::uuid`
          ),
          sql.withTransaction
        )
      yield* dueSince(id, 0)
      yield* DueBackups.tickOnce
      const [slot] = yield* slotsOf("expiring", id)
      assert.deepInclude({ ...slot }, { state: "dispatched" })
      const executions = yield* BackupSchedules.use((all) => all.executions(ada, "expiring", id, 10))
      assert.deepStrictEqual(
        executions.map((run) => run.id),
        [slot!.runId]
      )
      assert.notStrictEqual(slot!.runId, retention.run.id)
    })
  )

  it.effect("start the retention of every schedule that has backups to expire, however many there are", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { id } = yield* create("many", { keepLast: 1 })
      yield* sql`
        INSERT INTO backup_schedules
        SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid()))).*
        FROM backup_schedules s, generate_series(1, 100) WHERE s.id = ${id}::uuid`
      yield* sql`
        INSERT INTO backup_sets (id, workspace_id, tenant_id, origin, schedule_id, name, state, sealed_at, manifest_hash)
        SELECT gen_random_uuid(), workspace_id, tenant_id, 'schedule', id, name, 'complete', now(), sha256('')
        FROM backup_schedules, generate_series(1, 2) WHERE tenant_id = 'many'`
      yield* DueBackups.tickOnce
      const started = yield* sql`
        SELECT DISTINCT input ->> 'schedule' FROM operation_runs
        WHERE type = ${BackupOperations.retention.name} AND tenant_id = 'many'`
      assert.lengthOf(started, 101)
    })
  )
})
