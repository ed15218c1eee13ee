import { FakeGraph, fakeGroup, Fault, generateGroups } from "@atlas/fake-graph"
import { type Run, Runs } from "@atlas/operations"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { RemovalGuard } from "@atlas/replica"
import { countGroups, groupChanges, GroupsSync } from "../../src/index.ts"
import { DirectoryCache } from "../../src/cache/DirectoryCache.ts"
import { actor, directory, existing, scopeOf, shown, sync } from "../Fixture.ts"

const tenant = (tenantId: string, groups: number) => ({ tenantId, entraTenantId: tenantId, groups })

const inject = (rule: Parameters<FakeGraph["Service"]["inject"]>[0]) => FakeGraph.use((graph) => graph.inject(rule))

/** The requests to Graph that a piece of work makes, by the end of their paths. */
const requestsOf = Effect.fnUntraced(function* <A, E, R>(work: Effect.Effect<A, E, R>) {
  const graph = yield* FakeGraph
  const before = (yield* graph.requests).length
  yield* work
  return (yield* graph.requests)
    .slice(before)
    .filter(({ path }) => path.startsWith("/v1.0/"))
    .map(({ path }) => path.slice("/v1.0/".length))
})

const assertExact = Effect.fnUntraced(function* (tenantId: string) {
  assert.deepStrictEqual(yield* shown(tenantId), yield* existing(tenantId))
  const cache = yield* DirectoryCache
  assert.strictEqual((yield* cache.groups.state(scopeOf(tenantId))).size, (yield* existing(tenantId)).length)
})

const left = Effect.fnUntraced(function* (tenantId: string) {
  const sql = yield* SqlClient.SqlClient
  const { sightings, rounds } = (yield* sql<{ sightings: number; rounds: number }>`
    SELECT (SELECT count(*)::int FROM directory_sightings WHERE tenant_id = ${tenantId}) AS sightings,
      (SELECT count(*)::int FROM directory_syncs WHERE tenant_id = ${tenantId} AND round_run IS NOT NULL) AS rounds`)[0] ?? {
    sightings: -1,
    rounds: -1
  }
  return { sightings, rounds }
})

const succeeded = (run: Run, counts: Run["summaryCounts"]) => {
  assert.strictEqual(run.outcome, "succeeded")
  assert.deepInclude(run.summaryCounts, counts)
}

const fixture = directory(
  tenant("exact", 2500),
  tenant("changing", 1200),
  tenant("patched", 300),
  tenant("unchanged", 1500),
  tenant("gone", 300),
  tenant("notFound", 300),
  tenant("required", 300),
  tenant("looping", 500),
  tenant("failing", 1500),
  tenant("short", 12),
  tenant("shortForGood", 300),
  tenant("odd", 1200),
  tenant("throttled", 1500),
  tenant("resumed", 1500),
  tenant("lost", 1500),
  tenant("guarded", 100),
  tenant("guardedFull", 100),
  tenant("binned", 40),
  tenant("reselected", 40),
  tenant("once", 40)
)

