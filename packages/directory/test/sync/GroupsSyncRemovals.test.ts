import { FakeGraph, fakeGroup } from "@atlas/fake-graph"
import { RemovalGuard } from "@atlas/replica"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { DirectoryCache } from "../../src/cache/DirectoryCache.ts"
import { scopeOf, shown, sync } from "../Fixture.ts"
import { assertExact, assertSucceeded, firstGroups, removeGroups, tenantsOf } from "./SyncFixture.ts"

const ways = [
  { full: false, way: "changes", reading: "following the history" },
  { full: true, way: "full", reading: "reading everything" }
]

const fixture = tenantsOf({
  purged: 40,
  readAgain: 40,
  ...Object.fromEntries(
    ways.flatMap(({ way }) => [`${way}-withheld`, `${way}-fewer`, `${way}-confirmed`].map((tenant) => [tenant, 100]))
  )
})

layer(fixture, { excludeTestServices: true })("Groups that a sync finds gone", (it) => {
  describe("each", () => {
    const removalsOf = Effect.fnUntraced(function* (tenant: string, ids: ReadonlyArray<string>) {
      const { groups } = yield* DirectoryCache
      const labels = yield* groups.labels(scopeOf(tenant), ids)
      return ids.map((id) => labels.find((label) => label.id === id)?.removal)
    })

    /** Two groups are in the bin, and the cache knows. */
    const binned = Effect.fnUntraced(function* (tenant: string) {
      const graph = yield* FakeGraph
      const ids = (yield* firstGroups(tenant, 2)).map(({ id }) => id)
      yield* sync(tenant)
      for (const id of ids) yield* graph.softDeleteGroup(tenant, id)
      yield* sync(tenant)
      return ids
    })

    it.effect("is in the bin until it is gone for good, which removes it no second time", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        const ids = yield* binned("purged")
        assert.deepStrictEqual(yield* removalsOf("purged", ids), ["soft_deleted", "soft_deleted"])
        yield* graph.removeGroup("purged", ids[0]!)

        const run = yield* sync("purged")

        assertSucceeded(run, { removed: 0 })
        assert.deepStrictEqual(yield* removalsOf("purged", ids), ["purged", "soft_deleted"])
      })
    )

    it.effect("stays what it was when everything is read again", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        const ids = yield* binned("readAgain")
        yield* graph.removeGroup("readAgain", ids[0]!)
        yield* sync("readAgain")

        yield* sync("readAgain", { full: true })

        assert.deepStrictEqual(yield* removalsOf("readAgain", ids), ["purged", "soft_deleted"])
      })
    )
  })

  for (const { full, reading, way } of ways) {
    describe(`more than a quarter of them, ${reading}`, () => {
      /** Of 101 groups 26 are gone, and a quarter would be 25. */
      const manyGone = Effect.fnUntraced(function* (tenant: string) {
        const graph = yield* FakeGraph
        yield* sync(tenant)
        yield* removeGroups(tenant, 26)
        yield* graph.putGroup(tenant, fakeGroup({ id: "meanwhile", displayName: "Meanwhile" }))
        return yield* sync(tenant, { full })
      })
      const withheldIn = (tenant: string) =>
        DirectoryCache.use((cache) => Effect.map(cache.groups.state(scopeOf(tenant)), ({ withheld }) => withheld))

      it.effect("all stay, and wait for a person", () =>
        Effect.gen(function* () {
          const tenant = `${way}-withheld`

          const run = yield* manyGone(tenant)

          assert.deepStrictEqual([run.outcome, run.reasonCode], ["partially_succeeded", "removals_withheld"])
          assert.deepInclude(run.summaryCounts, { created: 1, removed: 0 })
          assert.match(run.failureSummary[0]?.message ?? "", /no longer has 26 of 101 groups/)
          assert.strictEqual((yield* shown(tenant)).length, 101)
          assert.strictEqual(yield* withheldIn(tenant), 26)
        })
      )

      it.effect("all stay where fewer were confirmed", () =>
        Effect.gen(function* () {
          const tenant = `${way}-fewer`
          yield* manyGone(tenant)

          const run = yield* sync(tenant, { full, confirmRemovals: 25 })

          assert.strictEqual(run.outcome, "partially_succeeded")
          assert.strictEqual((yield* shown(tenant)).length, 101)
        })
      )

      it.effect("go once so many were confirmed", () =>
        Effect.gen(function* () {
          const tenant = `${way}-confirmed`
          yield* manyGone(tenant)

          const run = yield* sync(tenant, { full, confirmRemovals: 26 })

          assertSucceeded(run, { removed: 26 })
          yield* assertExact(tenant)
          assert.isNull(yield* withheldIn(tenant))
          assertSucceeded(yield* sync(tenant), { processed: 0 })
        })
      )
    })
  }
})

const lenient = tenantsOf({ lenient: 100 }).pipe(Layer.provide(Layer.succeed(RemovalGuard, 0.5)))

layer(lenient, { excludeTestServices: true })("A host that lets half of a tenant's groups go", (it) => {
  it.effect("has as many removed without a confirmation", () =>
    Effect.gen(function* () {
      yield* sync("lenient")
      yield* removeGroups("lenient", 50)

      const run = yield* sync("lenient")

      assertSucceeded(run, { removed: 50 })
    })
  )
})
