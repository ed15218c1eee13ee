import { withRun } from "@atlas/operations/testing"
import { FakeGraph, Fault } from "@atlas/fake-graph"
import { Runs } from "@atlas/operations"
import { assert, layer } from "@effect/vitest"
import { Effect, Exit } from "effect"
import {
  Backups,
  BackupSchedules,
  BackupOperations,
  DriftCompare,
  importBackup,
  InventorySync,
  PolicyDrift,
  policySources,
  policyTypes
} from "../../src/index.ts"
import { ada, backedUp, completed, ended, intune, powerless, scopeOf, stranger } from "../Fixture.ts"

const configurations = "deviceManagement/deviceConfigurations"
const policy = (id: string, displayName: string, more: object = {}) => ({ id, displayName, ...more })
const all = ["one", "two", "three"].map((id) => policy(id, `Policy ${id}`, { value: 1 }))

const compare = Effect.fnUntraced(function* (input: typeof DriftCompare.operation.input.Type) {
  const run = yield* completed("contoso", DriftCompare.operation.name, { ...input, types: ["device_configurations"] })
  const drift = yield* PolicyDrift
  return { run, items: yield* Effect.orDie(drift.items(ada, run.id, { after: null, limit: 100 })) }
})

layer(intune([{ tenantId: "contoso", collections: { [configurations]: all } }]), {
  excludeTestServices: true,
  timeout: "60 seconds"
})("drift.compare", (it) => {
  it.effect("finds what was added, removed and changed between any two states, and nothing where nothing is", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const schedules = yield* BackupSchedules
      const { id } = yield* schedules.create(ada, "contoso", { name: "All", cron: "0 2 * * *", timeZone: "UTC" })
      const backedUp = yield* completed("contoso", BackupOperations.runNow.name, { schedule: id }, "1")
      const set = yield* Backups.use((backups) => backups.ofRun(ada, "contoso", backedUp.id))
      const backup = { kind: "backup" as const, id: set._tag === "Some" ? set.value.id : "" }
      yield* completed("contoso", InventorySync.operation.name)
      const [inventory, live] = [{ kind: "inventory" as const }, { kind: "live" as const }]
      for (const [from, to] of [
        [backup, inventory],
        [inventory, live],
        [live, backup]
      ] as const) {
        const { items, run } = yield* compare({ from, to })
        assert.deepStrictEqual(items, [])
        assert.strictEqual(run.outcome, "succeeded")
      }
      yield* graph.removeItem("contoso", configurations, "one")
      yield* graph.putItem("contoso", configurations, policy("two", "Policy two", { value: 2 }))
      yield* graph.putItem("contoso", configurations, policy("four", "Policy four"))
      // Made anew with another id, it is the same policy.
      yield* graph.removeItem("contoso", configurations, "three")
      yield* graph.putItem("contoso", configurations, policy("new three", "Policy three", { value: 1 }))
      const { items, run } = yield* compare({ from: backup, to: live })
      assert.sameDeepMembers(
        items.map(({ change, id: policyId }) => [policyId, change]),
        [
          ["one", "removed"],
          ["two", "changed"],
          ["four", "added"]
        ]
      )
      const changed = items.find(({ id: policyId }) => policyId === "two")
      assert.deepStrictEqual(changed?.difference?.fields, [{ path: "value", from: "1", to: "2" }])
      assert.deepInclude(run.report, { kind: "drift", added: 1, removed: 1, changed: 1 })
      assert.deepStrictEqual((yield* compare({ from: inventory, to: backup })).items, [])

      const drift = yield* PolicyDrift
      const page = { after: null, limit: 1 }
      assert.strictEqual((yield* Effect.flip(drift.items(stranger, run.id, page)))._tag, "NotFound")
      assert.strictEqual((yield* Effect.flip(drift.items(powerless, run.id, page)))._tag, "Forbidden")
      const unknown = { kind: "backup" as const, id: "01920000-0000-7000-8000-000000000000" }
      const failed = yield* completed("contoso", DriftCompare.operation.name, { from: unknown, to: live })
      assert.strictEqual(failed.reasonCode, "ext.drift.backup_missing")
      assert.strictEqual(DriftCompare.differenceCount(failed), null)
      assert.strictEqual(DriftCompare.differenceCount(run), 3)
    })
  )

  it.effect("compares only the kinds that both states have, and says which", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      yield* graph.putItem("contoso", "deviceManagement/roleScopeTags", policy("t1", "Tag"))
      const schedules = yield* BackupSchedules
      const rule = { cron: "0 2 * * *", timeZone: "UTC", types: ["scope_tags", "assignment_filters"] as const }
      const { id } = yield* schedules.create(ada, "contoso", { name: "Tags", ...rule })
      const backedUp = yield* completed("contoso", BackupOperations.runNow.name, { schedule: id }, "2")
      const set = yield* Effect.flatMap(
        Backups.use((backups) => backups.ofRun(ada, "contoso", backedUp.id)),
        Effect.fromOption
      )
      const backup = { kind: "backup" as const, id: set.id }
      const [inventory, live] = [{ kind: "inventory" as const }, { kind: "live" as const }]
      const found = Effect.fnUntraced(function* (input: object) {
        const run = yield* completed("contoso", DriftCompare.operation.name, input)
        const listed = yield* Effect.exit(
          PolicyDrift.use((drift) => drift.items(ada, run.id, { after: null, limit: 100 }))
        )
        const changes = Exit.isSuccess(listed) ? listed.value.map((item) => [item.id, item.change]) : null
        return { run, types: DriftCompare.comparedTypes(run), changes }
      })
      yield* completed("contoso", InventorySync.operation.name)
      // An empty collection that was backed up is compared, and what is new in it is found.
      yield* graph.putItem("contoso", "deviceManagement/assignmentFilters", policy("f1", "Filter"))
      const both = yield* found({ from: backup, to: live })
      assert.deepStrictEqual([both.types, both.changes], [["assignment_filters", "scope_tags"], [["f1", "added"]]])
      const stored = yield* found({ from: backup, to: inventory })
      assert.deepStrictEqual([stored.types, stored.changes], [["assignment_filters", "scope_tags"], []])
      assert.isAbove((yield* found({ from: inventory, to: live })).types.length, 10)
      const none = yield* found({ from: backup, to: live, types: ["device_configurations"] })
      assert.deepStrictEqual([none.run.reasonCode, none.types], ["ext.drift.nothing_in_common", []])
      assert.isNull(none.changes)
    })
  )

  it.effect("has no differences to list while it is at work, or when it ended without a result", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const runs = yield* Runs
      const drift = yield* PolicyDrift
      const listed = (id: string) => Effect.flip(drift.items(ada, id, { after: null, limit: 100 }))
      yield* graph.inject({ fault: Fault.noAnswer, tenant: "contoso", times: 1_000 })
      const input = { from: { kind: "live" }, to: { kind: "live" }, types: ["device_configurations"] }
      const { run } = withRun(yield* runs.start(ada, DriftCompare.operation.name, { tenantId: "contoso", input }))
      const early = yield* listed(run.id)
      assert.strictEqual(early._tag, "RunConflict")
      assert.match(early.detail ?? "", /has not ended/)
      yield* runs.cancel(ada, run.id)
      yield* ended(run)
      yield* graph.clearFaults
      const late = yield* listed(run.id)
      assert.strictEqual(late._tag, "RunConflict")
      assert.match(late.detail ?? "", /ended without a result/)
    })
  )
})

