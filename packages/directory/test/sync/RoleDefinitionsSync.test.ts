import { FakeGraph, Fault } from "@atlas/fake-graph"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import {
  DirectoryRoleDefinitions,
  listRoleDefinitions,
  type RoleDefinitionFilter,
  RoleDefinitionsSync
} from "../../src/index.ts"
import { actor, directory, sync } from "../Fixture.ts"

const collection = "roleManagement/directory/roleDefinitions"
const who = actor("contoso", "many")
const syncRoles = (tenant: string, input: typeof RoleDefinitionsSync.operation.input.Type = {}) =>
  sync(tenant, input, RoleDefinitionsSync.operation.name)

const search = Effect.fnUntraced(function* (query: string, ...filters: ReadonlyArray<RoleDefinitionFilter>) {
  const roles = yield* DirectoryRoleDefinitions
  const { items } = yield* roles.search(who, "contoso", { query, filters, limit: 100 })
  return items.map(({ displayName }) => displayName)
})

const role = (id: string, displayName: string, more: Record<string, unknown> = {}) => ({
  id,
  displayName,
  description: `Can ${displayName}`,
  isBuiltIn: true,
  isEnabled: true,
  isPrivileged: false,
  templateId: id,
  version: "1",
  ...more
})

const roles = [
  role("global", "Global Administrator", { isPrivileged: true }),
  role("helpdesk", "Helpdesk Administrator"),
  role("custom", "Café support", { isBuiltIn: false, templateId: null }),
  role("off", "Deprecated", { isEnabled: false })
]
const permissions = ["RoleManagement.Read.Directory"]
const many = Array.from({ length: 250 }, (_, n) => role(`role-${n}`, `Role ${n}`, { isBuiltIn: n % 5 > 0 }))

const fixture = directory(
  { tenantId: "contoso", entraTenantId: "contoso", permissions, collections: { [collection]: roles } },
  { tenantId: "many", entraTenantId: "many", permissions, collections: { [collection]: many } }
)

layer(fixture, { excludeTestServices: true })("directory_role_definitions.sync", (it) => {
  it.effect("copies built-in, custom and privileged definitions, and finds them", () =>
    Effect.gen(function* () {
      const run = yield* syncRoles("contoso")
      assert.strictEqual(run.outcome, "succeeded")
      assert.deepInclude(run.summaryCounts, { processed: 4, created: 4, updated: 0, removed: 0 })
      assert.deepStrictEqual(yield* search("ADMIN"), ["Global Administrator", "Helpdesk Administrator"])
      assert.deepStrictEqual(yield* search("cafe"), ["Café support"])
      assert.deepStrictEqual(yield* search("", "custom"), ["Café support"])
      assert.deepStrictEqual(yield* search("", "privileged", "built_in"), ["Global Administrator"])
      const { freshness, item } = yield* DirectoryRoleDefinitions.use((all) => all.get(who, "contoso", "off"))
      assert.deepInclude({ ...item }, { enabled: false, builtIn: true, privileged: false, templateId: "off" })
      assert.deepInclude({ ...freshness }, { count: 4, lastRunId: run.id, stale: false })
      yield* (yield* FakeGraph).assertOnlyContracts([listRoleDefinitions])
    })
  )

  it.effect("follows changes, unsets what is not told any more, and keeps the names of what is gone", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      yield* syncRoles("contoso")
      yield* graph.removeItem("contoso", collection, "off")
      const { description: _, ...undescribed } = role("helpdesk", "Helpdesk Admin")
      yield* graph.putItem("contoso", collection, undescribed)
      yield* graph.putItem("contoso", collection, role("new", "New role", { isPrivileged: null }))
      assert.deepInclude((yield* syncRoles("contoso")).summaryCounts, { created: 1, updated: 1, removed: 1 })
      const all = yield* DirectoryRoleDefinitions
      assert.deepInclude(
        { ...(yield* all.get(who, "contoso", "helpdesk")).item },
        { displayName: "Helpdesk Admin", description: null }
      )
      assert.isNull((yield* all.get(who, "contoso", "new")).item.privileged)
      assert.deepStrictEqual((yield* all.labels(who, "contoso", ["off", "nobody"])).labels, [
        { id: "off", displayName: "Deprecated", state: "unknown" },
        { id: "nobody", displayName: null, state: "never_seen" }
      ])
    })
  )

  it.effect("goes on with the page where an attempt failed, and withholds removals as for groups", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      yield* graph.inject({ fault: Fault.shapelessBody, path: `/beta/${collection}`, tenant: "many", nth: 2, times: 2 })
      const run = yield* syncRoles("many")
      assert.deepInclude(run, { outcome: "succeeded", attempt: 1 })
      assert.deepInclude(run.summaryCounts, { processed: 250, created: 250 })
      const asked = (yield* graph.requests).filter(({ path, tenant }) => path.endsWith(collection) && tenant === "many")
      // Three pages, of which the second was not understood twice.
      assert.strictEqual(asked.length, 5)

      for (const { id } of many.slice(0, 100)) yield* graph.removeItem("many", collection, id)
      assert.strictEqual((yield* syncRoles("many")).reasonCode, "removals_withheld")
      assert.deepInclude((yield* syncRoles("many", { confirmRemovals: 100 })).summaryCounts, { removed: 100 })
    })
  )
})
