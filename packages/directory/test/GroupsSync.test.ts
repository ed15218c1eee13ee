import { FakeGraph, fakeGroup, Fault } from "@atlas/graph/testing"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { directory, scopeOf, sync } from "./Fixture.ts"

const tenant = (tenantId: string, groups: number) => ({ tenantId, entraTenantId: tenantId, groups })

/** The ids and names of a tenant that exist according to the cache. */
const cached = Effect.fnUntraced(function* (tenantId: string) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ id: string; name: string }>`
    SELECT id, display_name AS name FROM directory_groups
    WHERE tenant_id = ${tenantId} AND workspace_id = ${scopeOf(tenantId).workspaceId} AND removed_at IS NULL ORDER BY id`
  return rows.map(({ id, name }) => [id, name])
})

/** The same of the fake's directory: what the cache must hold. */
const existing = Effect.fnUntraced(function* (tenantId: string) {
  const groups = yield* FakeGraph.use((graph) => graph.groups(tenantId))
  return groups.map(({ id, displayName }) => [id, displayName]).sort(([a = ""], [b = ""]) => (a < b ? -1 : 1))
})

const inject = (rule: Parameters<FakeGraph["Service"]["inject"]>[0]) => FakeGraph.use((graph) => graph.inject(rule))

const fixture = directory(
  tenant("exact", 2500),
  tenant("changing", 1200),
  tenant("unchanged", 1500),
  tenant("failing", 1500),
  tenant("short", 12),
  tenant("odd", 1200),
  tenant("throttled", 1500),
  tenant("twin-a", 300),
  tenant("twin-b", 0)
)

layer(fixture, { excludeTestServices: true })("directory_groups.sync", (it) => {
  it.effect("copies the directory exactly and says how much it was", () =>
    Effect.gen(function* () {
      const run = yield* sync("exact")
      assert.deepStrictEqual(
        [run.outcome, run.summaryCounts],
        ["succeeded", { total: 2500, processed: 2500, created: 2500, updated: 0, removed: 0 }]
      )
      assert.deepStrictEqual(yield* cached("exact"), yield* existing("exact"))
    })
  )

  it.effect("follows renamed, added, removed and returned groups", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      yield* sync("changing")
      const [renamed, removed] = yield* graph.groups("changing")
      assert.isDefined(renamed)
      assert.isDefined(removed)
      yield* graph.renameGroup("changing", renamed.id, "Quite another name")
      yield* graph.removeGroup("changing", removed.id)
      yield* graph.putGroup("changing", fakeGroup({ id: "new-group", displayName: "New \u0000 group" }))
      const second = yield* sync("changing")
      assert.deepInclude(second.summaryCounts, { created: 1, updated: 1, removed: 1 })
      const now = yield* cached("changing")
      assert.strictEqual(now.length, 1200)
      assert.deepInclude(now, [renamed.id, "Quite another name"])
      assert.notInclude(
        now.map(([id]) => id),
        removed.id
      )

      yield* graph.putGroup("changing", removed)
      const third = yield* sync("changing")
      assert.deepInclude(third.summaryCounts, { created: 0, updated: 1, removed: 0 })
      assert.include(
        (yield* cached("changing")).map(([id]) => id),
        removed.id
      )
    })
  )

  it.effect("does not rewrite rows that did not change", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const versions = sql`SELECT id, xmin::text FROM directory_groups WHERE tenant_id = 'unchanged' ORDER BY id`
      yield* sync("unchanged")
      const before = yield* versions
      const run = yield* sync("unchanged")
      assert.deepInclude(run.summaryCounts, { processed: 1500, created: 0, updated: 0, removed: 0 })
      assert.deepStrictEqual(yield* versions, before)
    })
  )

  it.effect("removes nothing when a listing breaks off", () =>
    Effect.gen(function* () {
      yield* sync("failing")
      const graph = yield* FakeGraph
      const [gone] = yield* graph.groups("failing")
      yield* graph.removeGroup("failing", gone?.id ?? "")
      yield* inject({
        fault: Fault.status(403, "Authorization_RequestDenied"),
        path: "/v1.0/groups",
        tenant: "failing",
        nth: 2
      })
      const run = yield* sync("failing")
      assert.deepStrictEqual([run.outcome, run.reasonCode], ["failed", "provider_permission_denied"])
      assert.strictEqual((yield* cached("failing")).length, 1500)
      assert.strictEqual((yield* sync("failing")).outcome, "succeeded")
      assert.deepStrictEqual(yield* cached("failing"), yield* existing("failing"))
    })
  )

  const unbelievable = {
    "is shorter than Graph's own count, however small the directory": { "@odata.count": 12, value: [] },
    "comes without Graph's count": { value: [] }
  }
  for (const [what, listing] of Object.entries(unbelievable)) {
    it.effect(`does not believe a listing that ${what}`, () =>
      Effect.gen(function* () {
        yield* sync("short")
        const body = JSON.stringify(listing)
        const nothing = { _tag: "Status" as const, status: 200, headers: { "content-type": "application/json" }, body }
        yield* inject({ fault: nothing, path: "/v1.0/groups", tenant: "short", times: 1 })
        const sql = yield* SqlClient.SqlClient
        const run = yield* sync("short")
        assert.isAtLeast(run.attempt, 1)
        assert.deepStrictEqual(yield* cached("short"), yield* existing("short"))
        const removed = yield* sql`SELECT FROM directory_groups WHERE tenant_id = 'short' AND removed_at IS NOT NULL`
        assert.deepStrictEqual(removed, [])
      })
    )
  }

  it.effect("copes with names that hold half a character, and leaves no sightings behind", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const sql = yield* SqlClient.SqlClient
      yield* graph.putGroup("odd", fakeGroup({ id: "odd-1", displayName: "cut \ud83d" }))
      yield* inject({
        fault: Fault.status(403, "Authorization_RequestDenied"),
        path: "/v1.0/groups",
        tenant: "odd",
        nth: 2
      })
      assert.strictEqual((yield* sync("odd")).outcome, "failed")
      assert.strictEqual((yield* sync("odd")).outcome, "succeeded")
      assert.deepStrictEqual(yield* sql`SELECT FROM directory_group_sightings WHERE tenant_id = 'odd'`, [])
      assert.include(
        (yield* cached("odd")).map(([, name]) => name),
        "cut \ufffd"
      )
    })
  )

  it.effect("waits when Graph asks for it", () =>
    Effect.gen(function* () {
      yield* inject({ fault: Fault.throttled("0.2"), path: "/v1.0/groups", tenant: "throttled", nth: 2, times: 2 })
      const run = yield* sync("throttled")
      assert.deepStrictEqual([run.outcome, run.attempt], ["succeeded", 0])
      assert.deepStrictEqual(yield* cached("throttled"), yield* existing("throttled"))
    })
  )

  it.effect("keeps tenants apart even where their groups have equal ids", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const [one] = yield* graph.groups("twin-a")
      assert.isDefined(one)
      yield* sync("twin-a")
      yield* graph.putGroup("twin-b", { ...one, displayName: "The other twin" })
      yield* sync("twin-b")
      assert.deepStrictEqual(yield* cached("twin-b"), [[one.id, "The other twin"]])
      assert.deepStrictEqual(yield* cached("twin-a"), yield* existing("twin-a"))
    })
  )
})
