import { GraphError } from "@atlas/operations"
import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { copy, makeReplicaStore, type ReplicaStore, type Source } from "../src/index.ts"
import { createTables, cursor, listing, newRun, newTenant, shelf, stored } from "./Fixture.ts"

const stores = Effect.map(SqlClient.SqlClient, (sql) => ({
  apples: makeReplicaStore(sql, shelf("apples")),
  pears: makeReplicaStore(sql, shelf("pears"))
}))

const broken = new GraphError({ reasonCode: "provider_unavailable", message: "Nobody answers.", contract: "fruits" })

/** The first pages of a source, and then a failure. */
const breaking = (source: Source, after: number): Source => ({
  ...source,
  pages: (from) => Stream.concat(Stream.take(source.pages(from), after), Stream.fail(broken))
})

/** Copies by a run of its own. */
const copied = Effect.fnUntraced(function* (
  tenant: ReturnType<typeof newTenant>,
  source: Source,
  store: ReplicaStore,
  confirmed?: number
) {
  const made = yield* newRun(tenant)
  const end = yield* copy({ ...made, source, store, confirmed })
  return { ...made, end, counts: made.tally.counts }
})

const fruits = { a: "Cox", b: "Gala", c: "Fuji", d: "Jazz", e: "Elstar" }

layer(Layer.provideMerge(Layer.effectDiscard(createTables), TestDatabase.layer), { excludeTestServices: true })(
  "a copy of a listing",
  (it) => {
    it.effect("is exact, and says what each object was: new, another, the same, or gone", () =>
      Effect.gen(function* () {
        const { apples } = yield* stores
        const tenant = newTenant()
        assert.deepStrictEqual((yield* copied(tenant, listing(fruits), apples)).counts, {
          processed: 5,
          created: 5,
          updated: 0,
          unchanged: 0,
          removed: 0
        })
        const { e: _, ...others } = fruits
        const { counts } = yield* copied(tenant, listing({ ...others, a: "Braeburn", f: "Pinova" }), apples)
        assert.deepStrictEqual(counts, { processed: 5, created: 1, updated: 1, unchanged: 3, removed: 1 })
        assert.deepStrictEqual(yield* stored(tenant), { ...others, a: "Braeburn", f: "Pinova" })
        assert.deepInclude(yield* apples.state(tenant), { size: 5, withheld: null })
      })
    )

    it.effect("keeps a quiet property up to date, and the object the same", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { apples } = yield* stores
        const tenant = newTenant()
        const rows = sql`SELECT id, note, changed_at FROM fruits WHERE tenant_id = ${tenant.tenantId}`
        yield* copied(tenant, listing({ a: "Cox" }, { note: "green" }), apples)
        const [before] = yield* rows
        const { counts } = yield* copied(tenant, listing({ a: "Cox" }, { note: "red" }), apples)
        assert.deepInclude(counts, { created: 0, updated: 0, unchanged: 1 })
        assert.deepStrictEqual(yield* rows, [{ ...before, note: "red" }])
      })
    )

    it.effect("touches no other collection of its table, and no other tenant", () =>
      Effect.gen(function* () {
        const { apples, pears } = yield* stores
        const [tenant, neighbour] = [newTenant(), newTenant()]
        yield* copied(tenant, listing(fruits), apples)
        yield* copied(tenant, listing({ a: "Conference" }), pears)
        yield* copied(neighbour, listing(fruits), apples)
        yield* copied(tenant, listing({ a: "Cox" }), apples, 4)
        assert.deepStrictEqual(yield* stored(tenant), { a: "Cox" })
        assert.deepStrictEqual(yield* stored(tenant, "pears"), { a: "Conference" })
        assert.deepStrictEqual(yield* stored(neighbour), fruits)
      })
    )

    it.effect("reads everything again after an attempt that broke off, and counts no object twice", () =>
      Effect.gen(function* () {
        const { apples } = yield* stores
        const tenant = newTenant()
        const { run, tally } = yield* newRun(tenant)
        const attempt = (source: Source) => copy({ run, tally, source, store: apples })
        yield* Effect.flip(attempt(breaking(listing(fruits), 2)))
        assert.deepStrictEqual(Object.keys(yield* stored(tenant)), ["a", "b", "c", "d"])
        // What was stored and is gone before the others come to it is removed.
        const { a: _, ...left } = fruits
        yield* attempt(listing(left))
        assert.deepStrictEqual(yield* stored(tenant), left)
        assert.deepStrictEqual(tally.counts, { processed: 4, created: 5, updated: 0, unchanged: 0, removed: 1 })
      })
    )

    it.effect("goes on after the last page that was stored where the source has a place for that", () =>
      Effect.gen(function* () {
        const { apples } = yield* stores
        const tenant = newTenant()
        const { run, tally } = yield* newRun(tenant)
        const asked: Array<string | undefined> = []
        const pages = Object.entries(fruits).map(([id, title], at, all) => ({
          changes: [{ id, set: { title } }],
          cursor: cursor(String(at + 1)),
          isLast: at === all.length - 1
        }))
        const source: Source = {
          ...listing({}),
          pages: (from) => {
            asked.push(from)
            return Stream.fromIterable(pages.slice(Number(from ?? 0)))
          }
        }
        yield* Effect.flip(copy({ run, tally, store: apples, source: breaking(source, 3) }))
        yield* copy({ run, tally, store: apples, source })
        assert.deepStrictEqual(asked, [undefined, "3"])
        assert.deepStrictEqual(yield* stored(tenant), fruits)
        assert.deepInclude(tally.counts, { processed: 5, created: 5, removed: 0 })
      })
    )

    it.effect("is not made again by a run that has made it", () =>
      Effect.gen(function* () {
        const { apples } = yield* stores
        const tenant = newTenant()
        const { run, tally } = yield* copied(tenant, listing(fruits), apples)
        const unread: Source = { ...listing({}), pages: () => Stream.die("It was read again") }
        assert.deepStrictEqual(yield* copy({ run, tally, source: unread, store: apples }), {
          _tag: "Applied",
          removed: 0
        })
        assert.deepStrictEqual(yield* stored(tenant), fruits)
      })
    )

    it.effect("is left to the run that has begun it last: the other one stores and removes nothing more", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { apples } = yield* stores
        const tenant = newTenant()
        yield* copied(tenant, listing(fruits), apples)
        for (const at of [0, 2]) {
          let page = 0
          const overtaken = listing({ a: "Stale", b: "Stale", c: "Stale", d: "Stale" })
          const source: Source = {
            ...overtaken,
            pages: (from) =>
              Stream.mapEffect(overtaken.pages(from), (each) =>
                page++ === at / 2
                  ? Effect.as(Effect.orDie(copied(tenant, listing(fruits), apples)), each)
                  : Effect.succeed(each)
              ).pipe(Stream.rechunk(1), Stream.provideService(SqlClient.SqlClient, sql))
          }
          const error = yield* Effect.flip(copied(tenant, source, apples))
          assert.strictEqual(error.reasonCode, "operation_busy")
        }
        assert.deepStrictEqual(Object.keys(yield* stored(tenant)), Object.keys(fruits))
      })
    )

    it.effect("stores what its rows refer to with them, or neither", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { apples } = yield* stores
        const tenant = newTenant()
        const note = sql`INSERT INTO fruit_sightings VALUES ('northwind', ${tenant.tenantId}, 'notes', 'x')`
        const notes = sql`SELECT FROM fruit_sightings WHERE tenant_id = ${tenant.tenantId} AND collection = 'notes'`
        const page = { changes: [{ id: "a", set: { title: "Cox" } }], cursor: null, isLast: true }
        const pages = (before: Effect.Effect<void>) => ({
          ...listing({}),
          pages: () => Stream.make({ ...page, before })
        })
        const written = Effect.orDie(Effect.asVoid(note))
        yield* Effect.exit(copied(tenant, pages(Effect.andThen(written, Effect.die("no"))), apples))
        assert.deepStrictEqual([yield* notes, yield* stored(tenant)], [[], {}])
        yield* copied(tenant, pages(written), apples)
        assert.deepStrictEqual([(yield* notes).length, yield* stored(tenant)], [1, { a: "Cox" }])
      })
    )
  }
)

