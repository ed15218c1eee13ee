import { TestDatabase as Prepared } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Operation, RunFailure, RunHandler, Runs } from "../../src/index.ts"
import {
  assertHoldsNone,
  assertRun,
  assertTimeline,
  DatabaseClock,
  findRun,
  TestDatabase,
  TestOperations
} from "../../src/testing/index.ts"

const Import = Operation.make({
  name: "mail.import",
  label: "Import mail",
  description: "Imports mail.",
  category: "Mail",
  input: Schema.Struct({ boxes: Schema.Array(Schema.String), failing: Schema.optionalKey(Schema.Int) }),
  capabilities: { start: "tenant.mail.import", view: "tenant.mail.view" },
  identity: { rule: "while_active", key: ({ boxes }) => boxes },
  retry: { maxAttempts: 3, backoff: "1 hour", maxBackoff: "1 hour" },
  retention: { days: 30 }
})

let failures = 0
const handler = Import.toLayer(({ input, progress, scope }) =>
  Effect.gen(function* () {
    yield* progress({ total: input.boxes.length, processed: input.boxes.length })
    if (failures < (input.failing ?? 0)) {
      failures += 1
      return yield* new RunFailure({ reasonCode: "ext.mail.down", message: "It is down.", retryable: true })
    }
    if (input.boxes[0] === "two")
      yield* Effect.orDie(TestOperations.start(Import, { tenantId: scope.tenantId, input: { boxes: ["three"] } }))
    return RunHandler.succeeded
  })
)

const host = TestOperations.layer(handler)

layer(host.pipe(Layer.provideMerge(Prepared.layer)), { excludeTestServices: true })("A test's worker", (it) => {
  it.effect("executes what is due, and what that starts, and says how much it was", () =>
    Effect.gen(function* () {
      const run = yield* TestOperations.start(Import, { tenantId: "contoso", input: { boxes: ["two"] } })
      assert.strictEqual(yield* TestOperations.runUntilIdle, 2)
      assert.strictEqual(yield* TestOperations.runUntilIdle, 0)
      yield* assertRun(run.id, { outcome: "succeeded", summaryCounts: { total: 1, processed: 1 } })
      yield* assertTimeline(run.id, ["created", "started", "completed"])
    })
  )

  it.effect("leaves what is due later until time has passed in the database, and removes what is old by then", () =>
    Effect.gen(function* () {
      failures = 0
      const { id } = yield* TestOperations.start(Import, {
        tenantId: "contoso",
        input: { boxes: ["late"], failing: 2 }
      })
      assert.strictEqual(yield* TestOperations.runUntilIdle, 1)
      yield* assertRun(id, { status: "queued", attempt: 1, reasonCode: "ext.mail.down" })
      for (const attempts of [1, 1, 0]) {
        yield* DatabaseClock.advance("1 hour")
        assert.strictEqual(yield* TestOperations.runUntilIdle, attempts)
      }
      const { completedAt, queuedAt } = yield* assertRun(id, { outcome: "succeeded", attempt: 2 })
      assert.isAbove(completedAt!.epochMilliseconds - queuedAt.epochMilliseconds, 7_000_000)
      yield* DatabaseClock.advance("31 days")
      yield* TestOperations.runUntilIdle
      const gone = yield* Effect.exit(findRun(id))
      assert.isTrue(Exit.isFailure(gone))
    })
  )

  it.effect("takes over from one that died, once its lease has lapsed", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { id } = yield* TestOperations.start(Import, { tenantId: "contoso", input: { boxes: ["lost"] } })
      yield* sql`
        UPDATE operation_runs SET status = 'running', fence = 1, worker = 'dead', started_at = now(),
          lease_until = now() + interval '15 seconds' WHERE id = ${id}::uuid`
      assert.strictEqual(yield* TestOperations.runUntilIdle, 0)
      yield* DatabaseClock.advance("16 seconds")
      assert.strictEqual(yield* TestOperations.runUntilIdle, 1)
      yield* assertTimeline(id, ["created", "rescued", "completed"])
    })
  )

  it.effect("is told apart from a run that is not as expected, with all that is known of it", () =>
    Effect.gen(function* () {
      failures = 0
      const { id } = yield* TestOperations.start(Import, {
        tenantId: "contoso",
        input: { boxes: ["wrong"], failing: 1 }
      })
      yield* TestOperations.runUntilIdle
      const refused = <A, E, R>(assertion: Effect.Effect<A, E, R>) =>
        Effect.map(Effect.exit(assertion), (exit) =>
          Exit.isFailure(exit) ? Cause.pretty(exit.cause) : assert.fail("It was accepted")
        )
      assert.match(yield* refused(assertRun(id, { outcome: "succeeded" })), /attempt_failed[\s\S]*It is down\./)
      assert.match(yield* refused(assertTimeline(id, ["created"])), /timeline of the run/)
      yield* assertHoldsNone(id, ["hunter2"])
      const leaked = yield* refused(assertHoldsNone(id, ["hunter2", "It is down"]))
      assert.match(leaked, /number 2 of those given/)
      yield* Runs.use((runs) => runs.cancel(TestOperations.tester, id))
      yield* assertRun(id, { outcome: "cancelled" })
    })
  )
})

layer(host.pipe(Layer.provideMerge(TestDatabase.layer())), { excludeTestServices: true, timeout: "60 seconds" })(
  "A test database that nobody prepared",
  (it) => {
    it.effect("has a Postgres of its own, and Atlas' tables", () =>
      Effect.gen(function* () {
        const { id } = yield* TestOperations.start(Import, { tenantId: "contoso", input: { boxes: ["one"] } })
        yield* TestOperations.runUntilIdle
        yield* assertRun(id, { outcome: "succeeded" })
      })
    )
  }
)