const catalog = "deviceManagement/configurationPolicies"
const compliance = "deviceManagement/deviceCompliancePolicies"
const namesakes = ["one", "two"].map((id) => ({
  id,
  name: "Pilot ring",
  description: id,
  settingCount: 0,
  settings: []
}))
const actions = (id: string) => [
  { id: `rule ${id}`, ruleName: null, scheduledActionConfigurations: [{ id: `action ${id}`, actionType: "block" }] }
]
const encrypted = {
  "@odata.type": "#microsoft.graph.windows10CompliancePolicy",
  id: "encrypted",
  displayName: "Disk encrypted",
  scheduledActionsForRule: actions("before")
}
const none = Object.fromEntries(policyTypes.map(({ source }) => [source.path, []]))

layer(intune([{ tenantId: "fabrikam", collections: { ...none, [catalog]: namesakes, [compliance]: [encrypted] } }]), {
  excludeTestServices: true,
  timeout: "60 seconds"
})("drift.compare of a tenant whose policies were made anew", (it) => {
  it.effect("finds nothing where only ids are others, though policies have the same name", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const { id } = yield* backedUp("fabrikam")
      for (const policy of namesakes) yield* graph.removeItem("fabrikam", catalog, policy.id)
      // The other way round, so that nothing pairs them by their order.
      for (const policy of namesakes) {
        yield* graph.putItem("fabrikam", catalog, { ...policy, id: policy.id === "one" ? "new b" : "new a" })
      }
      yield* graph.putItem("fabrikam", compliance, { ...encrypted, scheduledActionsForRule: actions("after") })

      const input = { from: { kind: "backup", id }, to: { kind: "live" } }
      const run = yield* completed("fabrikam", DriftCompare.operation.name, input)

      assert.deepInclude(run.report, { compared: 3, added: 0, removed: 0, changed: 0 })
    })
  )
})

