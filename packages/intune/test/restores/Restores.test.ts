import { FakeGraph, Fault } from "@atlas/fake-graph"
import { Runs } from "@atlas/operations"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Backups, policyTypes, type RestoreItem, Restores } from "../../src/index.ts"
import { ada, backedUp, ended, goneGroup, intune, powerless, stranger } from "../Fixture.ts"

const configurations = "deviceManagement/deviceConfigurations"
const enrollment = "deviceManagement/deviceEnrollmentConfigurations"
const wifi = {
  id: "wifi",
  "@odata.type": "#microsoft.graph.windowsWifiConfiguration",
  displayName: "Office Wi-Fi",
  preSharedKey: "correct horse battery staple",
  description: "Ground floor",
  assignments: [{ id: "1", target: { "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget" } }]
}
const masked = { id: "masked", displayName: "Masked", preSharedKey: "********" }
const names = ["whole", "single", "lost", "bound", "crashed", "rights", "twins", "groups"]
const tenants = names.map((tenantId) => ({
  tenantId,
  ...(tenantId === "whole" ? {} : { collections: { [configurations]: [wifi, masked] } })
}))

let keys = 0

const plan = Effect.fnUntraced(function* (
  tenant: string,
  backup: string,
  items: ReadonlyArray<Pick<RestoreItem, "id" | "source">> | null = null
) {
  const restores = yield* Restores
  const request = { backup, items, withAssignments: true }
  const { restore, runId } = yield* Effect.orDie(restores.plan(ada, tenant, request, String(keys++)))
  const run = yield* ended({ id: runId })
  assert.strictEqual(run.outcome, "succeeded", JSON.stringify(run.failureSummary))
  return restore.id
})

const itemsOf = (tenant: string, restore: string) =>
  Restores.use((all) => all.items(ada, tenant, restore, { after: null, limit: 500 })).pipe(Effect.orDie)

const execute = Effect.fnUntraced(function* (tenant: string, restore: string, idempotencyKey = "1") {
  const restores = yield* Restores
  const { run } = yield* Effect.orDie(restores.confirm(ada, tenant, restore, { tenantName: tenant, idempotencyKey }))
  return yield* ended(run)
})

const onlyWifi = [{ source: "device_configurations", id: "wifi" }]

