import { FakeGraph, type FakeItem } from "@atlas/fake-graph"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { importBackup, policySources, policyTypes } from "../../src/index.ts"
import { ada, backedUp, intune, pilotGroup, scopeOf } from "../Fixture.ts"
import { configuration, executed, get, itemsOf, pilot, planned } from "./RestoreFixture.ts"

const configurations = "deviceManagement/deviceConfigurations"
const tags = "deviceManagement/roleScopeTags"
const filters = "deviceManagement/assignmentFilters"
const filterId = "00000000-0000-4000-8000-000000000070"
const unknownGroup = "00000000-0000-4000-8000-000000000999"

const toAll = { target: { "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget" } }
const toGroup = (groupId: string) => ({ target: { "@odata.type": "#microsoft.graph.groupAssignmentTarget", groupId } })
const filtered = {
  target: {
    ...toAll.target,
    deviceAndAppManagementAssignmentFilterId: filterId,
    deviceAndAppManagementAssignmentFilterType: "include"
  }
}
const base = (id: string, more: object = {}): FakeItem => ({
  id,
  "@odata.type": "#microsoft.graph.windows10GeneralConfiguration",
  displayName: "Base",
  description: "x",
  assignments: [toAll],
  ...more
})
const tag = (id: string, displayName: string) => ({ id, displayName, isBuiltIn: false })
const filter = (id: string, platform: string, rule: string) => ({
  id,
  displayName: "Corporate",
  platform,
  rule,
  assignmentFilterManagementType: "devices",
  roleScopeTags: ["0"]
})

const empty = Object.fromEntries(policyTypes.map(({ source }) => [source.path, []]))
const own = (collections: Readonly<Record<string, ReadonlyArray<object>>>) => ({
  ...empty,
  [tags]: [{ id: "0", displayName: "Default", isBuiltIn: true }],
  ...collections
})
const host = intune(
  Object.entries({
    complete: own({ [configurations]: [base("a", { assignments: [toGroup(pilotGroup)] })] }),
    equal: own({ [configurations]: [base("a1", { assignments: [toGroup(pilotGroup)] }), base("a2")] }),
    unlike: own({ [configurations]: [base("a1"), base("a2", { description: "y" })] }),
    foreign: own({
      [tags]: [{ id: "0", displayName: "Default", isBuiltIn: true }, tag("1", "London")],
      [configurations]: [base("own", { displayName: "Own", roleScopeTagIds: ["1"] })]
    }),
    untitled: own({ [configurations]: [base("e", { displayName: "" })] }),
    dead: own({
      [tags]: [{ id: "0", displayName: "Default", isBuiltIn: true }, tag("5", "Berlin")],
      [configurations]: [base("t", { roleScopeTagIds: ["5"] })]
    }),
    opposite: own({
      [filters]: [filter(filterId, "windows10AndLater", '(device.deviceOwnership -eq "Corporate")')],
      [configurations]: [base("f", { assignments: [filtered] })]
    }),
    capitals: own({}),
    unsynced: own({})
  }).map(([tenantId, collections]) => ({ tenantId, groups: [pilot], collections }))
)

const all = { items: null, withAssignments: true }
const only = (id: string) => ({ items: [configuration(id)], withAssignments: true })
const now = (tenant: string, path = configurations) => FakeGraph.use((graph) => graph.items(tenant, path))
const put = (tenant: string, path: string, item: FakeItem) =>
  FakeGraph.use((graph) => graph.putItem(tenant, path, item))
const remove = (tenant: string, path: string, id: string) =>
  FakeGraph.use((graph) => graph.removeItem(tenant, path, id))
const targets = (item: FakeItem) =>
  (item["assignments"] as ReadonlyArray<{ readonly target: object }>).map(({ target }) => ({ ...target }))

