import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import type { Claim } from "../../src/ledger/RunQueue.ts"
import { claim, complete, get, kinds, ledger, Plain, start } from "../starting/StartTypes.ts"

const claims = (name: string, count: number) =>
  Effect.forEach(
    Array.from({ length: count }, (_, n) => `${name} ${n}`),
    (key) => Effect.flatMap(start(Plain, key), ({ run }) => claim(Plain, run))
  )

/** The transactions by which these runs were changed last. */
const changedBy = (all: ReadonlyArray<Claim>) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ by: string }>`
      SELECT DISTINCT xmin::text AS by FROM operation_runs WHERE id = ANY(${all.map(({ run }) => run.id)}::uuid[])`
  )

const statusOf = ({ run }: Claim) => Effect.map(get(run), ({ status }) => status)

layer(ledger, { excludeTestServices: true, timeout: "60 seconds" })("runs that end in the same moment", (it) => {
  it.effect("share a statement, and each has its event", () =>
    Effect.gen(function* () {
      const all = yield* claims("shared", 20)
      const accepted = yield* Effect.forEach(all, complete, { concurrency: "unbounded" })
      assert.isTrue(accepted.every(Boolean))
      assert.lengthOf(yield* changedBy(all), 1)
      for (const { run } of all) assert.deepStrictEqual(yield* kinds(run), ["created", "started", "completed"])
    })
  )

  it.effect("gather while others are on their way", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`
        CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END $$`
      const all = yield* claims("gathered", 12)
      yield* sql`CREATE TRIGGER dawdle AFTER UPDATE ON operation_runs FOR EACH STATEMENT EXECUTE FUNCTION dawdle()`
      // Each a little later than the one before, and all before the first statement is done.
      yield* Effect.forEach(all, (each, place) => Effect.delay(complete(each), place * 10), {
        concurrency: "unbounded"
      })
      assert.isAtMost((yield* changedBy(all)).length, 3)
      yield* sql`DROP TRIGGER dawdle ON operation_runs`
    })
  )

  it.effect("wait for no transaction that only one of them has to wait for", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [held, ...others] = yield* claims("held", 4)
      const [locked, end] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const transaction = yield* Effect.forkChild(
        sql.withTransaction(
          Effect.gen(function* () {
            yield* sql`SELECT FROM operation_runs WHERE id = ${held!.run.id}::uuid FOR UPDATE`
            yield* Deferred.succeed(locked, undefined)
            yield* Deferred.await(end)
          })
        )
      )
      yield* Deferred.await(locked)
      const first = yield* Effect.forkChild(complete(held!))
      yield* Effect.timeout(Effect.forEach(others, complete, { concurrency: "unbounded" }), "20 seconds")
      assert.strictEqual(yield* statusOf(held!), "running")
      yield* Deferred.succeed(end, undefined)
      yield* Fiber.join(transaction)
      assert.isTrue(yield* Fiber.join(first))
      for (const each of [held!, ...others]) assert.strictEqual(yield* statusOf(each), "completed")
    })
  )

  it.effect("fail each by itself: one that the database refuses spoils no other", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const all = yield* claims("refused", 5)
      yield* sql`
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF NEW.input ->> 'key' = 'refused 2' THEN RAISE EXCEPTION 'refused'; END IF;
          RETURN NEW;
        END $$`
      yield* sql`CREATE TRIGGER refuse BEFORE UPDATE ON operation_runs FOR EACH ROW EXECUTE FUNCTION refuse()`
      const exits = yield* Effect.forEach(all, (each) => Effect.exit(complete(each)), { concurrency: "unbounded" })
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, true, false, true, true])
      const statuses = yield* Effect.forEach(all, statusOf)
      assert.deepStrictEqual(statuses, ["completed", "completed", "running", "completed", "completed"])
      yield* sql`DROP TRIGGER refuse ON operation_runs`
    })
  )
})