const configurationsOf = "deviceManagement/deviceConfigurations"
const tags = "deviceManagement/roleScopeTags"
const toGroup = (groupId: string) => ({
  target: { "@odata.type": "#microsoft.graph.groupAssignmentTarget", groupId }
})
const custom = {
  id: "custom",
  "@odata.type": "#microsoft.graph.windows10CustomConfiguration",
  displayName: "Custom",
  roleScopeTagIds: ["5"]
}
const namedTag = (displayName: string) => ({ id: "5", displayName, isBuiltIn: false })
const twin = (n: number) => `22222222-0000-4000-8000-00000000000${n}`

layer(intune(["twins", "munich", "berlin"].map((tenantId) => ({ tenantId, collections: { ...none, [tags]: [] } }))), {
  excludeTestServices: true,
  timeout: "60 seconds"
})("drift.compare of policies that refer to something", (it) => {
  const differences = Effect.fnUntraced(function* (tenant: string, id: string) {
    const input = { from: { kind: "backup", id }, to: { kind: "live" }, types: ["device_configurations"] }
    const run = yield* completed(tenant, DriftCompare.operation.name, input)
    return yield* PolicyDrift.use((drift) => drift.items(ada, run.id, { after: null, limit: 100 }))
  })

  it.effect("tells groups of one tenant apart that have one name", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      yield* graph.putItem("twins", configurationsOf, { ...custom, assignments: [toGroup(twin(1))] })
      const { id } = yield* backedUp("twins")
      yield* graph.putItem("twins", configurationsOf, { ...custom, assignments: [toGroup(twin(2))] })
      const [item] = yield* differences("twins", id)
      const found = JSON.stringify(item?.difference?.fields)
      assert.include(found, twin(1))
      assert.include(found, twin(2))
    })
  )

  it.effect.each([
    { tenant: "berlin", found: undefined },
    {
      tenant: "munich",
      found: [
        { path: "roleScopeTagIds/0", from: `"name:berlin"`, to: null },
        { path: "roleScopeTagIds/0", from: null, to: `"name:munich"` }
      ]
    }
  ])("asks for the name of what has the same id in another tenant: $tenant", ({ found, tenant }) =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      yield* graph.putItem(tenant, tags, namedTag(tenant))
      yield* graph.putItem(tenant, configurationsOf, { ...custom, assignments: [] })
      const { id } = yield* importBackup(
        ada,
        scopeOf(tenant),
        "Berlin",
        [{ source: policySources.deviceConfigurations, objects: [{ ...custom, assignments: [] }] }],
        [{ kind: "scope_tag", id: "5", name: "Berlin" }]
      )
      assert.deepStrictEqual((yield* differences(tenant, id))[0]?.difference?.fields, found)
    })
  )
})
