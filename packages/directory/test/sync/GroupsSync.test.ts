import { FakeGraph, fakeGroup, Fault, generateGroups } from "@atlas/fake-graph"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { countGroups, groupChanges } from "../../src/index.ts"
import { DirectoryCache } from "../../src/cache/DirectoryCache.ts"
import { directory, scopeOf, shown, sync } from "../Fixture.ts"
import {
  assertExact,
  assertNoRoundLeft,
  assertSucceeded,
  firstGroups,
  injectInDelta,
  tenantsOf,
  withRequests
} from "./SyncFixture.ts"

const fixture = tenantsOf({
  // Thirteen pages, the last of them half full.
  exact: 2_500,
  contracts: 40,
  odd: 40,
  // Eight pages.
  throttled: 1_500,
  quiet: 40,
  // Six pages.
  changing: 1_200,
  returning: 40,
  patched: 40,
  reselected: 40
})

layer(fixture, { excludeTestServices: true })("A sync of a tenant's groups", (it) => {
  describe("the first one", () => {
    it.effect("copies the directory exactly, says how much it was, and leaves nothing of its round behind", () =>
      Effect.gen(function* () {
        const run = yield* sync("exact")

        assertSucceeded(run, { total: 2_500, processed: 2_500, created: 2_500, updated: 0, removed: 0 })
        yield* assertExact("exact")
        yield* assertNoRoundLeft("exact")
      })
    )

    it.effect("asks Graph for what its contracts name, and for nothing else", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        yield* graph.forgetRequests

        yield* sync("contracts")

        assert.isNotEmpty(yield* graph.requests)
        yield* graph.assertOnlyContracts([groupChanges, countGroups])
      })
    )

    it.effect("shows a name with half a character as far as it can be stored", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        yield* graph.putGroup("odd", fakeGroup({ id: "odd-1", displayName: "cut \ud83d" }))

        const run = yield* sync("odd")

        assertSucceeded(run, { created: 41 })
        assert.deepInclude(yield* shown("odd"), ["odd-1", "cut \ufffd"])
      })
    )

    it.effect("waits when Graph asks for it, without costing an attempt", () =>
      Effect.gen(function* () {
        yield* injectInDelta("throttled", { fault: Fault.throttled("0.2"), nth: 2, times: 2 })

        const run = yield* sync("throttled")

        assert.deepInclude(run, { outcome: "succeeded", attempt: 0 })
        yield* assertExact("throttled")
      })
    )
  })

  describe("the next one", () => {
    it.effect("asks once and changes nothing where nothing has happened", () =>
      Effect.gen(function* () {
        yield* sync("quiet")

        const { requests, result } = yield* withRequests(sync("quiet"))

        assertSucceeded(result, { processed: 0, created: 0, updated: 0, removed: 0 })
        assert.deepStrictEqual(requests, ["groups/delta"])
      })
    )

    it.effect("follows groups that were renamed, removed and added", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        yield* sync("changing")
        const [renamed, removed] = yield* firstGroups("changing", 2)
        yield* graph.renameGroup("changing", renamed!.id, "Quite another name")
        yield* graph.softDeleteGroup("changing", removed!.id)
        yield* graph.putGroup("changing", fakeGroup({ id: "new-group", displayName: "New \u0000 group" }))

        const run = yield* sync("changing")

        assertSucceeded(run, { processed: 3, created: 1, updated: 1, removed: 1 })
        const now = yield* shown("changing")
        assert.strictEqual(now.length, 1_200)
        assert.deepInclude(now, [renamed!.id, "Quite another name"])
        assert.notInclude(
          now.map(([id]) => id),
          removed!.id
        )
      })
    )

    it.effect("shows a group again that was restored from the bin", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        yield* sync("returning")
        const [group] = yield* firstGroups("returning", 1)
        yield* graph.softDeleteGroup("returning", group!.id)
        assertSucceeded(yield* sync("returning"), { removed: 1 })
        yield* graph.restoreGroup("returning", group!.id)

        const run = yield* sync("returning")

        assertSucceeded(run, { created: 0, updated: 1, removed: 0 })
        assert.deepInclude(yield* shown("returning"), [group!.id, group!.displayName])
      })
    )

    it.effect("keeps what a patch leaves out, and clears what it sets to null", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        const whole = fakeGroup({
          id: "patched-1",
          displayName: "Before",
          description: "Kept",
          mail: "kept@example.org",
          mailEnabled: true,
          groupTypes: ["Unified", "DynamicMembership"]
        })
        yield* graph.putGroup("patched", whole)
        yield* sync("patched")
        yield* graph.putGroup("patched", { ...whole, displayName: "After", mail: null })

        yield* sync("patched")

        const { groups } = yield* DirectoryCache
        const [group] = yield* groups.byIds(scopeOf("patched"), ["patched-1"])
        assert.deepInclude(
          { ...group },
          { displayName: "After", description: "Kept", mail: null, kind: "microsoft365", dynamic: true }
        )
      })
    )

    it.effect("reads everything again where the history is of another selection", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sync("reselected")
        yield* sql`UPDATE directory_syncs SET delta_contract = 'older' WHERE tenant_id = 'reselected'`

        const run = yield* sync("reselected")

        assertSucceeded(run, { total: 40, processed: 40, created: 0 })
      })
    )
  })
})

const ids = Array.from({ length: 60 }, (_, n) => `shared-${n}`)
// Each has some of sixty groups: the first without each second, the next without each third, and so on.
const tenants = Array.from({ length: 6 }, (_, n) => ({
  tenantId: `twin-${n}`,
  entraTenantId: `twin-${n}`,
  groups: generateGroups(60, n + 1)
    .map((group, at) => ({ ...group, id: ids[at] ?? "" }))
    .filter((_, at) => at % (n + 2) > 0)
}))

layer(directory(...tenants), { excludeTestServices: true })("Tenants whose groups have equal ids", (it) => {
  const assertAllExact = Effect.forEach(tenants, ({ tenantId }) => assertExact(tenantId))

  it.effect("are copied at the same time, each exactly", () =>
    Effect.gen(function* () {
      yield* Effect.forEach(tenants, ({ tenantId }) => sync(tenantId), { concurrency: "unbounded" })

      yield* assertAllExact
    })
  )

  it.effect("are kept apart, whatever happens to the groups of one of them", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      yield* Effect.forEach(tenants, ({ tenantId }) => sync(tenantId), { concurrency: "unbounded" })

      for (const { tenantId, groups } of tenants) {
        const [removed, renamed] = groups
        yield* graph.removeGroup(tenantId, removed!.id)
        yield* graph.renameGroup(tenantId, renamed!.id, `Only in ${tenantId}`)
        yield* sync(tenantId, { full: tenantId === "twin-3" })
        yield* assertExact(tenantId)
      }

      yield* assertAllExact
    })
  )
})