layer(Layer.provideMerge(Layer.effectDiscard(createTables), TestDatabase.layer), { excludeTestServices: true })(
  "what a copy removes",
  (it) => {
    it.effect("is one of two by itself, and the last one only when a person has confirmed it", () =>
      Effect.gen(function* () {
        const { apples } = yield* stores
        const tenant = newTenant()
        yield* copied(tenant, listing({ a: "Cox", b: "Gala" }), apples)
        assert.deepStrictEqual((yield* copied(tenant, listing({ b: "Gala" }), apples)).end, {
          _tag: "Applied",
          removed: 1
        })
        // However often it looks empty.
        for (const _ of [1, 2, 3]) {
          const { end, failures } = yield* copied(tenant, listing({}), apples)
          assert.deepStrictEqual(end, { _tag: "Withheld", removals: 1, size: 1 })
          assert.match(failures[0]?.message ?? "", /no longer has 1 of 1 fruits/)
        }
        assert.deepStrictEqual(yield* stored(tenant), { b: "Gala" })
        yield* copied(tenant, listing({}), apples, 1)
        assert.deepStrictEqual(yield* stored(tenant), {})
      })
    )

    it.effect("is no more than was confirmed, of all collections of a run together", () =>
      Effect.gen(function* () {
        const { apples, pears } = yield* stores
        const tenant = newTenant()
        yield* copied(tenant, listing(fruits), apples)
        yield* copied(tenant, listing(fruits), pears)
        const made = yield* newRun(tenant)
        const both = { run: made.run, tally: made.tally, confirmed: 5 }
        const one = listing({ a: "Cox" })
        assert.strictEqual((yield* copy({ ...both, source: one, store: apples }))._tag, "Applied")
        const item = "Pears"
        assert.deepStrictEqual(yield* copy({ ...both, source: { ...one, item }, store: pears }), {
          _tag: "Withheld",
          removals: 4,
          size: 5
        })
        assert.deepInclude(made.failures[0] ?? {}, { item, reasonCode: "removals_withheld" })
        assert.deepInclude(yield* pears.state(tenant), { size: 5, withheld: 4 })
      })
    )
  }
)