layer(intune(tenants), { excludeTestServices: true, timeout: "60 seconds" })("restores", (it) => {
  it.effect(
    "bring back a tenant that was wiped: the next backup is the same, for every kind that can be restored",
    () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        const before = yield* backedUp("whole", "1")
        const backups = yield* Backups
        const listed = yield* Effect.orDie(
          backups.items(ada, "whole", before.id, { query: "", after: null, limit: 200 })
        )
        const restorable = policyTypes.filter(({ restorability }) => restorability.kind === "restorable")
        const collections = new Set(restorable.map(({ source }) => source.path))
        for (const path of collections) {
          for (const item of yield* graph.items("whole", path)) {
            // The defaults of enrollment cannot be deleted.
            if (path === enrollment && item["priority"] === 0) continue
            yield* graph.removeItem("whole", path, item.id)
          }
        }
        const restore = yield* plan("whole", before.id)
        const run = yield* execute("whole", restore)
        assert.strictEqual(run.outcome, "succeeded", JSON.stringify(run.failureSummary))
        const after = yield* backedUp("whole", "2")
        const again = yield* Effect.orDie(backups.items(ada, "whole", after.id, { query: "", after: null, limit: 200 }))
        const said = (items: typeof listed) =>
          items
            .filter(({ type }) => restorable.some(({ name }) => name === type))
            .map(({ assignmentsHash, contentHash, title, type }) =>
              [type, title, contentHash, assignmentsHash].join(" ")
            )
            .sort()
        assert.deepStrictEqual(said(again), said(listed))
        assert.isAbove(run.summaryCounts.succeeded ?? 0, 50)
        const items = yield* itemsOf("whole", restore)
        const ofKind = (type: string) => items.filter((item) => item.type === type)
        assert.isTrue(ofKind("conditional_access").every(({ action }) => action === "unchanged"))
        assert.isTrue(
          items.every(({ action, result }) => (action === "create" ? result === "done" : result === "skipped"))
        )
      })
  )

  it.effect("change back what was changed, keep a copy of it, and show each field", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const backups = yield* Backups
      const before = yield* backedUp("single", "1")
      yield* graph.putItem("single", configurations, {
        ...wifi,
        preSharedKey: "changed",
        description: null,
        hidden: true,
        assignments: []
      })
      const restore = yield* plan("single", before.id, onlyWifi)
      const [item] = yield* itemsOf("single", restore)
      assert.deepInclude({ ...item }, { action: "update", result: "pending", seenId: "wifi" })
      const paths = item?.difference?.fields.map(({ path }) => path)
      assert.includeMembers([...(paths ?? [])], ["hidden", "description", "preSharedKey/$secret", "assignments/0"])
      assert.notInclude(JSON.stringify(item), "battery")
      const run = yield* execute("single", restore)
      assert.strictEqual(run.outcome, "succeeded")
      const [now] = yield* graph.items("single", configurations)
      assert.deepInclude({ ...now }, { preSharedKey: wifi.preSharedKey, description: "Ground floor", hidden: null })
      assert.lengthOf(now?.["assignments"] as ReadonlyArray<unknown>, 1)
      const { safetyBackupId, state } = yield* Restores.use((all) => all.get(ada, "single", restore))
      assert.strictEqual(state, "done")
      const kept = yield* backups.content(ada, "single", safetyBackupId!, onlyWifi[0]!)
      assert.strictEqual(JSON.parse(kept.content).hidden, true)
      assert.strictEqual((yield* backups.get(ada, "single", safetyBackupId!)).origin, "restore")

      // What is over is over.
      const restores = yield* Restores
      const again = restores.confirm(ada, "single", restore, { tenantName: "single", idempotencyKey: "2" })
      assert.strictEqual((yield* Effect.flip(again))._tag, "RestoreConflict")
      const unchanged = yield* plan("single", before.id, onlyWifi)
      assert.strictEqual((yield* itemsOf("single", unchanged))[0]?.action, "unchanged")
    })
  )

  it.effect("write nothing that was changed after they were planned, nor what Graph has masked", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const before = yield* backedUp("bound", "1")
      yield* graph.putItem("bound", configurations, { ...wifi, preSharedKey: "changed" })
      yield* graph.putItem("bound", configurations, { ...masked, displayName: "Other" })
      const restore = yield* plan("bound", before.id, [...onlyWifi, { source: "device_configurations", id: "masked" }])
      const planned = yield* itemsOf("bound", restore)
      assert.deepStrictEqual(
        planned.map(({ action }) => action),
        ["not_restorable", "update"]
      )
      yield* graph.putItem("bound", configurations, { ...wifi, preSharedKey: "changed again" })
      const run = yield* execute("bound", restore)
      assert.deepInclude({ ...run }, { outcome: "partially_succeeded", reasonCode: "ext.restore.conflict" })
      const [now] = yield* graph.items("bound", configurations)
      assert.strictEqual(now?.["preSharedKey"], "changed again")
      assert.strictEqual((yield* itemsOf("bound", restore))[1]?.result, "skipped")
    })
  )

  it.effect("assign nothing to groups that are gone, and name them", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const [here, gone] = ["here", goneGroup].map((groupId, at) => ({
        id: String(at),
        target: { "@odata.type": "#microsoft.graph.groupAssignmentTarget", groupId }
      }))
      yield* graph.putItem("groups", configurations, { ...wifi, assignments: [here, gone] })
      const before = yield* backedUp("groups", "1")
      yield* graph.removeItem("groups", configurations, "wifi")
      const restore = yield* plan("groups", before.id, onlyWifi)
      assert.include((yield* itemsOf("groups", restore))[0]?.reason, "Former staff")
      yield* execute("groups", restore)
      const [item] = yield* itemsOf("groups", restore)
      assert.include(item?.resultMessage, "Former staff")
      const made = (yield* graph.items("groups", configurations)).find(({ id }) => id === item?.resultId)
      const assigned = made?.["assignments"] as ReadonlyArray<{ readonly target: { readonly groupId: string } }>
      assert.deepStrictEqual(
        assigned.map(({ target }) => target.groupId),
        ["here"]
      )
    })
  )

  it.effect("leave alone what was assigned otherwise after they were planned, and tell twins apart", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const sql = yield* SqlClient.SqlClient
      const twins = ["twin-1", "twin-2"].map((id) => ({ id, displayName: "Twin" }))
      for (const twin of twins) yield* graph.putItem("twins", configurations, twin)
      const before = yield* backedUp("twins", "1")
      for (const { id } of twins) yield* graph.removeItem("twins", configurations, id)
      yield* graph.putItem("twins", configurations, { ...wifi, description: "Changed" })
      const restore = yield* plan("twins", before.id)
      const assigned = [{ target: { "@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget" } }]
      yield* graph.putItem("twins", configurations, { ...wifi, description: "Changed", assignments: assigned })
      // The worker died before it had written either of them.
      yield* sql`
        UPDATE restore_items SET result = 'writing' WHERE restore_id = ${restore}::uuid AND title = 'Twin'`
      yield* execute("twins", restore)
      const now = yield* graph.items("twins", configurations)
      assert.lengthOf(
        now.filter((item) => item["displayName"] === "Twin"),
        2
      )
      assert.strictEqual(now.find(({ id }) => id === "wifi")?.["description"], "Changed")
    })
  )

  it.effect("read what became of a write whose answer was lost, and never send it blindly again", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const before = yield* backedUp("lost", "1")
      yield* graph.removeItem("lost", configurations, "wifi")
      const restore = yield* plan("lost", before.id, onlyWifi)
      yield* graph.inject({
        fault: Fault.writeThenReset,
        path: `/v1.0/${configurations}`,
        method: "POST",
        tenant: "lost"
      })
      const run = yield* execute("lost", restore)
      yield* graph.clearFaults
      assert.strictEqual(run.outcome, "succeeded", JSON.stringify(run.failureSummary))
      const made = (yield* graph.items("lost", configurations)).filter(({ id }) => id !== "masked")
      assert.lengthOf(made, 1)
      assert.deepInclude({ ...(yield* itemsOf("lost", restore))[0] }, { result: "done", resultId: made[0]!.id })
    })
  )

  it.effect("look at what an attempt that died had begun, before they write", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const sql = yield* SqlClient.SqlClient
      const before = yield* backedUp("crashed", "1")
      yield* graph.removeItem("crashed", configurations, "wifi")
      const restore = yield* plan("crashed", before.id, onlyWifi)
      // As a worker leaves it that died between its write and the note of it.
      yield* sql`UPDATE restore_items SET result = 'writing' WHERE restore_id = ${restore}::uuid`
      yield* graph.putItem("crashed", configurations, { ...wifi, id: "made-before-the-crash" })
      const run = yield* execute("crashed", restore)
      assert.strictEqual(run.outcome, "succeeded")
      assert.lengthOf(yield* graph.items("crashed", configurations), 2)
      assert.strictEqual((yield* itemsOf("crashed", restore))[0]?.resultId, "made-before-the-crash")
    })
  )

  it.effect("are for those who may, name what is wrong, and want the tenant's name", () =>
    Effect.gen(function* () {
      const restores = yield* Restores
      const before = yield* backedUp("rights", "1")
      const request = { backup: before.id, items: null, withAssignments: false }
      const failure = (effect: Effect.Effect<unknown, { readonly _tag: string }>) =>
        Effect.map(Effect.flip(effect), ({ _tag }) => _tag)
      assert.strictEqual(yield* failure(restores.plan(powerless, "rights", request, "r1")), "Forbidden")
      assert.strictEqual(yield* failure(restores.plan(stranger, "rights", request, "r1")), "NotFound")
      assert.strictEqual(yield* failure(restores.plan(ada, "single", request, "r2")), "InvalidInput")
      const unknown = { ...request, items: [{ source: "scope_tags", id: "nobody" }] }
      assert.strictEqual(yield* failure(restores.plan(ada, "rights", unknown, "r3")), "InvalidInput")
      const restore = yield* plan("rights", before.id, onlyWifi)
      const typed = { tenantName: "somebody else's", idempotencyKey: "1" }
      assert.strictEqual(yield* failure(restores.confirm(ada, "rights", restore, typed)), "InvalidInput")
      // Nobody executes what was not confirmed.
      const direct = yield* Runs.use((runs) =>
        runs.start(ada, "restore.execute", { tenantId: "rights", input: { restore }, idempotencyKey: "x" })
      )
      assert.strictEqual(direct.disposition, "blocked")
      yield* restores.archive(ada, "rights", restore)
      assert.strictEqual(
        yield* failure(restores.confirm(ada, "rights", restore, { ...typed, tenantName: "rights" })),
        "RestoreConflict"
      )
    })
  )
})
