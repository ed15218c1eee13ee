import { FakeGraph, fakeGroup } from "@atlas/fake-graph"
import { type Graph, Runs } from "@atlas/operations"
import { assert, describe, expectTypeOf, it, layer } from "@effect/vitest"
import { type Effect as EffectType, Effect, type Layer } from "effect"
import { SqlClient } from "effect/sql"
import {
  type Directory,
  type DirectoryGroup,
  DirectoryGroups,
  type GroupFilter,
  GroupLabels,
  GroupsSync,
  type SearchOptions,
  type SearchPage
} from "../../src/index.ts"
import { actor, directory, powerless, scopeOf, sync } from "../Fixture.ts"

const names = [
  "Finance",
  "finance Managers",
  "All Finance",
  "SG-Finance-Berlin",
  "Refinanced",
  "Zürich Office",
  "Zurich visitors",
  "100% Berlin_x",
  "100 of Berlin",
  "Отдел продаж",
  "営業部",
  ...Array.from({ length: 45 }, (_, n) => `Team ${n}`)
]
const kinds = [
  fakeGroup({
    id: "kind-1",
    displayName: "Kind unified",
    groupTypes: ["Unified"],
    mailEnabled: true,
    securityEnabled: false
  }),
  fakeGroup({ id: "kind-2", displayName: "Kind dynamic", groupTypes: ["DynamicMembership"] }),
  fakeGroup({ id: "kind-3", displayName: "Kind assignable", isAssignableToRole: true }),
  fakeGroup({ id: "kind-4", displayName: "Kind synced", onPremisesSyncEnabled: true }),
  fakeGroup({ id: "kind-5", displayName: "Kind distribution", mailEnabled: true, securityEnabled: false })
]
const groups = [...names.map((displayName, index) => fakeGroup({ id: `group-${index}`, displayName })), ...kinds]
const many = Array.from({ length: 1_200 }, (_, n) => fakeGroup({ id: `many-${n}`, displayName: `A${n} with middle` }))

const who = actor("contoso", "large")
const search = (query: string, options: SearchOptions<GroupFilter> = { limit: 50 }, tenant = "contoso") =>
  DirectoryGroups.use((directoryGroups) => directoryGroups.search(who, tenant, { query, ...options }))

const namesOf = (page: SearchPage<DirectoryGroup>) => page.items.map(({ displayName }) => displayName)

const found = (query: string, ...filters: ReadonlyArray<GroupFilter>) =>
  Effect.map(search(query, { filters, limit: 50 }), namesOf)

/** All pages of a search. */
const allOf = Effect.fnUntraced(function* (query: string, limit: number, tenant?: string) {
  const seen: Array<string> = []
  let page: SearchPage<DirectoryGroup> | undefined
  do {
    page = yield* search(query, { cursor: page?.nextCursor ?? null, limit }, tenant)
    seen.push(...namesOf(page))
  } while (page.nextCursor !== null)
  return seen
})

