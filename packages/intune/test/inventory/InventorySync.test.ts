import { FakeGraph, Fault } from "@atlas/fake-graph"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Inventory, InventorySync, type InventorySearch, policyTypes } from "../../src/index.ts"
import { PolicyStore } from "../../src/policies/PolicyStore.ts"
import { readContracts } from "../../src/policies/PolicyType.ts"
import { ada, completed, intune, powerless, scopeOf, stranger } from "../Fixture.ts"

const sync = (tenant: string, input: typeof InventorySync.operation.input.Type = {}) =>
  completed(tenant, InventorySync.operation.name, input)

const catalog = "deviceManagement/configurationPolicies"
const configurations = "deviceManagement/deviceConfigurations"
const enrollment = "deviceManagement/deviceEnrollmentConfigurations"

const titles = Effect.fnUntraced(function* (tenant: string, search: InventorySearch = {}) {
  const inventory = yield* Inventory
  const { items } = yield* inventory.search(ada, tenant, { limit: 100, ...search })
  return items.map(({ title }) => title)
})

const item = Effect.fnUntraced(function* (tenant: string, source: string, id: string) {
  return yield* Inventory.use((inventory) => inventory.get(ada, tenant, source, id))
})

const setting = (n: number) => ({
  id: String(n),
  settingInstance: {
    "@odata.type": "#microsoft.graph.deviceManagementConfigurationChoiceSettingInstance",
    settingDefinitionId: `setting_${n}`,
    choiceSettingValue: { value: `option_${n}`, children: [] }
  }
})

const wifi = {
  "@odata.type": "#microsoft.graph.windowsWifiConfiguration",
  id: "wifi",
  displayName: "Office Wi-Fi",
  preSharedKey: "correct horse battery staple",
  roleScopeTagIds: ["1", "0"],
  lastModifiedDateTime: "2026-03-01T10:00:00Z",
  assignments: [{ id: "wifi_1", target: { "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget" } }]
}

const tenants = [
  { tenantId: "generated" },
  {
    tenantId: "contoso",
    collections: {
      [configurations]: [wifi, { id: "bare", "@odata.type": "#microsoft.graph.iosCustomConfiguration" }],
      [catalog]: [
        {
          id: "many",
          name: "Many settings",
          platforms: "macOS",
          settingCount: 60,
          settings: Array.from({ length: 60 }, (_, n) => setting(n))
        },
        { id: "few", name: "Few settings", platforms: "windows10", settings: [setting(0)] }
      ],
      [enrollment]: [
        {
          id: "x_DefaultLimit",
          "@odata.type": "#microsoft.graph.deviceEnrollmentLimitConfiguration",
          displayName: "All users",
          priority: 0
        },
        { id: "new", "@odata.type": "#microsoft.graph.deviceEnrollmentOfTheFuture", displayName: "Tomorrow" }
      ],
      "deviceManagement/deviceManagementScripts": [{ id: "script", displayName: "Hello", scriptContent: "SGVsbG8=" }]
    }
  },
  { tenantId: "faulty", collections: { [configurations]: 30 } },
  { tenantId: "shrinking", collections: { [configurations]: 20 } },
  { tenantId: "deep" },
  { tenantId: "unlicensed", licenses: [] },
  {
    tenantId: "partial",
    collections: {
      [catalog]: [
        { id: "cut", name: "Cut", settingCount: 3, settings: [setting(1)] },
        { id: "whole", name: "Whole", settingCount: 1, settings: [setting(1)] }
      ]
    }
  }
]

