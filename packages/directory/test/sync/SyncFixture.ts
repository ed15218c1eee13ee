import { FakeGraph } from "@atlas/fake-graph"
import type { Run } from "@atlas/operations"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { DirectoryCache } from "../../src/cache/DirectoryCache.ts"
import { directory, existing, scopeOf, shown } from "../Fixture.ts"

/** Tenants with so many groups each. Graph tells of 200 groups on a page. */
export const tenantsOf = (sizes: Readonly<Record<string, number>>) =>
  directory(...Object.entries(sizes).map(([tenantId, groups]) => ({ tenantId, entraTenantId: tenantId, groups })))

/** Gives a tenant faulty answers where it asks for its groups, or for what has changed of them. */
export const injectInDelta = (
  tenant: string,
  rule: Pick<Parameters<FakeGraph["Service"]["inject"]>[0], "fault" | "nth" | "times">
) => FakeGraph.use((graph) => graph.inject({ ...rule, path: "/v1.0/groups/delta", tenant }))

/** The first groups of a tenant's directory. */
export const firstGroups = Effect.fnUntraced(function* (tenant: string, count: number) {
  const groups = yield* FakeGraph.use((graph) => graph.groups(tenant))
  assert.isAtLeast(groups.length, count)
  return groups.slice(0, count)
})

/** Removes so many groups of a tenant for good. */
export const removeGroups = Effect.fnUntraced(function* (tenant: string, count: number) {
  const graph = yield* FakeGraph
  for (const { id } of yield* firstGroups(tenant, count)) yield* graph.removeGroup(tenant, id)
})

/** The requests to Graph that a piece of work makes, by the end of their paths, and what the work comes to. */
export const withRequests = Effect.fnUntraced(function* <A, E, R>(work: Effect.Effect<A, E, R>) {
  const graph = yield* FakeGraph
  const before = (yield* graph.requests).length
  const result = yield* work
  const requests = (yield* graph.requests)
    .slice(before)
    .filter(({ path }) => path.startsWith("/v1.0/"))
    .map(({ path }) => path.slice("/v1.0/".length))
  return { result, requests }
})

/** The cache shows what the directory has, and counts as much. */
export const assertExact = Effect.fnUntraced(function* (tenant: string) {
  const groups = yield* existing(tenant)
  assert.deepStrictEqual(yield* shown(tenant), groups)
  const { size } = yield* DirectoryCache.use((cache) => cache.groups.state(scopeOf(tenant)))
  assert.strictEqual(size, groups.length)
})

/** Of a round that has ended, nothing is left. */
export const assertNoRoundLeft = Effect.fnUntraced(function* (tenant: string) {
  const sql = yield* SqlClient.SqlClient
  const left = yield* sql`
    SELECT (SELECT count(*)::int FROM directory_sightings WHERE tenant_id = ${tenant}) AS sightings,
      (SELECT count(*)::int FROM directory_syncs WHERE tenant_id = ${tenant} AND round_run IS NOT NULL) AS rounds`
  assert.deepStrictEqual(left, [{ sightings: 0, rounds: 0 }])
})

/** The run has succeeded with these counts, among others. */
export const assertSucceeded = (run: Run, counts: Run["summaryCounts"]) => {
  assert.strictEqual(run.outcome, "succeeded")
  assert.deepInclude(run.summaryCounts, counts)
}
