import { assert, layer } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { type Operation } from "../../src/index.ts"
import { RunLedger } from "../../src/ledger/RunLedger.ts"
import { type Claim, RunQueue } from "../../src/ledger/RunQueue.ts"
import { Background, Check, claim, complete, fabrikam, ledger, Limited, Plain, start } from "../starting/StartTypes.ts"

const worker = (...types: ReadonlyArray<Operation.Any>) =>
  Effect.map(RunQueue, (queue) => queue.claimer({ worker: "w", types, leaseMillis: 60_000 }))

/** Queued runs as starts leave them, in bulk: `of` runs in each of the tenants. */
const queued = (type: Operation.Any, tenants: ReadonlyArray<string>, of: number) =>
  SqlClient.SqlClient.use(
    (sql) => sql`
      INSERT INTO operation_runs (id, workspace_id, tenant_id, type, actor, identity_rule, identity_key, identity_digest,
        view_capabilities, input, max_attempts, priority)
      SELECT overlay(overlay(gen_random_uuid()::text placing '7' from 15) placing '8' from 20)::uuid, 'northwind', tenant,
        ${type.name}, '{"id":"a","kind":"user","name":"A"}', 'while_active', '', sha256('x'),
        '{tenant.test.view}', '{"key":"bulk"}', 3,
        ${type.priority === "interactive" ? 0 : 1}::smallint
      FROM unnest(${tenants}::text[]) tenant, generate_series(1, ${of}::int)`
  )

const emptied = SqlClient.SqlClient.use((sql) => sql`DELETE FROM operation_runs`)
const tenantsOf = (claims: ReadonlyArray<Claim>): ReadonlyArray<string | null> => claims.map(({ run }) => run.tenantId)

