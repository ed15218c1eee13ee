import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, PubSub, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { Runs } from "../../src/index.ts"
import { RunSignals } from "../../src/ledger/RunSignals.ts"
import { contoso, operator } from "../Fixture.ts"
import { Check, ledgerOfKinds, otherHost } from "../Kinds.ts"
import * as StartTypes from "./StartTypes.ts"

const start = (key: string) => Runs.use((runs) => runs.start(operator, Check, { tenantId: contoso, input: { key } }))

const keysOf = (name: string, count = 20) => Array.from({ length: count }, (_, n) => `${name} ${n}`)

const all = (keys: ReadonlyArray<string>) => Effect.forEach(keys, start, { concurrency: "unbounded" })

interface Recorded {
  readonly key: string
  /** The transaction that has recorded it. */
  readonly by: string
}

/** The runs of keys that begin so, as they lie in the table. */
const recorded = (name: string) =>
  SqlClient.SqlClient.use(
    (sql) => sql<Recorded>`
      SELECT input ->> 'key' AS key, xmin::text AS by FROM operation_runs
      WHERE type = ${Check.name} AND starts_with(input ->> 'key', ${name}) ORDER BY ctid`
  )

/** Lets the database refuse runs whose key ends with "poison", and take its time for those whose key ends with "slow". */
const hostile = SqlClient.SqlClient.use((sql) =>
  Effect.andThen(
    sql`
      CREATE OR REPLACE FUNCTION hostile() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.input ->> 'key' LIKE '%poison' THEN RAISE EXCEPTION 'poison'; END IF;
        IF NEW.input ->> 'key' LIKE '%slow' THEN PERFORM pg_sleep(1); END IF;
        RETURN NEW;
      END $$`,
    sql`CREATE OR REPLACE TRIGGER hostile BEFORE INSERT ON operation_runs FOR EACH ROW EXECUTE FUNCTION hostile()`
  )
)

/** Waits until so many statements with a slow start in them are on their way. */
const slowOnTheirWay = (count: number) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ n: number }>`
      SELECT count(*)::int AS n FROM pg_stat_activity
      WHERE wait_event = 'PgSleep' AND datname = current_database()`
  ).pipe(
    Effect.repeat({ until: ([row]) => row?.n === count, schedule: Schedule.spaced("5 millis") }),
    Effect.timeout("30 seconds")
  )

