import { type RunFailure, RunId } from "@atlas/operations"
import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Schedule } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient } from "effect/sql"
import { makeReplicaStore } from "../src/index.ts"
import { createTables, newTenant, shelf, stored } from "./Fixture.ts"

const page = { changes: [{ id: "a", set: { title: "Cox" } }], cursor: null, isLast: true }
const proof = { expected: null, share: 1, confirmed: 0 }

/** A copy of one object, of which two runs begin a round: the second one has taken it from the first. */
const makeRounds = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const store = makeReplicaStore(sql, shelf("apples"))
  const tenant = newTenant()
  const newOwner = () => ({ tenant, run: RunId.make(SecureRandom.uuidV7Unsafe()) })
  const [before, first, second] = [newOwner(), newOwner(), newOwner()]
  yield* store.begin(before, "full")
  yield* store.storePage(before, page)
  yield* store.complete(before, proof, null)
  yield* store.begin(first, "full")
  return { sql, store, tenant, first, second }
})

layer(Layer.provideMerge(Layer.effectDiscard(createTables), TestDatabase.layer), { excludeTestServices: true })(
  "a round that another run has begun anew",
  (it) => {
    it.effect("is neither gone on with nor ended by the run that began it before", () =>
      Effect.gen(function* () {
        const { first, second, store, tenant } = yield* makeRounds
        yield* store.begin(second, "full")
        const late = { ...page, changes: [{ id: "a", set: { title: "Late" } }] }
        assert.strictEqual((yield* Effect.flip(store.storePage(first, late))).reasonCode, "operation_busy")
        assert.strictEqual((yield* Effect.flip(store.complete(first, proof, null))).reasonCode, "operation_busy")
        assert.deepStrictEqual(yield* stored(tenant), { a: "Cox" })
        yield* store.storePage(second, page)
        assert.deepStrictEqual(yield* store.complete(second, proof, null), { _tag: "Applied", removed: 0 })
      })
    )

    for (const step of ["storePage", "complete"] as const) {
      it.effect(`is so from the moment at which both are at work: ${step}`, () =>
        Effect.gen(function* () {
          const { first, second, sql, store, tenant } = yield* makeRounds
          const begun = yield* Deferred.make<void>()
          const waits = sql`SELECT FROM pg_locks WHERE NOT granted`
          const taking = store.begin(second, "full").pipe(
            Effect.andThen(Deferred.succeed(begun, undefined)),
            // Commits once the other one waits for it.
            Effect.andThen(
              Effect.repeat(waits, { until: ({ length }) => length > 0, schedule: Schedule.spaced("10 millis") })
            ),
            sql.withTransaction
          )
          const late: Effect.Effect<unknown, RunFailure> =
            step === "complete" ? store.complete(first, proof, null) : store.storePage(first, { ...page, changes: [] })
          const taken = yield* Effect.forkChild(taking)
          yield* Deferred.await(begun)
          const error = yield* Effect.flip(sql.withTransaction(late))
          assert.strictEqual(error._tag === "RunFailure" && error.reasonCode, "operation_busy")
          yield* Fiber.join(taken)
          assert.deepStrictEqual(yield* stored(tenant), { a: "Cox" })
        })
      )
    }
  }
)