layer(ledger, { excludeTestServices: true })("the queue", (it) => {
  it.effect("serves tenants in turn, however many runs one of them has queued", () =>
    Effect.gen(function* () {
      yield* emptied
      yield* queued(Plain, ["big"], 1_000)
      yield* queued(Plain, ["b", "c", "d", "e", "f"], 1)
      const take = yield* worker(Plain)
      const served = [...(yield* take(3)), ...(yield* take(3))]
      assert.deepStrictEqual(new Set(tenantsOf(served)), new Set(["big", "b", "c", "d", "e", "f"]))
      // One turn in a round, and every slot when nobody else waits.
      assert.deepStrictEqual(tenantsOf(yield* take(4)), ["big", "big", "big", "big"])
      yield* queued(Plain, ["g"], 1)
      assert.include(tenantsOf(yield* take(2)), "g")
    })
  )

  it.effect("takes a tenant's runs in the order in which they became due", () =>
    Effect.gen(function* () {
      yield* emptied
      const runs = yield* Effect.forEach(["1", "2", "3"], (key) => start(Plain, key))
      const take = yield* worker(Plain)
      const claimed = [...(yield* take(1)), ...(yield* take(1)), ...(yield* take(1))]
      assert.deepStrictEqual(
        claimed.map(({ run }) => run.id),
        runs.map(({ run }) => run.id)
      )
    })
  )

  it.effect("takes interactive runs before background ones", () =>
    Effect.gen(function* () {
      yield* emptied
      yield* queued(Background, ["a", "b", "c"], 10)
      yield* queued(Plain, ["z"], 3)
      const take = yield* worker(Background, Plain)
      const first = yield* take(4)
      assert.strictEqual(first.filter(({ run }) => run.type === Plain.name).length, 3)
      assert.strictEqual(
        (yield* take(4)).every(({ run }) => run.type === Background.name),
        true
      )
    })
  )

  it.effect("gives several types of one tenant their turn", () =>
    Effect.gen(function* () {
      yield* emptied
      yield* queued(Plain, ["a"], 100)
      yield* queued(Limited, ["a"], 100)
      const types = (yield* (yield* worker(Plain, Limited))(4)).map(({ run }) => run.type)
      assert.deepStrictEqual(types.toSorted(), [Limited.name, Limited.name, Plain.name, Plain.name])
    })
  )

  it.effect("gives each type its turn, also when one slot at a time becomes free", () =>
    Effect.gen(function* () {
      yield* emptied
      yield* queued(Plain, ["big"], 100)
      yield* queued(Check, ["other"], 100)
      yield* queued(Limited, ["small"], 1)
      const take = yield* worker(Plain, Check, Limited)
      const types: Array<string> = []
      for (let round = 0; round < 6; round++) types.push(...(yield* take(1)).map(({ run }) => run.type))
      assert.include(types, Limited.name)
      assert.include(types, Check.name)
    })
  )

  it.effect("never executes more runs of a type in a tenant than its concurrency, whoever claims", () =>
    Effect.gen(function* () {
      yield* emptied
      const sql = yield* SqlClient.SqlClient
      yield* queued(Limited, ["a", "b", "c"], 20)
      const takers = yield* Effect.all(Array.from({ length: 6 }, () => worker(Limited)))
      const rounds = yield* Effect.forEach(takers, (take) => take(5), { concurrency: "unbounded" })
      const more = yield* Effect.forEach(takers, (take) => take(5), { concurrency: "unbounded" })
      const claims = [...rounds.flat(), ...more.flat()]
      const running = yield* sql<{ tenant: string; n: number }>`
        SELECT tenant_id AS tenant, count(*)::int AS n FROM operation_runs WHERE status = 'running' GROUP BY 1 ORDER BY 1`
      assert.deepStrictEqual(
        running.map(({ tenant, n }) => [tenant, n]),
        [
          ["a", 2],
          ["b", 2],
          ["c", 2]
        ]
      )
      assert.strictEqual(new Set(claims.map(({ run }) => run.id)).size, 6)
      const done = claims.find(({ run }) => run.tenantId === "b")
      assert.isDefined(done)
      yield* complete(done)
      assert.deepStrictEqual(tenantsOf(yield* (yield* worker(Limited))(5)), ["b"])
    })
  )

  it.effect("lets the database refuse a place that is taken", () =>
    Effect.gen(function* () {
      yield* emptied
      const sql = yield* SqlClient.SqlClient
      const one = yield* claim(Limited, (yield* start(Limited, "one")).run)
      const two = yield* claim(Limited, (yield* start(Limited, "two")).run)
      const refused = yield* Effect.flip(
        sql`UPDATE operation_runs SET lane_slot = 1 WHERE id IN (${one.run.id}, ${two.run.id})`
      )
      assert.strictEqual(refused.reason._tag, "UniqueViolation")
    })
  )

  it.effect("takes no more than its share when several workers empty one lane, and leaves nothing behind", () =>
    Effect.gen(function* () {
      yield* emptied
      yield* queued(Plain, ["only"], 200)
      const takers = yield* Effect.all(Array.from({ length: 4 }, () => worker(Plain)))
      const claims: Array<Claim> = []
      for (let round = 0; round < 40 && claims.length < 200; round++) {
        claims.push(...(yield* Effect.forEach(takers, (take) => take(8), { concurrency: "unbounded" })).flat())
      }
      assert.strictEqual(new Set(claims.map(({ run }) => run.id)).size, 200)
      assert.isTrue(claims.every(({ fence }) => fence === 1n))
    })
  )

  it.effect("keeps its place in the lane while it is rescued, and gives it up when it is given back", () =>
    Effect.gen(function* () {
      yield* emptied
      const sql = yield* SqlClient.SqlClient
      const request = { tenantId: fabrikam }
      const lapsed = yield* claim(Limited, (yield* start(Limited, "lapsed", request)).run)
      const second = yield* claim(Limited, (yield* start(Limited, "second", request)).run)
      yield* start(Limited, "third", request)
      yield* sql`UPDATE operation_runs SET lease_until = now() - interval '1 second' WHERE id = ${lapsed.run.id}::uuid`
      const take = yield* worker(Limited)
      const [rescued, ...none] = yield* take(5)
      assert.deepStrictEqual([rescued?.run.id, rescued?.run.attempt, none], [lapsed.run.id, 1, []])
      assert.isTrue(yield* RunLedger.use((writes) => writes.giveBack(second)))
      assert.strictEqual((yield* take(5)).length, 1)
    })
  )

  it.effect("claims at the cost of what is taken, however much is queued", () =>
    Effect.gen(function* () {
      yield* emptied
      const sql = yield* SqlClient.SqlClient
      const take = yield* worker(Plain)
      const claims = Effect.map(
        Effect.forEach(Array.from({ length: 20 }), () => Effect.timed(take(4))),
        (all) => {
          for (const [, taken] of all) assert.lengthOf(taken, 4)
          return all.map(([took]) => Duration.toMillis(took)).sort((a, b) => a - b)[10] ?? Number.NaN
        }
      )
      yield* queued(
        Plain,
        Array.from({ length: 80 }, (_, n) => `t-${n}`),
        1
      )
      const fromFew = yield* claims
      yield* emptied
      yield* queued(
        Plain,
        Array.from({ length: 500 }, (_, n) => `t-${n}`),
        40
      )
      yield* sql`ANALYZE operation_runs`
      yield* take(4)
      // The same machine, the same claims: a walk through what is queued would take hundreds of times as long.
      assert.isBelow(yield* claims, 20 * fromFew)
    })
  )
})
