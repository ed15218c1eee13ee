import { fenceOf } from "@atlas/operations/testing"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  attempts,
  begun,
  cancel,
  completed,
  fixture,
  pages,
  shortLease,
  start,
  startWorker,
  timeline,
  until
} from "./Fixture.ts"
import type { Step } from "./Probe.ts"
import { applicationName } from "./WorkerOptions.ts"

const workersConnections = (sql: SqlClient.SqlClient) => sql`
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = ${applicationName}`

layer(fixture, { excludeTestServices: true, timeout: "60 seconds" })("a worker whose connections are cut", (it) => {
  const cuts: ReadonlyArray<{ readonly at: Step; readonly when: string }> = [
    { at: "handling", when: "in the handler" },
    { at: "writing", when: "in a transaction" },
    { at: "fenced", when: "in a transaction, after the fenced update" },
    { at: "completing", when: "right before completion" }
  ]
  for (const { at, when } of cuts) {
    it.effect(`${when} completes its run, once`, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const worker = yield* startWorker({ at, fault: "wait" })
        const id = yield* start()
        yield* worker.struck
        yield* workersConnections(sql)
        yield* worker.goOn
        const done = yield* completed(id)
        assert.strictEqual(done.outcome, "succeeded", JSON.stringify(done.failureSummary))
        assert.strictEqual((yield* timeline(id)).filter((kind) => kind === "completed").length, 1)
        assert.strictEqual((yield* attempts(id)).length, done.attempt + 1)
        assert.isAtMost(done.attempt, 1)
        const fence = yield* fenceOf(id)
        assert.deepStrictEqual(yield* pages(id), [fence, fence])
      }).pipe(Effect.scoped)
    )
  }

  it.effect("because its transaction stood still completes its run, once", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      // Such a transaction is ended after four fifths of the lease.
      const worker = yield* startWorker({ at: "writing", fault: "wait", settings: shortLease })
      const id = yield* start()
      yield* worker.struck
      yield* until(sql`SELECT WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE state = 'idle in transaction'
        AND application_name = ${applicationName} AND datname = current_database())`)
      yield* worker.goOn
      const done = yield* completed(id)
      assert.deepStrictEqual([done.outcome, done.attempt], ["succeeded", 1], JSON.stringify(done.failureSummary))
      assert.deepStrictEqual(yield* timeline(id), ["created", "started", "attempt_failed", "started", "completed"])
      const fence = yield* fenceOf(id)
      assert.deepStrictEqual(yield* pages(id), [fence, fence])
    }).pipe(Effect.scoped)
  )

  it.effect("while a statement of a handler runs completes its run, once", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* startWorker()
      const id = yield* start({ statements: 20 })
      yield* until(sql`SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND state = 'active'
        AND application_name = ${applicationName} AND datname = current_database()`)
      yield* workersConnections(sql)
      const done = yield* completed(id)
      assert.deepStrictEqual([done.outcome, done.attempt], ["succeeded", 1], JSON.stringify(done.failureSummary))
      assert.deepStrictEqual(yield* timeline(id), ["created", "started", "attempt_failed", "started", "completed"])
    }).pipe(Effect.scoped)
  )

  it.effect("hears of cancellations again", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* startWorker()
      yield* workersConnections(sql)
      const id = yield* start({ gate: "never" })
      yield* begun(id)
      yield* until(sql`SELECT FROM pg_stat_activity WHERE query LIKE 'LISTEN%'
        AND application_name = ${applicationName} AND datname = current_database()`)
      yield* cancel(id)
      assert.strictEqual((yield* completed(id)).outcome, "cancelled")
    }).pipe(Effect.scoped)
  )
})

layer(fixture, { excludeTestServices: true, timeout: "60 seconds" })("a worker with few connections", (it) => {
  it.effect("loses no run because its heartbeats wait for one", () =>
    Effect.gen(function* () {
      // One of the two listens for signals.
      yield* startWorker({ maxConnections: 2, settings: shortLease })
      // One after the other, all of them take twice as long as the lease.
      const statements = (2 * shortLease.leaseMillis) / 50 / shortLease.slots
      const ids = yield* Effect.all(Array.from({ length: shortLease.slots }, () => start({ statements })))
      for (const id of ids) {
        const done = yield* completed(id)
        assert.deepStrictEqual([done.outcome, done.attempt], ["succeeded", 0])
      }
    }).pipe(Effect.scoped)
  )
})
