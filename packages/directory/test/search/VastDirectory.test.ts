import { TenantId, type TenantScope, WorkspaceId } from "@atlas/operations"
import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { SearchPosition, SearchRequest } from "../../src/cache/CollectionReads.ts"
import { DirectoryCache } from "../../src/cache/DirectoryCache.ts"

const scope = (workspace: string, tenant: string): TenantScope => ({
  workspaceId: WorkspaceId.make(workspace),
  tenantId: TenantId.make(tenant)
})
// Which are the same text where they are written one after the other, as the index over parts of names has them.
const vast = scope("a\u001fb", "c")
const neighbour = scope("a", "b\u001fc")

const size = 20_500

/** More names than are looked through one by one: common ones, and a few that come last. */
const fill = Effect.fnUntraced(function* ({ tenantId, workspaceId }: TenantScope, rare: string) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    INSERT INTO directory_groups (workspace_id, tenant_id, id, display_name, folded_name, dynamic, synced)
    SELECT ${workspaceId}, ${tenantId}, 'id-' || n, name, name, n % 1000 = 0, false
    FROM (SELECT n, 'group ' || lpad(n::text, 6, '0') || ' of many' AS name FROM generate_series(1, ${size}::int) AS n
      UNION ALL SELECT 100000 + n, 'zz ' || ${rare} || '-' || n FROM generate_series(1, 3) AS n) AS made`
})

const haystacks = scope("haystacks", "c")

/** Names that no sample meets, more than are shown; stored in no order, and few that another word begins with. */
const fillHaystacks = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const { tenantId, workspaceId } = haystacks
  yield* fill(haystacks, "straw")
  yield* sql`
    INSERT INTO directory_groups (workspace_id, tenant_id, id, display_name, folded_name, dynamic, synced)
    SELECT ${workspaceId}, ${tenantId}, 'z-' || n, name, name, false, false
    FROM (SELECT n, CASE WHEN n > 590 THEN 'yy hay-' ELSE 'xxhay-' END || lpad(n::text, 3, '0') AS name
      FROM generate_series(1, 600) AS n ORDER BY md5(n::text)) AS made`
})

const fixture = Layer.effectDiscard(
  Effect.all([fill(vast, "needle"), fill(neighbour, "needless"), fillHaystacks], { discard: true })
).pipe(Layer.provideMerge(DirectoryCache.layer), Layer.provideMerge(TestDatabase.layer))

const search = Effect.fnUntraced(function* (
  tenant: TenantScope,
  query: string,
  filters: ReadonlyArray<"dynamic"> = []
) {
  const { groups } = yield* DirectoryCache
  const { cut, found } = yield* groups.search(tenant, { query, filters, after: null, limit: 1_000 })
  return { cut, names: found.map(({ item }) => item.displayName) }
})

layer(fixture, { excludeTestServices: true, timeout: "60 seconds" })("search in a vast directory", (it) => {
  it.effect("finds a rare part of a name that comes late in the order", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* search(vast, "needle"), {
        cut: false,
        names: ["zz needle-1", "zz needle-2", "zz needle-3"]
      })
      assert.deepStrictEqual((yield* search(vast, "eedle-2")).names, ["zz needle-2"])
      assert.deepStrictEqual((yield* search(vast, "z needle-1, longer than any")).names, [])
    })
  )

  it.effect("never finds what is another tenant's, although their names are indexed as one", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* search(vast, "eedless")).names, [])
      assert.strictEqual((yield* search(neighbour, "eedless")).names.length, 3)
      assert.deepStrictEqual((yield* search(neighbour, "needle-")).names, [])
    })
  )

  it.effect("ends after 500 where a part is common, and looks through no more than 20,000 names for two letters", () =>
    Effect.gen(function* () {
      const common = yield* search(vast, "of many")
      assert.deepStrictEqual([common.cut, common.names.length], [true, 500])
      assert.deepStrictEqual(yield* search(vast, "dl"), { cut: true, names: [] })
      assert.deepStrictEqual(yield* search(vast, "020000 of"), { cut: false, names: ["group 020000 of many"] })
      assert.deepStrictEqual(yield* search(vast, "20500 of many"), { cut: false, names: ["group 020500 of many"] })
    })
  )

  it.effect("shows the first 500 in its order of what the index finds, on any number of pages", () =>
    Effect.gen(function* () {
      const names = (prefix: string, from: number, to: number) =>
        Array.from({ length: to - from + 1 }, (_, index) => `${prefix}${String(from + index).padStart(3, "0")}`)
      const all = [...names("yy hay-", 591, 600), ...names("xxhay-", 1, 490)]
      assert.deepStrictEqual(yield* search(haystacks, "hay-"), { cut: true, names: all })
      const { groups } = yield* DirectoryCache
      const paged: Array<string> = []
      for (let after: SearchPosition | null = null; paged.length < all.length;) {
        const request: SearchRequest<never> = { query: "hay-", filters: [], after, limit: 99 }
        const { cut, found } = yield* groups.search(haystacks, request)
        assert.isTrue(cut)
        assert.isNotEmpty(found)
        paged.push(...found.map(({ item }) => item.displayName))
        const { foldedName, item, tier } = found.at(-1)!
        after = { foldedName, id: item.id, tier }
      }
      assert.deepStrictEqual(paged, all)
    })
  )

  it.effect("knows all that passes a filter which few do", () =>
    Effect.gen(function* () {
      const few = yield* search(vast, "of many", ["dynamic"])
      assert.deepStrictEqual([few.cut, few.names.length], [false, 20])
      assert.strictEqual((yield* search(vast, "ny", ["dynamic"])).names.length, 20)
    })
  )

  it.effect("asks an index for each step, also without statistics", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const scans = yield* Effect.gen(function* () {
        for (const query of ["needle", "group", "of many", "dl", "nothing like it"]) yield* search(vast, query)
        return yield* sql<{ tables: number; indexes: number }>`
          SELECT seq_scan::int AS tables, idx_scan::int AS indexes FROM pg_stat_xact_user_tables
          WHERE relname = 'directory_groups'`
      }).pipe(sql.withTransaction)
      assert.strictEqual(scans[0]?.tables, 0)
      assert.isAbove(scans[0]?.indexes ?? 0, 4)
    })
  )
})
