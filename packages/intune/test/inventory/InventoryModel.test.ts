import { FakeGraph, Fault } from "@atlas/fake-graph"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Inventory, InventorySync, type InventoryItem } from "../../src/index.ts"
import { ada, completed, intune } from "../Fixture.ts"

const collections = [
  "deviceManagement/deviceConfigurations",
  "deviceManagement/configurationPolicies",
  "deviceManagement/deviceManagementScripts",
  "identity/conditionalAccess/policies"
] as const
const sources = ["device_configurations", "settings_catalog", "powershell_scripts", "conditional_access"]
const tenants = ["alpha", "beta"]
const faults = [Fault.shapelessBody, Fault.connectionReset, Fault.html(502), Fault.status(503), Fault.truncatedJson]

/** A small generator: the same seed gives the same history. */
const randomFrom = (seed: number) => {
  let state = seed
  return (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}

const policyOf = (id: string, value: number) => ({
  id,
  "@odata.type": "#microsoft.graph.windows10CustomConfiguration",
  displayName: `Policy ${id}`,
  name: `Policy ${id}`,
  scriptContent: "aGk=",
  value,
  settings: Array.from({ length: value % 60 }, (_, n) => ({ id: String(n), settingInstance: { value: n + value } })),
  settingCount: value % 60
})

/** Everything that the inventory has of a tenant. */
const inventoried = Effect.fnUntraced(function* (tenant: string) {
  const inventory = yield* Inventory
  const items: Array<InventoryItem> = []
  let cursor: string | null = null
  do {
    const page: { readonly items: ReadonlyArray<InventoryItem>; readonly nextCursor: string | null } =
      yield* Effect.orDie(inventory.search(ada, tenant, { limit: 100, cursor }))
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null)
  return items.filter(({ source }) => sources.includes(source))
})

const keyOf = (id: string, value: unknown) => `${id} ${String(value)}`

layer(
  intune(
    tenants.map((tenantId) => ({
      tenantId,
      // The same ids in every tenant: what is one's must never be another's.
      collections: Object.fromEntries(collections.map((path) => [path, [policyOf("p0", 1), policyOf("p1", 2)]]))
    }))
  ),
  { excludeTestServices: true, timeout: "3 minutes" }
)("the inventory of a tenant whose policies keep changing", (it) => {
  it.effect.each(tenants.map((tenant, index) => [tenant, index + 1] as const))(
    "loses nothing that exists, whatever fails, and is exact after a sync that succeeds: %s",
    ([tenant, seed]) =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        const random = randomFrom(seed)
        const existing = Effect.fnUntraced(function* () {
          const all = yield* Effect.forEach(collections, (path, at) =>
            Effect.map(graph.items(tenant, path), (items) => items.map(({ id }) => `${sources[at]} ${id}`))
          )
          return new Set(all.flat())
        })
        let next = 2
        for (let round = 0; round < 8; round++) {
          const before = new Set((yield* inventoried(tenant)).map(({ id, source }) => `${source} ${id}`))
          for (let change = 0; change < 6; change++) {
            const path = collections[random(collections.length)]!
            const items = yield* graph.items(tenant, path)
            const kind = random(10)
            if (kind < 5) yield* graph.putItem(tenant, path, policyOf(`p${next++}`, random(90)))
            else if (kind < 8) yield* graph.putItem(tenant, path, policyOf(items[random(items.length)]!.id, random(90)))
            else if (items.length > 4) yield* graph.removeItem(tenant, path, items[random(items.length)]!.id)
          }
          if (random(2) === 0) {
            const path = `/beta/${collections[random(3)]!}`
            yield* graph.inject({
              fault: faults[random(faults.length)]!,
              path,
              tenant,
              nth: 1 + random(3),
              times: 1 + random(6)
            })
          }
          yield* completed(tenant, InventorySync.operation.name)
          yield* graph.clearFaults
          const after = yield* inventoried(tenant)
          const there = new Set(after.map(({ id, source }) => `${source} ${id}`))
          const real = yield* existing()
          // What existed all the time, and was known, is still known.
          for (const known of before) if (real.has(known)) assert.isTrue(there.has(known), known)
        }
        const last = yield* completed(tenant, InventorySync.operation.name, { confirmRemovals: 100 })
        assert.strictEqual(last.outcome, "succeeded", JSON.stringify(last.failureSummary))
        const items = yield* inventoried(tenant)
        const inventory = yield* Inventory
        const said = yield* Effect.forEach(items, ({ id, source }) =>
          Effect.map(Effect.orDie(inventory.content(ada, tenant, source, id)), ({ content }) =>
            keyOf(`${source} ${id}`, `${JSON.parse(content).value} ${JSON.parse(content).settings?.length ?? 0}`)
          )
        )
        const real = yield* Effect.forEach(collections, (path, at) =>
          Effect.map(graph.items(tenant, path), (found) =>
            found.map((item) =>
              keyOf(
                `${sources[at]} ${item.id}`,
                `${String(item["value"])} ${path.endsWith("configurationPolicies") ? (item["settings"] as ReadonlyArray<unknown>).length : inListing(item)}`
              )
            )
          )
        )
        assert.deepStrictEqual(said.sort(), real.flat().sort())
      })
  )
})

// Of other kinds the property is one like any other.
const inListing = (item: { readonly [name: string]: unknown }) =>
  Array.isArray(item["settings"]) ? item["settings"].length : 0