layer(fixture, { excludeTestServices: true })("directory_groups.sync", (it) => {
  it.effect("copies the directory exactly and says how much it was", () =>
    Effect.gen(function* () {
      const run = yield* sync("exact")
      succeeded(run, { total: 2500, processed: 2500, created: 2500, updated: 0, removed: 0 })
      yield* assertExact("exact")
      assert.deepStrictEqual(yield* left("exact"), { sightings: 0, rounds: 0 })
      yield* (yield* FakeGraph).assertOnlyContracts([groupChanges, countGroups])
    })
  )

  it.effect("asks once, and changes nothing, where nothing happened", () =>
    Effect.gen(function* () {
      yield* sync("once")
      const asked = yield* requestsOf(
        Effect.map(sync("once"), (run) => succeeded(run, { processed: 0, created: 0, updated: 0, removed: 0 }))
      )
      assert.deepStrictEqual(asked, ["groups/delta"])
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
      yield* graph.softDeleteGroup("changing", removed.id)
      yield* graph.putGroup("changing", fakeGroup({ id: "new-group", displayName: "New \u0000 group" }))
      const second = yield* sync("changing")
      succeeded(second, { processed: 3, created: 1, updated: 1, removed: 1 })
      const now = yield* shown("changing")
      assert.strictEqual(now.length, 1200)
      assert.deepInclude(now, [renamed.id, "Quite another name"])
      assert.notInclude(
        now.map(([id]) => id),
        removed.id
      )

      yield* graph.restoreGroup("changing", removed.id)
      succeeded(yield* sync("changing"), { created: 0, updated: 1, removed: 0 })
      assert.deepInclude(yield* shown("changing"), [removed.id, removed.displayName])
    })
  )

  it.effect("merges patches: what one leaves out stays, what it sets to null does not", () =>
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

  it.effect("does not rewrite rows that did not change, also where it reads everything again", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const versions = sql`
        SELECT id, xmin::text, xmax::text, ctid::text FROM directory_groups WHERE tenant_id = 'unchanged' ORDER BY id`
      yield* sync("unchanged")
      const before = yield* versions
      const run = yield* sync("unchanged", { full: true })
      succeeded(run, { processed: 1500, created: 0, updated: 0, removed: 0 })
      assert.deepStrictEqual(yield* versions, before)
    })
  )

  const resyncs = {
    gone: Fault.deltaGone,
    notFound: Fault.deltaSyncStateNotFound("syncStateNotFound"),
    required: Fault.deltaSyncStateNotFound("resyncRequired")
  }
  for (const [name, fault] of Object.entries(resyncs)) {
    it.effect(`reads everything again where the history is forgotten: ${name}`, () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        yield* sync(name)
        const [removed, changed] = yield* graph.groups(name)
        yield* graph.removeGroup(name, removed?.id ?? "")
        yield* graph.renameGroup(name, changed?.id ?? "", "Changed unseen")
        yield* inject({ fault, path: "/v1.0/groups/delta", tenant: name, times: 1 })
        const run = yield* sync(name)
        succeeded(run, { total: 299, processed: 299, created: 0, updated: 1, removed: 1 })
        assert.strictEqual(run.attempt, 0)
        yield* assertExact(name)
        const { groups } = yield* DirectoryCache
        const [label] = yield* groups.labels(scopeOf(name), [removed?.id ?? ""])
        assert.deepInclude({ ...label }, { displayName: removed?.displayName ?? "", removal: "unknown" })
      })
    )
  }

  it.effect("reads everything again where the history leads in circles", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      yield* sync("looping")
      for (const { id } of (yield* graph.groups("looping")).slice(0, 450)) {
        yield* graph.renameGroup("looping", id, `Renamed ${id}`)
      }
      yield* inject({ fault: Fault.nextLinkCycle, path: "/v1.0/groups/delta", tenant: "looping", nth: 2 })
      succeeded(yield* sync("looping"), { total: 500 })
      yield* assertExact("looping")
    })
  )

  it.effect("removes nothing when a round breaks off, and begins a new one with the next run", () =>
    Effect.gen(function* () {
      yield* sync("failing")
      const graph = yield* FakeGraph
      const [gone] = yield* graph.groups("failing")
      yield* graph.removeGroup("failing", gone?.id ?? "")
      const fault = Fault.status(403, "Authorization_RequestDenied")
      yield* inject({ fault, path: "/v1.0/groups/delta", tenant: "failing", nth: 3 })
      const run = yield* sync("failing", { full: true })
      assert.deepStrictEqual([run.outcome, run.reasonCode], ["failed", "provider_permission_denied"])
      assert.strictEqual((yield* shown("failing")).length, 1500)
      succeeded(yield* sync("failing"), { removed: 1 })
      yield* assertExact("failing")
      assert.deepStrictEqual(yield* left("failing"), { sightings: 0, rounds: 0 })
    })
  )

  it.effect("does not believe a listing that is shorter than Graph's own count, however small the directory", () =>
    Effect.gen(function* () {
      yield* sync("short")
      const { origin } = yield* FakeGraph
      const deltaLink = `${origin}/v1.0/groups/delta?$deltatoken=spoilt`
      const body = JSON.stringify({ value: [], "@odata.deltaLink": deltaLink })
      const nothing = { _tag: "Status" as const, status: 200, headers: { "content-type": "application/json" }, body }
      yield* inject({ fault: nothing, path: "/v1.0/groups/delta", tenant: "short", times: 1 })
      const sql = yield* SqlClient.SqlClient
      const run = yield* sync("short", { full: true })
      assert.deepStrictEqual([run.outcome, run.attempt], ["succeeded", 1])
      assert.strictEqual(run.failureSummary[0]?.message, "Graph listed 0 of 12 groups. Nothing was removed.")
      yield* assertExact("short")
      const removed = yield* sql`SELECT FROM directory_groups WHERE tenant_id = 'short' AND removed_at IS NOT NULL`
      assert.deepStrictEqual(removed, [])
    })
  )

  it.effect("bears a listing that is one percent shorter, since groups come and go meanwhile", () =>
    Effect.gen(function* () {
      const count = (text: string, times: number) =>
        inject({
          fault: { _tag: "Status", status: 200, headers: { "content-type": "text/plain" }, body: text },
          path: "/v1.0/groups/$count",
          tenant: "shortForGood",
          times
        })
      yield* count("303", 2)
      succeeded(yield* sync("shortForGood"), { total: 303, processed: 300 })
      yield* count("304", 2)
      const run = yield* sync("shortForGood", { full: true })
      assert.deepStrictEqual([run.attempt, run.failureSummary[0]?.reasonCode], [1, "provider_partial_result"])
    })
  )

  it.effect("copes with names that hold half a character", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      yield* graph.putGroup("odd", fakeGroup({ id: "odd-1", displayName: "cut \ud83d" }))
      succeeded(yield* sync("odd"), { created: 1201 })
      assert.deepInclude(yield* shown("odd"), ["odd-1", "cut \ufffd"])
    })
  )

  it.effect("waits when Graph asks for it", () =>
    Effect.gen(function* () {
      const fault = Fault.throttled("0.2")
      yield* inject({ fault, path: "/v1.0/groups/delta", tenant: "throttled", nth: 2, times: 2 })
      assert.deepInclude(yield* sync("throttled"), { outcome: "succeeded", attempt: 0 })
      yield* assertExact("throttled")
    })
  )

  it.effect("goes on after the last page that was stored when an attempt is repeated", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* inject({ fault: Fault.shapelessBody, path: "/v1.0/groups/delta", tenant: "resumed", nth: 5, times: 2 })
      const asked = yield* requestsOf(
        Effect.map(sync("resumed"), (run) => {
          assert.deepInclude(run, { outcome: "succeeded", attempt: 1 })
          succeeded(run, { total: 1500, processed: 1500, created: 1500, updated: 0, removed: 0 })
        })
      )
      // Eight pages, of which one was not understood twice.
      assert.strictEqual(asked.filter((path) => path === "groups/delta").length, 10)
      yield* assertExact("resumed")
      assert.deepStrictEqual(yield* sql`SELECT FROM directory_sightings WHERE tenant_id = 'resumed'`, [])
    })
  )

  it.effect("begins the round anew where what it had seen was lost", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const runs = yield* Runs
      yield* sync("lost")
      yield* inject({ fault: Fault.shapelessBody, path: "/v1.0/groups/delta", tenant: "lost", nth: 5, times: 2 })
      const asked = yield* requestsOf(
        Effect.gen(function* () {
          const input = { full: true }
          const { run } = yield* runs.start(actor("lost"), GroupsSync.operation, { tenantId: "lost", input })
          yield* Effect.repeat(runs.get(actor("lost"), run.id), { until: ({ attempt }) => attempt === 1 })
          // As a crash of the database does to unlogged tables.
          assert.isAbove((yield* sql`DELETE FROM directory_sightings WHERE tenant_id = 'lost' RETURNING id`).length, 0)
          succeeded(yield* sync("lost", input), { processed: 1500, created: 0, updated: 0, removed: 0 })
        })
      )
      // Four pages, one that was not understood twice, and all eight again.
      assert.strictEqual(asked.filter((path) => path === "groups/delta").length, 14)
      yield* assertExact("lost")
    })
  )

  for (const full of [false, true]) {
    const name = full ? "guardedFull" : "guarded"
    it.effect(
      `removes more than a quarter only once that was confirmed, ${full ? "reading everything" : "by the history"}`,
      () =>
        Effect.gen(function* () {
          const graph = yield* FakeGraph
          const cache = yield* DirectoryCache
          yield* sync(name)
          const doomed = (yield* graph.groups(name)).slice(0, 26)
          for (const { id } of doomed) yield* graph.removeGroup(name, id)
          yield* graph.putGroup(name, fakeGroup({ id: "meanwhile", displayName: "Meanwhile" }))

          const withheld = yield* sync(name, { full })
          assert.deepStrictEqual([withheld.outcome, withheld.reasonCode], ["partially_succeeded", "removals_withheld"])
          assert.deepInclude(withheld.summaryCounts, { created: 1, removed: 0 })
          assert.match(withheld.failureSummary[0]?.message ?? "", /no longer has 26 of 101 groups/)
          assert.strictEqual((yield* shown(name)).length, 101)
          assert.strictEqual((yield* cache.groups.state(scopeOf(name))).withheld, 26)

          // Fewer than would vanish: not what was confirmed.
          assert.strictEqual((yield* sync(name, { full, confirmRemovals: 25 })).outcome, "partially_succeeded")
          assert.strictEqual((yield* shown(name)).length, 101)
          succeeded(yield* sync(name, { full, confirmRemovals: 26 }), { removed: 26 })
          yield* assertExact(name)
          assert.isNull((yield* cache.groups.state(scopeOf(name))).withheld)
          succeeded(yield* sync(name), { processed: 0 })
        })
    )
  }

  it.effect("tells groups in the bin from those that are gone for good, also when that changes", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const { groups } = yield* DirectoryCache
      const [first, second] = yield* graph.groups("binned")
      const ids = [first?.id ?? "", second?.id ?? ""]
      const removals = Effect.map(groups.labels(scopeOf("binned"), ids), (labels) =>
        ids.map((id) => labels.find((label) => label.id === id)?.removal)
      )
      yield* sync("binned")
      yield* graph.softDeleteGroup("binned", ids[0] ?? "")
      yield* graph.softDeleteGroup("binned", ids[1] ?? "")
      yield* sync("binned")
      assert.deepStrictEqual(yield* removals, ["soft_deleted", "soft_deleted"])
      yield* graph.removeGroup("binned", ids[0] ?? "")
      succeeded(yield* sync("binned"), { removed: 0 })
      assert.deepStrictEqual(yield* removals, ["purged", "soft_deleted"])
      yield* sync("binned", { full: true })
      assert.deepStrictEqual(yield* removals, ["purged", "soft_deleted"])
    })
  )

  it.effect("does not go on with the history of another selection", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sync("reselected")
      yield* sql`UPDATE directory_syncs SET delta_contract = 'older' WHERE tenant_id = 'reselected'`
      succeeded(yield* sync("reselected"), { total: 40, processed: 40, created: 0 })
    })
  )
})

