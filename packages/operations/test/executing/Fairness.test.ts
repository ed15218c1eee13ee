import { thorough } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { RunHandler, Runs, Worker, WorkerSettings } from "../../src/index.ts"
import { ledger, owner, Plain } from "../starting/StartTypes.ts"

const slots = 8
const settings = Layer.succeed(WorkerSettings, {
  slots,
  leaseMillis: 15_000,
  pollMillis: 1_800,
  sweepMillis: 10_000
})

const length = thorough({ usually: 20_000, thoroughly: 100_000 })
const others = thorough({ usually: 199, thoroughly: 999 })

/** Many queued runs of one tenant. */
const backlog = SqlClient.SqlClient.use(
  (sql) => sql`
    INSERT INTO operation_runs (id, workspace_id, tenant_id, type, actor, identity_rule, identity_key, identity_digest,
      view_capabilities, input, max_attempts)
    SELECT overlay(overlay(gen_random_uuid()::text placing '7' from 15) placing '8' from 20)::uuid, 'northwind', 'hungry',
      ${Plain.name}, '{"id":"a","kind":"user","name":"A"}', 'while_active', '', sha256('x'), '{tenant.test.view}',
      '{"key":"bulk"}', 3
    FROM generate_series(1, ${length})`
)

layer(ledger, { excludeTestServices: true, timeout: "60 seconds" })("a tenant with a long queue", (it) => {
  it.effect(
    `does not keep the ${others} others waiting: each sees no more of it go first than one claim takes`,
    () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const sql = yield* SqlClient.SqlClient
        yield* backlog
        yield* Worker.layer(Plain.toLayer(() => Effect.succeed(RunHandler.succeeded))).pipe(
          Layer.provide(settings),
          Layer.build
        )
        yield* Effect.forEach(
          Array.from({ length: others }, (_, n) => `tenant-${n}`),
          (tenantId) =>
            Effect.andThen(runs.start(owner, Plain, { tenantId, input: { key: "one" } }), Effect.sleep("3 millis")),
          { discard: true }
        )
        yield* sql<{ n: number }>`
          SELECT count(*)::int AS n FROM operation_runs WHERE tenant_id <> 'hungry' AND started_at IS NOT NULL`.pipe(
          Effect.delay("200 millis"),
          Effect.repeat({ until: ([row]) => row?.n === others }),
          Effect.timeout("90 seconds")
        )
        // How many of the long queue were started while one of the others waited, and for how long that was.
        const [measured] = yield* sql<{ before: number; millis: number }>`
          WITH first AS MATERIALIZED (
            SELECT started_at FROM operation_runs WHERE tenant_id = 'hungry' AND started_at IS NOT NULL
          )
          SELECT percentile_disc(0.99) WITHIN GROUP (ORDER BY before)::int AS before,
            percentile_disc(0.99) WITHIN GROUP (ORDER BY millis)::int AS millis
          FROM (
            SELECT (SELECT count(*) FROM first f WHERE f.started_at > r.queued_at AND f.started_at < r.started_at) AS before,
              extract(epoch FROM r.started_at - r.queued_at) * 1000 AS millis
            FROM operation_runs r WHERE r.tenant_id <> 'hungry'
          ) waited`
        const [left] = yield* sql<{ n: number }>`
          SELECT count(*)::int AS n FROM operation_runs WHERE tenant_id = 'hungry' AND status = 'queued'`
        assert.isAbove(left?.n ?? 0, 0, "the long queue was there all the time")
        console.log(
          `p99 of ${others} tenants beside a queue of ${length}: after ${measured?.before} of it, ${measured?.millis} ms`
        )
        // A claim under way may have taken one for each slot, and the next one serves both.
        assert.isAtMost(measured?.before ?? Infinity, 2 * slots)
      }).pipe(Effect.scoped),
    60_000
  )
})