layer(host, { excludeTestServices: true, timeout: "60 seconds" })("A restore goes by what things mean:", (it) => {
  it.effect("the number of another tenant's scope tag is no identity", () =>
    Effect.gen(function* () {
      const { id } = yield* importBackup(
        ada,
        scopeOf("foreign"),
        "Other",
        [
          { source: policySources.scopeTags, objects: [{ ...tag("1", "Berlin"), assignments: [] }] },
          {
            source: policySources.deviceConfigurations,
            objects: [base("x", { displayName: "X", roleScopeTagIds: ["1"] })]
          }
        ],
        [{ kind: "scope_tag", id: "1", name: "Berlin" }]
      )
      yield* executed("foreign", yield* planned("foreign", id, all))
      const found = yield* now("foreign", tags)
      const berlin = found.find(({ displayName }) => displayName === "Berlin")
      assert.deepInclude(
        found.find((each) => each.id === "1"),
        { displayName: "London" }
      )
      assert.notStrictEqual(berlin?.id, "1")
      const restored = (yield* now("foreign")).find(({ displayName }) => displayName === "X")
      assert.deepStrictEqual(restored?.["roleScopeTagIds"], [berlin!.id])
    })
  )

  it.effect.each([
    { tenant: "equal", which: "equal to it" },
    { tenant: "unlike", which: "of the same title" }
  ])("another policy of the backup that is $which stays what it is", ({ tenant }) =>
    Effect.gen(function* () {
      const { id } = yield* backedUp(tenant)
      const [before] = (yield* now(tenant)).filter((item) => item.id === "a2")
      yield* remove(tenant, configurations, "a1")
      const restore = yield* planned(tenant, id, only("a1"))
      assert.strictEqual((yield* itemsOf(tenant, restore))[0]?.action, "create")
      yield* executed(tenant, restore)
      assert.strictEqual((yield* itemsOf(tenant, restore))[0]?.result, "done")
      const after = yield* now(tenant)
      assert.lengthOf(after, 2)
      assert.deepStrictEqual(
        after.find((item) => item.id === "a2"),
        before
      )
    })
  )

  it.effect("what a safety backup refers to has names, and is found", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { id } = yield* backedUp("complete")
      yield* put("complete", configurations, base("a", { description: "changed", assignments: [toGroup(pilotGroup)] }))
      const restore = yield* planned("complete", id, all)
      yield* executed("complete", restore)
      const { safetyBackupId } = yield* get("complete", restore)
      assert.deepStrictEqual(
        Array.from(yield* sql`SELECT kind, id, name FROM backup_references WHERE set_id = ${safetyBackupId}::uuid`),
        [{ kind: "group", id: pilotGroup, name: "Pilot" }]
      )
      yield* remove("complete", configurations, "a")
      yield* executed("complete", yield* planned("complete", safetyBackupId!, all))
      const [again] = yield* now("complete")
      assert.strictEqual(again?.["description"], "changed")
      assert.deepInclude(targets(again!)[0], { groupId: pilotGroup })
    })
  )

  it.effect("a filter of the same name that lets others through is not taken for it", () =>
    Effect.gen(function* () {
      const { id } = yield* backedUp("opposite")
      yield* remove("opposite", configurations, "f")
      yield* remove("opposite", filters, filterId)
      const other = filter("00000000-0000-4000-8000-000000000071", "iOS", '(device.deviceOwnership -ne "Corporate")')
      yield* put("opposite", filters, other)
      const items = yield* itemsOf("opposite", yield* planned("opposite", id, all))
      const item = items.find(({ source }) => source === "device_configurations")
      assert.match(item?.reason ?? "", /^No assignment is written.*has one that says something else\.$/)
    })
  )

  it.effect("an exclusion excludes however its type is written", () =>
    Effect.gen(function* () {
      const excluded = {
        target: { "@odata.type": "#Microsoft.Graph.ExclusionGroupAssignmentTarget", groupId: unknownGroup }
      }
      const objects = [base("c", { assignments: [toAll, excluded] })]
      const { id } = yield* importBackup(ada, scopeOf("capitals"), "Capitals", [
        { source: policySources.deviceConfigurations, objects }
      ])
      yield* executed("capitals", yield* planned("capitals", id, all))
      const [made] = yield* now("capitals")
      assert.isEmpty((made?.["assignments"] as ReadonlyArray<unknown> | undefined) ?? [])
    })
  )

  it.effect("a policy without a title is the one that says the same", () =>
    Effect.gen(function* () {
      const { id } = yield* backedUp("untitled")
      yield* remove("untitled", configurations, "e")
      for (const action of ["create", "unchanged"]) {
        const restore = yield* planned("untitled", id, all)
        const item = (yield* itemsOf("untitled", restore)).find(({ source }) => source === "device_configurations")
        assert.strictEqual(item?.action, action)
        if (action === "create") yield* executed("untitled", restore)
      }
      assert.lengthOf(yield* now("untitled"), 1)
    })
  )

  it.effect("a policy that names a tag which is made anew is changed, too", () =>
    Effect.gen(function* () {
      const { id } = yield* backedUp("dead")
      yield* remove("dead", tags, "5")
      const restore = yield* planned("dead", id, all)
      yield* executed("dead", restore)
      const item = (yield* itemsOf("dead", restore)).find(({ source }) => source === "device_configurations")
      assert.deepInclude({ ...item }, { action: "update", result: "done" })
      const berlin = (yield* now("dead", tags)).find(({ displayName }) => displayName === "Berlin")
      assert.deepStrictEqual((yield* now("dead"))[0]?.["roleScopeTagIds"], [berlin!.id])
      const again = yield* itemsOf("dead", yield* planned("dead", id, all))
      assert.isEmpty(again.filter(({ action }) => action !== "unchanged"))
    })
  )

  it.effect("a group whose directory was never synced is not called missing, nor is a namesake taken", () =>
    Effect.gen(function* () {
      const objects = ["Pilot", "Nobody"].map((groupName) => {
        const target = { "@odata.type": "#microsoft.graph.groupAssignmentTarget", groupName }
        return base(groupName, { displayName: groupName, assignments: [{ target }] })
      })
      const { id } = yield* importBackup(ada, scopeOf("unsynced"), "Groups", [
        { source: policySources.deviceConfigurations, objects }
      ])
      const items = yield* itemsOf("unsynced", yield* planned("unsynced", id, all))
      assert.deepStrictEqual(
        items.map(({ reason }) => reason),
        ["Nobody", "Pilot"].map(
          (name) =>
            `No assignment is written. It refers to the group “${name}”, ` +
            "which nobody can look up before the tenant's groups are synced."
        )
      )
    })
  )
})