layer(intune(tenants), { excludeTestServices: true, timeout: "60 seconds" })("inventory.sync", (it) => {
  it.effect("copies every kind of policy, with contracts only, and finds it again", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const run = yield* sync("generated")
      assert.deepInclude({ ...run }, { outcome: "succeeded", reasonCode: null })
      const inventory = yield* Inventory
      const { count, types } = yield* inventory.summary(ada, "generated")
      assert.sameMembers(
        types.map(({ type }) => type),
        policyTypes.map(({ name }) => name)
      )
      assert.strictEqual(count, run.summaryCounts.created)
      yield* graph.assertOnlyContracts(readContracts)
      const { items } = yield* inventory.search(ada, "generated", { types: ["settings_catalog"], limit: 100 })
      const existing = yield* graph.items("generated", catalog)
      assert.sameMembers(
        items.map(({ title }) => title),
        existing.map((each) => String(each["name"]))
      )
      assert.isTrue(items.every(({ platform, seenBy }) => platform === "windows" && seenBy === run.id))
    })
  )

  it.effect("keeps what it knows of each policy, whatever is missing, and reads all pages of settings", () =>
    Effect.gen(function* () {
      const run = yield* sync("contoso")
      const inventory = yield* Inventory
      assert.deepInclude(
        { ...(yield* item("contoso", "device_configurations", "wifi")) },
        {
          type: "device_configurations",
          title: "Office Wi-Fi",
          platform: "windows",
          assignmentCount: 1,
          seenBy: run.id
        }
      )
      assert.deepInclude(
        { ...(yield* item("contoso", "device_configurations", "bare")) },
        { title: "bare", platform: "ios" }
      )
      const { content } = yield* inventory.content(ada, "contoso", "settings_catalog", "many")
      assert.lengthOf(JSON.parse(content).settings, 60)
      const script = yield* inventory.content(ada, "contoso", "powershell_scripts", "script")
      assert.strictEqual(JSON.parse(script.content).scriptContent, "SGVsbG8=")
      assert.deepStrictEqual(yield* titles("contoso", { query: "SETTINGS", platform: "macos" }), ["Many settings"])
    })
  )

  it.effect("records what no kind claims as a finding, once, and says so on the run", () =>
    Effect.gen(function* () {
      const run = yield* sync("contoso")
      assert.deepInclude({ ...run }, { outcome: "partially_succeeded", reasonCode: "ext.inventory.unclaimed_type" })
      assert.deepStrictEqual(yield* titles("contoso", { findings: true }), ["Tomorrow"])
      const found = yield* item("contoso", "enrollment_configurations", "new")
      assert.deepInclude({ ...found }, { type: null, finding: "unclaimed" })
    })
  )

  it.effect("stores secrets sealed, and shows them nowhere", () =>
    Effect.gen(function* () {
      yield* sync("contoso")
      const sql = yield* SqlClient.SqlClient
      const { content } = yield* Inventory.use((all) => all.content(ada, "contoso", "device_configurations", "wifi"))
      assert.notInclude(content, "battery")
      assert.match(JSON.parse(content).preSharedKey.$secret, /^[0-9a-f]{64}$/)
      const stored = yield* sql<{ hit: boolean }>`
        SELECT position('battery'::bytea IN sealed) > 0 AS hit FROM policy_secrets`
      assert.deepStrictEqual(stored, [{ hit: false }])
    })
  )

  it.effect("follows changes, and writes nothing again that did not change", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const store = yield* PolicyStore
      yield* sync("contoso")
      const before = yield* item("contoso", "device_configurations", "wifi")
      // Another time, another order, another etag: nothing that counts.
      yield* graph.putItem("contoso", configurations, {
        ...wifi,
        lastModifiedDateTime: "2026-03-02T10:00:00Z",
        version: 7,
        roleScopeTagIds: ["0", "1"],
        description: null
      })
      assert.deepInclude((yield* sync("contoso")).summaryCounts, { created: 0, updated: 0, removed: 0 })
      const same = yield* item("contoso", "device_configurations", "wifi")
      assert.strictEqual(same.contentHash, before.contentHash)
      assert.deepEqual(same.changedAt, before.changedAt)
      yield* graph.putItem("contoso", configurations, { ...wifi, preSharedKey: "another" })
      assert.deepInclude((yield* sync("contoso")).summaryCounts, { updated: 1 })
      const changed = yield* item("contoso", "device_configurations", "wifi")
      assert.notStrictEqual(changed.contentHash, before.contentHash)
      assert.deepStrictEqual(yield* store.verify(scopeOf("contoso"), [before.contentHash, changed.contentHash]), [])
    })
  )

  it.effect("keeps everything of a kind that cannot be read, and goes on with the others", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      assert.strictEqual((yield* sync("faulty")).outcome, "succeeded")
      const before = yield* titles("faulty", { types: ["device_configurations"] })
      yield* graph.inject({ fault: Fault.shapelessBody, path: `/beta/${configurations}`, tenant: "faulty", times: 10 })
      yield* graph.removeItem("faulty", catalog, (yield* graph.items("faulty", catalog))[0]!.id)
      const run = yield* sync("faulty")
      assert.deepInclude({ ...run }, { outcome: "partially_succeeded", reasonCode: "provider_response_invalid" })
      assert.deepInclude(run.summaryCounts, { removed: 1 })
      assert.deepStrictEqual(yield* titles("faulty", { types: ["device_configurations"] }), before)
      yield* graph.clearFaults
    })
  )

  it.effect("removes what is gone, but not more at once than a person has confirmed", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const only = { types: ["device_configurations"] }
      yield* sync("shrinking", only)
      const items = yield* graph.items("shrinking", configurations)
      for (const { id } of items.slice(0, 5)) yield* graph.removeItem("shrinking", configurations, id)
      assert.deepInclude((yield* sync("shrinking", only)).summaryCounts, { removed: 5 })
      for (const { id } of items.slice(5, 10)) yield* graph.removeItem("shrinking", configurations, id)
      const withheld = yield* sync("shrinking", only)
      assert.deepInclude({ ...withheld }, { outcome: "partially_succeeded", reasonCode: "removals_withheld" })
      assert.lengthOf(yield* titles("shrinking"), 15)
      const { withheldRemovals } = yield* Inventory.use((all) => all.summary(ada, "shrinking"))
      assert.strictEqual(withheldRemovals, 5)
      assert.deepInclude((yield* sync("shrinking", { ...only, confirmRemovals: 5 })).summaryCounts, { removed: 5 })
      const gone = yield* item("shrinking", "device_configurations", items[0]!.id)
      assert.isNotNull(gone.removedAt)
    })
  )

  it.effect("reads what needs no licence in a tenant without one", () =>
    Effect.gen(function* () {
      const run = yield* sync("unlicensed")
      assert.deepInclude({ ...run }, { outcome: "partially_succeeded", reasonCode: "provider_license_required" })
      assert.sameMembers(
        (yield* Inventory.use((all) => all.summary(ada, "unlicensed"))).types.map(({ type }) => type),
        ["named_locations", "conditional_access"]
      )
    })
  )

  it.effect("takes no policy whose settings are not all there, names it, and takes the others", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const run = yield* sync("partial", { types: ["settings_catalog"] })
      assert.deepInclude({ ...run }, { outcome: "partially_succeeded", reasonCode: "provider_partial_result" })
      assert.deepStrictEqual(
        run.failureSummary.flatMap(({ samples }) => samples),
        [{ item: "Cut", message: "Graph sent 1 of 3 settings of the policy cut." }]
      )
      assert.deepStrictEqual(yield* titles("partial"), ["Whole"])
      yield* graph.putItem("partial", catalog, { id: "whole", name: "Whole", settingCount: 2, settings: [setting(1)] })

      yield* sync("partial", { types: ["settings_catalog"] })

      // It is known from before, and there: it is not gone because Graph cannot give it now.
      assert.deepStrictEqual(yield* titles("partial"), ["Whole"])
    })
  )

  it.effect.each([
    ["a listing", "device_configurations", `/beta/${configurations}`, 20_000],
    ["a listing, deeper than allowed", "device_configurations", `/beta/${configurations}`, 100],
    ["a batch", "powershell_scripts", "/beta/$batch", 20_000],
    ["a batch, deeper than allowed", "powershell_scripts", "/beta/$batch", 100]
  ] as const)("fails for the one policy alone that nests too deep: in %s", ([, type, path, levels]) =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const only = { types: [type] }
      yield* sync("deep", only)
      const before = yield* titles("deep", only)
      yield* graph.inject({ fault: Fault.deepBody(levels), path, batchItem: false, tenant: "deep", times: 10 })
      const run = yield* sync("deep", only)
      yield* graph.clearFaults
      assert.deepInclude({ ...run }, { outcome: "partially_succeeded", reasonCode: "provider_response_invalid" })
      const [failure, ...others] = run.failureSummary
      assert.lengthOf(others, 0)
      assert.strictEqual(failure?.count, 1)
      assert.match(failure?.message ?? "", /nests (too deep|deeper than 100 levels)/)
      assert.include(before, failure?.samples[0]?.item)
      assert.deepStrictEqual(yield* titles("deep", only), before)
    })
  )

  it.effect("is read in pages, by members of the tenant who may", () =>
    Effect.gen(function* () {
      yield* sync("generated")
      const inventory = yield* Inventory
      const seen: Array<string> = []
      let cursor: string | null = null
      do {
        const page: { items: ReadonlyArray<{ source: string; id: string }>; nextCursor: string | null } =
          yield* inventory.search(ada, "generated", { limit: 7, cursor })
        seen.push(...page.items.map(({ id, source }) => `${source} ${id}`))
        cursor = page.nextCursor
      } while (cursor !== null)
      const { count } = yield* inventory.summary(ada, "generated")
      assert.strictEqual(new Set(seen).size, count)
      assert.strictEqual(seen.length, count)
      const first = yield* inventory.search(ada, "generated", { limit: 7 })
      const other = inventory.search(ada, "generated", { limit: 7, cursor: first.nextCursor, query: "a" })
      assert.strictEqual((yield* Effect.flip(other))._tag, "InvalidCursor")
      assert.strictEqual((yield* Effect.flip(inventory.search(stranger, "generated")))._tag, "NotFound")
      assert.strictEqual((yield* Effect.flip(inventory.summary(powerless, "generated")))._tag, "Forbidden")
      assert.strictEqual((yield* Effect.flip(inventory.get(ada, "generated", "scope_tags", "\0")))._tag, "NotFound")
      // The same id in another tenant is nothing to this one.
      assert.strictEqual(
        (yield* Effect.flip(inventory.get(ada, "generated", "device_configurations", "wifi")))._tag,
        "NotFound"
      )
    })
  )
})