layer(
  directory({ tenantId: "contoso", groups }, { tenantId: "other", groups: 3 }, { tenantId: "large", groups: many }),
  { excludeTestServices: true }
)("DirectoryGroups", (it) => {
  it.effect("says that a tenant was never synchronised, and then how fresh it is", () =>
    Effect.gen(function* () {
      const before = (yield* search("")).freshness
      assert.deepInclude(
        { ...before },
        { completedAt: null, count: 0, lastRunId: null, lastAttemptAt: null, stale: true }
      )
      const run = yield* sync("contoso")
      const { freshness } = yield* search("")
      assert.deepInclude(
        { ...freshness },
        { count: groups.length, lastRunId: run.id, lastOutcome: "succeeded", withheldRemovals: null, stale: false }
      )
      assert.deepStrictEqual(freshness.lastAttemptAt, run.completedAt)
      assert.isNotNull(freshness.completedAt)
    })
  )

  it.effect("names the active run while one is", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const { run } = yield* runs.start(who, GroupsSync.operation, { tenantId: "contoso", input: {} })
      const { activeRunId, lastRunId } = (yield* search("")).freshness
      assert.include([activeRunId, lastRunId], run.id)
    })
  )

  it.effect("ranks the equal name, names that begin so, names of which a word does, and names that contain it", () =>
    Effect.gen(function* () {
      const ranked = ["Finance", "finance Managers", "All Finance", "SG-Finance-Berlin", "Refinanced"]
      assert.deepStrictEqual(yield* found("FINANCE"), ranked)
      assert.deepStrictEqual(yield* allOf("finance", 1), ranked)
    })
  )

  it.effect("does not mind accents and case, and knows other scripts", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* found("zür"), ["Zürich Office", "Zurich visitors"])
      assert.deepStrictEqual(yield* found("nothing like it"), [])
      assert.deepStrictEqual(yield* found("finance\0 m"), ["finance Managers"])
      assert.deepStrictEqual(yield* found("ОТДЕЛ"), ["Отдел продаж"])
      assert.deepStrictEqual(yield* found("продаж"), ["Отдел продаж"])
      assert.deepStrictEqual(yield* found("業"), ["営業部"])
    })
  )

  it.effect("takes wildcards literally", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* found("100%"), ["100% Berlin_x"])
      assert.deepStrictEqual(yield* found("n_x"), ["100% Berlin_x"])
      assert.deepStrictEqual(yield* found("0% "), ["100% Berlin_x"])
      assert.deepStrictEqual(yield* found("(.*)"), [])
    })
  )

  it.effect("narrows by what groups are, all filters at once", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* found("kind", "microsoft365"), ["Kind unified"])
      assert.deepStrictEqual(yield* found("kind", "dynamic"), ["Kind dynamic"])
      assert.deepStrictEqual(yield* found("ind", "role_assignable"), ["Kind assignable"])
      assert.deepStrictEqual(yield* found("", "synced", "security"), ["Kind synced"])
      assert.deepStrictEqual(yield* found("in", "dynamic"), ["Kind dynamic"])
      assert.deepStrictEqual(yield* found("kind", "security"), ["Kind assignable", "Kind dynamic", "Kind synced"])
    })
  )

  for (const query of ["e", "te", "team", "erl", ""]) {
    it.effect(`pages through everything that contains "${query}" once`, () =>
      Effect.gen(function* () {
        const seen = yield* allOf(query, 7)
        const expected = groups
          .map(({ displayName }) => displayName)
          .filter((name) => name.toLowerCase().includes(query))
        assert.deepStrictEqual([...seen].sort(), expected.sort())
      })
    )
  }

  it.effect("ends after 500 names that contain the query, and asks for more letters", () =>
    Effect.gen(function* () {
      yield* sync("large")
      const common = yield* search("middle", { limit: 10 }, "large")
      assert.isTrue(common.typeMore)
      assert.strictEqual((yield* allOf("middle", 100, "large")).length, 500)
      const rare = yield* search("1199 with", { limit: 10 }, "large")
      assert.deepStrictEqual([namesOf(rare), rare.typeMore], [["A1199 with middle"], false])
      assert.strictEqual((yield* allOf("a", 100, "large")).length, many.length)
    })
  )

  it.effect("takes the same 500 for every page, whichever way the database finds them", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sync("large")
      // Statistics that arrive between two pages change plans just so.
      const sorted = sql.withTransaction(
        Effect.andThen(sql`SET LOCAL enable_hashagg = off`, allOf("middle", 100, "large"))
      )
      const hashed = sql.withTransaction(
        Effect.andThen(sql`SET LOCAL enable_sort = off`, allOf("middle", 100, "large"))
      )
      assert.deepStrictEqual(yield* sorted, yield* hashed)
    })
  )

  it.effect("refuses a cursor of another search", () =>
    Effect.gen(function* () {
      const page = yield* search("team", { limit: 2 })
      const refused = (query: string, options: SearchOptions<GroupFilter>) =>
        Effect.map(Effect.flip(search(query, options)), ({ status }) => assert.strictEqual(status, 400))
      yield* refused("fin", { cursor: page.nextCursor, limit: 2 })
      yield* refused("team", { cursor: page.nextCursor, limit: 2, filters: ["synced"] })
      yield* refused("fin", { cursor: "nonsense", limit: 2 })
      yield* refused("fin", { cursor: btoa(JSON.stringify([99999999999, "a", "b", "fin"])), limit: 2 })
    })
  )

  it.effect("hides a tenant from outsiders and names the capability that a member lacks", () =>
    Effect.gen(function* () {
      const directoryGroups = yield* DirectoryGroups
      const calls = [
        (by: typeof powerless) => Effect.asVoid(directoryGroups.search(by, "contoso")),
        (by: typeof powerless) => Effect.asVoid(directoryGroups.labels(by, "contoso", ["group-0"])),
        (by: typeof powerless) => Effect.asVoid(directoryGroups.get(by, "contoso", "group-0")),
        (by: typeof powerless) => Effect.asVoid(directoryGroups.freshness(by, "contoso"))
      ]
      for (const call of calls) {
        assert.strictEqual((yield* Effect.flip(call(actor("other")))).status, 404)
        const refused = yield* Effect.flip(call(powerless))
        assert.deepInclude({ ...refused }, { status: 403, requiredCapability: "tenant.directory.view" })
      }
    })
  )

  it.effect("labels ids in their order, with what became of removed groups, and is honest about unknown ones", () =>
    Effect.gen(function* () {
      const directoryGroups = yield* DirectoryGroups
      const { removeGroup, softDeleteGroup, tenants } = yield* FakeGraph
      const [{ entraTenantId } = { entraTenantId: "" }] = tenants
      yield* softDeleteGroup(entraTenantId, "group-8")
      yield* removeGroup(entraTenantId, "group-9")
      yield* sync("contoso")
      const ids = ["never-seen", "group-8", "group-0", "group-9", "\0"]
      const { freshness, labels } = yield* directoryGroups.labels(who, "contoso", ids)
      assert.deepStrictEqual(labels, [
        { id: "never-seen", displayName: null, state: "never_seen" },
        { id: "group-8", displayName: "100 of Berlin", state: "soft_deleted" },
        { id: "group-0", displayName: "Finance", state: "exists" },
        { id: "group-9", displayName: "Отдел продаж", state: "purged" },
        { id: "\0", displayName: null, state: "never_seen" }
      ])
      assert.deepStrictEqual(yield* GroupLabels.use(({ of }) => of(scopeOf("contoso"), ids)), labels)
      assert.deepStrictEqual(yield* GroupLabels.use(({ of }) => of(scopeOf("other"), ["group-0"])), [
        { id: "group-0", displayName: null, state: "never_seen" }
      ])
      assert.strictEqual(freshness.count, groups.length - 2)
      assert.deepStrictEqual(yield* found("of berlin"), [])
    })
  )

  it.effect("gives one group, also a removed one, and does not know others", () =>
    Effect.gen(function* () {
      const directoryGroups = yield* DirectoryGroups
      const { freshness, item } = yield* directoryGroups.get(who, "contoso", "kind-1")
      assert.deepInclude({ ...item }, { displayName: "Kind unified", kind: "microsoft365", removal: null })
      assert.isFalse(freshness.stale)
      assert.strictEqual((yield* directoryGroups.get(who, "contoso", "group-8")).item.removal, "soft_deleted")
      assert.strictEqual((yield* Effect.flip(directoryGroups.get(who, "contoso", "never-seen"))).status, 404)
      // Of another tenant, which the actor may see as well.
      assert.strictEqual((yield* Effect.flip(directoryGroups.get(who, "contoso", "many-1"))).status, 404)
    })
  )
})

describe("database only", () => {
  it("the readers and their cache cannot reach Graph", () => {
    type Needs<L> = L extends Layer.Layer<infer _A, infer _E, infer R> ? R : never
    type Requires<F> = F extends (...args: ReadonlyArray<never>) => EffectType.Effect<infer _A, infer _E, infer R>
      ? R
      : never
    type Reader = DirectoryGroups["Service"]
    expectTypeOf<Extract<Needs<typeof Directory.layer>, Graph>>().toEqualTypeOf<never>()
    expectTypeOf<Requires<Reader["search" | "labels" | "get" | "freshness"]>>().toEqualTypeOf<never>()
    // The worker's side does need it, so the checks above can fail.
    expectTypeOf<Extract<Requires<typeof GroupsSync.handler.handle>, Graph>>().toEqualTypeOf<Graph>()
  })
})
