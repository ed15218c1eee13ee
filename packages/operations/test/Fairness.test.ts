import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { RunHandler, Runs, Worker, WorkerSettings } from "../src/index.ts"
import { ledger, owner, Plain } from "./StartTypes.ts"

const settings = Layer.succeed(WorkerSettings, {
  slots: 8,
  leaseMillis: 15_000,
  pollMillis: 1_800,
  sweepMillis: 10_000
})

/** 100,000 queued runs of one tenant. */
const backlog = SqlClient.SqlClient.use(
  (sql) => sql`
    INSERT INTO operation_runs (id, workspace_id, tenant_id, type, actor, identity_rule, identity_key, identity_digest,
      view_capabilities, input, max_attempts)
    SELECT overlay(overlay(gen_random_uuid()::text placing '7' from 15) placing '8' from 20)::uuid, 'northwind', 'hungry',
      ${Plain.name}, '{"id":"a","kind":"user","name":"A"}', 'while_active', '', sha256('x'), '{tenant.test.view}',
      '{"key":"bulk"}', 3
    FROM generate_series(1, 100000)`
)

layer(ledger, { excludeTestServices: true, timeout: "60 seconds" })("a tenant with a long queue", (it) => {
  it.effect(
    "does not keep the other 999 waiting: their p99 queue delay stays under a second",
    () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const sql = yield* SqlClient.SqlClient
        yield* backlog
        yield* Worker.layer(RunHandler.make(Plain, () => Effect.succeed(RunHandler.succeeded))).pipe(
          Layer.provide(settings),
          Layer.build
        )
        yield* Effect.forEach(
          Array.from({ length: 999 }, (_, n) => `tenant-${n}`),
          (tenantId) =>
            Effect.andThen(
              runs.start(owner, { tenantId, type: Plain.name, input: { key: "one" } }),
              Effect.sleep("3 millis")
            ),
          { discard: true }
        )
        const delays = sql<{ n: number; p99: number }>`
          SELECT count(*)::int AS n, (percentile_cont(0.99) WITHIN GROUP (
            ORDER BY extract(epoch FROM started_at - queued_at) * 1000))::int AS p99
          FROM operation_runs WHERE tenant_id <> 'hungry' AND started_at IS NOT NULL`
        const [measured] = yield* delays.pipe(
          Effect.delay("200 millis"),
          Effect.repeat({ until: ([row]) => row?.n === 999 }),
          Effect.timeout("20 seconds")
        )
        const [left] = yield* sql<{ n: number }>`
          SELECT count(*)::int AS n FROM operation_runs WHERE tenant_id = 'hungry' AND status = 'queued'`
        assert.isAbove(left?.n ?? 0, 0, "the long queue was there all the time")
        assert.isBelow(measured?.p99 ?? Infinity, 1_000)
        yield* Effect.log(`p99 of the queue delay of 999 tenants beside a queue of 100,000: ${measured?.p99} ms`)
      }).pipe(Effect.scoped),
    60_000
  )
})
