import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { SqlClient } from "effect/sql"
import { Operation, RunFailure, RunHandler, Runs } from "../../src/index.ts"
import { RunGauges } from "../../src/ledger/reads/RunGauges.ts"
import { DatabaseClock, TestOperations } from "../../src/testing/index.ts"

const Measured = Operation.make({
  name: "test.measured",
  label: "Measured",
  description: "Does what its input says.",
  category: "Test",
  input: Schema.Struct({ fails: Schema.Boolean }),
  capabilities: { start: "tenant.work.run", view: "tenant.work.view" },
  identity: { rule: "while_active", key: ({ fails }) => fails },
  retry: { maxAttempts: 2, backoff: "1 minute" }
})
const handler = Measured.toLayer(({ input }) =>
  input.fails
    ? Effect.fail(new RunFailure({ reasonCode: "ext.test.down", message: "It is down.", retryable: true }))
    : Effect.succeed(RunHandler.succeeded)
)

const host = TestOperations.layer(handler).pipe(Layer.provideMerge(TestDatabase.layer))

/** What Prometheus would read of one metric, with its labels, as the sum of what matches. */
const valueOf = (line: string) =>
  Effect.map(PrometheusMetrics.format(), (text) => {
    const found = text.split("\n").find((each) => each.startsWith(`${line} `))
    return found === undefined ? undefined : Number(found.split(" ").at(-1))
  })

const { start, runUntilIdle, tester } = TestOperations

layer(host, { excludeTestServices: true })("The metrics of runs", (it) => {
  it.effect("count starts by what came of them, and ends by outcome and reason", () =>
    Effect.gen(function* () {
      yield* start(Measured, { tenantId: "contoso", input: { fails: false } })
      yield* start(Measured, { tenantId: "contoso", input: { fails: false } })
      yield* start(Measured, { tenantId: "contoso", input: { fails: true } })
      yield* runUntilIdle
      yield* DatabaseClock.advance("2 minutes")
      yield* runUntilIdle
      const cancelled = yield* start(Measured, { tenantId: "contoso", input: { fails: false } })
      yield* Runs.use((runs) => runs.cancel(tester, cancelled.id))

      const type = 'type="test.measured"'
      const expected: Readonly<Record<string, number>> = {
        [`atlas_runs_started_total{${type},disposition="created"}`]: 3,
        [`atlas_runs_started_total{${type},disposition="existing"}`]: 1,
        [`atlas_runs_completed_total{${type},outcome="succeeded",reason="none"}`]: 1,
        [`atlas_runs_completed_total{${type},outcome="failed",reason="ext.test.down"}`]: 1,
        [`atlas_runs_completed_total{${type},outcome="cancelled",reason="operation_cancelled"}`]: 1,
        [`atlas_run_queue_delay_seconds_count{${type}}`]: 3,
        [`atlas_run_attempt_seconds_count{${type},end="finished"}`]: 1,
        [`atlas_run_attempt_seconds_count{${type},end="failed"}`]: 2
      }
      const text = yield* PrometheusMetrics.format()
      for (const [line, value] of Object.entries(expected)) {
        assert.strictEqual(yield* valueOf(line), value, `${line}\n${text}`)
      }
    })
  )

  it.effect("count what was taken over from the dead, and what nobody took", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { id } = yield* start(Measured, { tenantId: "contoso", input: { fails: false } })
      yield* sql`
        UPDATE operation_runs SET status = 'running', fence = 1, worker = 'dead', started_at = now(), attempt = 1,
          lease_until = now() + interval '15 seconds' WHERE id = ${id}::uuid`
      const { id: other } = yield* start(Measured, { tenantId: "fabrikam", input: { fails: false } })
      yield* sql`
        UPDATE operation_runs SET status = 'running', fence = 1, worker = 'dead', started_at = now(),
          lease_until = now() + interval '15 seconds' WHERE id = ${other}::uuid`
      yield* DatabaseClock.advance("20 seconds")
      yield* runUntilIdle
      const type = 'type="test.measured"'
      assert.strictEqual(yield* valueOf(`atlas_runs_rescued_total{${type}}`), 1)
      assert.strictEqual(yield* valueOf(`atlas_runs_completed_total{${type},outcome="failed",reason="worker_lost"}`), 1)
    })
  )

  it.effect("show what waits and for how long, and nought when nothing does", () =>
    Effect.gen(function* () {
      const measure = RunGauges.use((gauges) => gauges.measure)
      const type = 'type="test.measured"'
      yield* start(Measured, { tenantId: "contoso", input: { fails: false } })
      yield* DatabaseClock.advance("90 seconds")
      yield* measure
      assert.strictEqual(yield* valueOf(`atlas_runs_active{${type},status="queued"}`), 1)
      const oldest = (yield* valueOf(`atlas_runs_oldest_due_seconds{${type}}`)) ?? 0
      assert.isTrue(oldest >= 90 && oldest < 180, `${oldest}`)
      yield* runUntilIdle
      yield* measure
      assert.strictEqual(yield* valueOf(`atlas_runs_active{${type},status="queued"}`), 0)
      assert.strictEqual(yield* valueOf(`atlas_runs_oldest_due_seconds{${type}}`), 0)
    })
  )
})