layer(ledgerOfKinds, { excludeTestServices: true, timeout: "60 seconds" })("starts of the same moment", (it) => {
  it.effect("share statements, which record them in the order of their identities", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const results = yield* all(keysOf("shared", 200))
      assert.isTrue(results.every(({ disposition }) => disposition === "created"))
      const rows = yield* recorded("shared")
      assert.strictEqual(rows.length, 200)
      assert.isAtMost(new Set(rows.map(({ by }) => by)).size, 20)
      const unordered = yield* sql`
        SELECT FROM (SELECT active_digest, lag(active_digest) OVER (PARTITION BY xmin::text ORDER BY ctid) AS before
          FROM operation_runs WHERE starts_with(input ->> 'key', 'shared')) r
        WHERE before > active_digest`
      assert.strictEqual(unordered.length, 0)
    })
  )

  it.effect("get one run if they are equal, and theirs alone if they are not", () =>
    Effect.gen(function* () {
      const keys = keysOf("mixed", 10)
      const results = yield* all([...keys, ...keys, ...keys])
      const created = results.filter(({ disposition }) => disposition === "created")
      assert.deepStrictEqual(
        created.map(({ run }) => run.id).sort(),
        [...new Set(results.map(({ run }) => run.id))].sort()
      )
      assert.strictEqual(created.length, 10)
      for (const [place, { run }] of results.entries()) {
        assert.deepStrictEqual("input" in run && run.input, { key: keys[place % 10]! })
      }
    })
  )

  it.effect("fail each by itself: one that the database refuses spoils no other", () =>
    Effect.gen(function* () {
      yield* hostile
      const keys = [...keysOf("beside"), "beside a poison", ...keysOf("beside too")]
      const exits = yield* Effect.forEach(keys, (key) => Effect.exit(start(key)), { concurrency: "unbounded" })
      assert.deepStrictEqual(
        keys.filter((_, place) => Exit.isFailure(exits[place]!)),
        ["beside a poison"]
      )
      assert.sameMembers(
        (yield* recorded("beside")).map(({ key }) => key),
        keys.filter((key) => !key.endsWith("poison"))
      )
    })
  )

  it.effect("go on when one caller is interrupted: what was sent is recorded, what waited is withdrawn", () =>
    Effect.gen(function* () {
      yield* hostile
      const subscription = yield* RunSignals.use((signals) => signals.subscribe)
      // What goes first goes alone; the statements of the next two moments are as many as are on their way at once.
      const first = yield* Effect.forkChild(start("first slow"))
      yield* slowOnTheirWay(1)
      const sent = yield* Effect.forEach(["sent a slow", "sent b", "sent c"], (key) => Effect.forkChild(start(key)))
      yield* slowOnTheirWay(2)
      const alsoSent = yield* Effect.forkChild(start("sent too slow"))
      yield* slowOnTheirWay(3)
      const waiting = yield* Effect.forEach(["waiting a", "waiting b"], (key) => Effect.forkChild(start(key)))
      yield* Effect.sleep("50 millis")
      for (const fiber of [sent[1]!, alsoSent, waiting[0]!]) yield* Fiber.interrupt(fiber)
      for (const fiber of [first, sent[0]!, sent[2]!, waiting[1]!]) yield* Fiber.join(fiber)
      // Four statements, each of which wakes workers: the third one has no caller left.
      for (let statement = 0; statement < 4; statement++) {
        assert.strictEqual((yield* Effect.timeout(PubSub.take(subscription), "30 seconds"))._tag, "Queued")
      }
      assert.sameMembers(
        (yield* recorded("sent")).map(({ key }) => key),
        ["sent a slow", "sent b", "sent c", "sent too slow"]
      )
      assert.deepStrictEqual(
        (yield* recorded("waiting")).map(({ key }) => key),
        ["waiting b"]
      )
      // The interrupted caller asks again.
      assert.strictEqual((yield* start("sent b")).disposition, "existing")
      assert.strictEqual((yield* start("waiting a")).disposition, "created")
    }).pipe(Effect.scoped)
  )

  it.effect("wait for no transaction that only one of them has to wait for", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const held = yield* Deferred.make<void>()
      const end = yield* Deferred.make<void>()
      const transaction = yield* Effect.forkChild(
        sql.withTransaction(
          Effect.gen(function* () {
            const { run } = yield* start("held")
            yield* Deferred.succeed(held, undefined)
            yield* Deferred.await(end)
            return run.id
          })
        )
      )
      yield* Deferred.await(held)
      const equal = yield* Effect.forEach(keysOf("equal", 3), () => Effect.forkChild(start("held")))
      // Neither those of the same moment, nor those that come later.
      yield* Effect.timeout(all(keysOf("unheld")), "20 seconds")
      yield* Effect.timeout(all(keysOf("later")), "20 seconds")
      yield* Deferred.succeed(end, undefined)
      const id = yield* Fiber.join(transaction)
      for (const fiber of equal) {
        const { disposition, run } = yield* Fiber.join(fiber)
        assert.deepStrictEqual([disposition, run.id], ["existing", id])
      }
    })
  )

  it.effect("leave alone those in a caller's transaction, which are recorded with it or not at all", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const begun = yield* Deferred.make<void>()
      const inside = sql.withTransaction(
        Effect.gen(function* () {
          // In the same moment as those of other callers.
          yield* Deferred.succeed(begun, undefined)
          yield* all(keysOf("inside", 5))
          const [own] = yield* sql<{ by: string }>`SELECT pg_current_xact_id()::xid::text AS by`
          const rows = yield* recorded("inside")
          assert.deepStrictEqual([rows.length, new Set(rows.map(({ by }) => by))], [5, new Set([own!.by])])
          return yield* Effect.fail("rolled back")
        })
      )
      const outside = yield* Effect.forEach(keysOf("outside"), (key) =>
        Effect.forkChild(Effect.andThen(Deferred.await(begun), start(key)))
      )
      const failure = yield* Effect.flip(inside)
      yield* Effect.forEach(outside, (fiber) => Fiber.join(fiber))
      assert.strictEqual(failure, "rolled back")
      assert.strictEqual((yield* recorded("inside")).length, 0)
      assert.strictEqual((yield* recorded("outside")).length, 20)
    })
  )

  it.effect("of two processes in opposite orders do not lock each other out", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const hosts = yield* Effect.all([otherHost, otherHost])
      for (let round = 0; round < 5; round++) {
        const keys = keysOf(`opposite ${round}`, 100)
        const orders = [keys, keys.toReversed()]
        const results = yield* Effect.forEach(hosts, (host, n) => Effect.provideContext(all(orders[n]!), host), {
          concurrency: "unbounded"
        })
        const created = results.flat().filter(({ disposition }) => disposition === "created")
        assert.strictEqual(created.length, 100)
        assert.strictEqual((yield* recorded(`opposite ${round}`)).length, 100)
      }
      const [row] = yield* sql<{ deadlocks: number }>`
        SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()`
      assert.strictEqual(row?.deadlocks, 0)
    }).pipe(Effect.scoped)
  )
})

layer(StartTypes.ledger, { excludeTestServices: true })("exclusive starts of the same moment", (it) => {
  it.effect("share no statement, so that none holds the scope of one while it waits for that of another", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const starts = ["contoso", "fabrikam", "adatum"].map((tenantId) =>
        StartTypes.start(StartTypes.Wipe, "exclusive", { tenantId })
      )
      yield* Effect.all(starts, { concurrency: "unbounded" })
      const rows = yield* sql`SELECT DISTINCT xmin::text FROM operation_runs WHERE type = ${StartTypes.Wipe.name}`
      assert.strictEqual(rows.length, 3)
    })
  )
})
