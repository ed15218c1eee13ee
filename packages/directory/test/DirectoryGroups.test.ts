import { fakeGroup } from "@atlas/graph/testing"
import { type Graph, Runs } from "@atlas/operations"
import { assert, describe, expectTypeOf, it, layer } from "@effect/vitest"
import { type Effect as EffectType, Effect, type Layer } from "effect"
import { DirectoryGroups, GroupCache, type GroupPage, GroupsSync } from "../src/index.ts"
import { actor, directory, powerless, sync } from "./Fixture.ts"

const names = [
  "Finance",
  "finance Managers",
  "All Finance",
  "Zürich Office",
  "Zurich visitors",
  "100% Berlin_x",
  "100 of Berlin",
  ...Array.from({ length: 45 }, (_, n) => `Team ${n}`)
]
const groups = names.map((displayName, index) => fakeGroup({ id: `group-${index}`, displayName }))

const search = (
  query: string,
  page: { readonly cursor: string | null; readonly limit: number } = { cursor: null, limit: 50 }
) => DirectoryGroups.use((directoryGroups) => directoryGroups.search(actor("contoso"), "contoso", query, page))

const found = (query: string) => Effect.map(search(query), (page) => page.groups.map(({ displayName }) => displayName))

layer(directory({ tenantId: "contoso", groups }, { tenantId: "other", groups: 3 }), { excludeTestServices: true })(
  "DirectoryGroups",
  (it) => {
    it.effect("says that a tenant was never synchronised, and then how fresh it is", () =>
      Effect.gen(function* () {
        const before = (yield* search("")).freshness
        assert.deepInclude({ ...before }, { completedAt: null, count: 0, lastRunId: null, stale: true })
        const run = yield* sync("contoso")
        const { freshness } = yield* search("")
        assert.deepInclude(
          { ...freshness },
          { count: names.length, lastRunId: run.id, lastOutcome: "succeeded", stale: false }
        )
        assert.isNotNull(freshness.completedAt)
      })
    )

    it.effect("names the active run while one is", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const type = GroupsSync.type.name
        const { run } = yield* runs.start(actor("contoso"), { tenantId: "contoso", type, input: {} })
        const { activeRunId, lastRunId } = (yield* search("")).freshness
        assert.include([activeRunId, lastRunId], run.id)
      })
    )

    it.effect("finds names that begin with the query before names that contain it, whatever accents and case", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* found("FINANCE"), ["Finance", "finance Managers", "All Finance"])
        assert.deepStrictEqual(yield* found("zür"), ["Zürich Office", "Zurich visitors"])
        assert.deepStrictEqual(yield* found("nothing like it"), [])
        assert.deepStrictEqual(yield* found("finance\0 m"), ["finance Managers"])
      })
    )

    it.effect("takes wildcards literally", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* found("100%"), ["100% Berlin_x"])
        assert.deepStrictEqual(yield* found("n_x"), ["100% Berlin_x"])
      })
    )

    it.effect("pages through everything once", () =>
      Effect.gen(function* () {
        const seen: Array<string> = []
        let page: GroupPage | undefined
        do {
          page = yield* search("e", { cursor: page?.nextCursor ?? null, limit: 7 })
          seen.push(...page.groups.map(({ displayName }) => displayName))
        } while (page.nextCursor !== null)
        const expected = names.filter((name) => name.toLowerCase().includes("e"))
        assert.strictEqual(seen.length, expected.length)
        assert.deepStrictEqual([...seen].sort(), [...expected].sort())
      })
    )

    it.effect("refuses a cursor of another search", () =>
      Effect.gen(function* () {
        const page = yield* search("team", { cursor: null, limit: 2 })
        assert.strictEqual((yield* Effect.flip(search("fin", { cursor: page.nextCursor, limit: 2 }))).status, 400)
        assert.strictEqual((yield* Effect.flip(search("fin", { cursor: "nonsense", limit: 2 }))).status, 400)
        const forged = btoa(JSON.stringify([99999999999, "a", "b", "fin"]))
        assert.strictEqual((yield* Effect.flip(search("fin", { cursor: forged, limit: 2 }))).status, 400)
      })
    )

    it.effect("hides a tenant from outsiders and names the capability that a member lacks", () =>
      Effect.gen(function* () {
        const directoryGroups = yield* DirectoryGroups
        const page = { cursor: null, limit: 5 }
        const hidden = yield* Effect.flip(directoryGroups.search(actor("other"), "contoso", "", page))
        assert.strictEqual(hidden.status, 404)
        const refused = yield* Effect.flip(directoryGroups.search(powerless, "contoso", "", page))
        assert.deepInclude({ ...refused }, { status: 403, requiredCapability: "tenant.directory.view" })
      })
    )

    it.effect("labels ids, and leaves out those it never saw", () =>
      Effect.gen(function* () {
        const directoryGroups = yield* DirectoryGroups
        const labelled = yield* directoryGroups.byIds(actor("contoso"), "contoso", ["group-0", "never-seen"])
        assert.deepStrictEqual(
          labelled.map(({ id, displayName }) => [id, displayName]),
          [["group-0", "Finance"]]
        )
      })
    )
  }
)

describe("database only", () => {
  it("the selector and its cache cannot reach Graph", () => {
    type Needs<L> = L extends Layer.Layer<infer _A, infer _E, infer R> ? R : never
    type Requires<F> = F extends (...args: ReadonlyArray<never>) => EffectType.Effect<infer _A, infer _E, infer R>
      ? R
      : never
    expectTypeOf<Extract<Needs<typeof DirectoryGroups.layer>, Graph>>().toEqualTypeOf<never>()
    expectTypeOf<Extract<Needs<typeof GroupCache.layer>, Graph>>().toEqualTypeOf<never>()
    expectTypeOf<Requires<DirectoryGroups["Service"]["search"]>>().toEqualTypeOf<never>()
    // The worker's side does need it, so the checks above can fail.
    expectTypeOf<Extract<Requires<typeof GroupsSync.handler.handle>, Graph>>().toEqualTypeOf<Graph>()
  })
})