const lenient = directory(tenant("lenient", 100)).pipe(Layer.provide(Layer.succeed(RemovalGuard, 0.5)))

layer(lenient, { excludeTestServices: true })("RemovalGuard", (it) => {
  it.effect("is the host's to set", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      yield* sync("lenient")
      for (const { id } of (yield* graph.groups("lenient")).slice(0, 50)) yield* graph.removeGroup("lenient", id)
      succeeded(yield* sync("lenient"), { removed: 50 })
    })
  )
})

const ids = Array.from({ length: 60 }, (_, n) => `shared-${n}`)
const tenants = Array.from({ length: 6 }, (_, n) => ({
  tenantId: `twin-${n}`,
  entraTenantId: `twin-${n}`,
  groups: generateGroups(60, n + 1)
    .map((group, at) => ({ ...group, id: ids[at] ?? "" }))
    .filter((_, at) => at % (n + 2) > 0)
}))

layer(directory(...tenants), { excludeTestServices: true })("isolation", (it) => {
  it.effect("keeps tenants apart whose groups have equal ids, whatever happens to one of them", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const assertAll = Effect.forEach(tenants, ({ tenantId }) => assertExact(tenantId))
      yield* Effect.forEach(tenants, ({ tenantId }) => sync(tenantId), { concurrency: "unbounded" })
      yield* assertAll
      for (const { tenantId, groups } of tenants) {
        const [removed, renamed] = groups
        yield* graph.removeGroup(tenantId, removed?.id ?? "")
        yield* graph.renameGroup(tenantId, renamed?.id ?? "", `Only in ${tenantId}`)
        yield* sync(tenantId, { full: tenantId === "twin-3" })
        yield* assertExact(tenantId)
      }
      yield* assertAll
    })
  )
})
