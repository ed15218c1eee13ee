import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { type Run, RunLedger, RunQueries, RunQueue, Runs, type RunStatus } from "../src/index.ts"
import { transitions } from "../src/Run.ts"
import { contoso, ledger, operator, Work } from "./Fixture.ts"

const claimant = { worker: "w", types: [Work], leaseMillis: 60_000 }
const completion = { outcome: "succeeded", reasonCode: null, counts: {}, failures: [] } as const
const failure = { reasonCode: "provider_unavailable", message: "Down.", count: 1 } as const

/** A worker's writes, in the order in which chance has them. `stale` uses the fence of an earlier claim. */
const Step = Schema.Struct({
  write: Schema.Literals(["claim", "heartbeat", "progress", "complete", "retryLater", "giveBack"]),
  stale: Schema.Boolean
})

const apply = Effect.fnUntraced(function* (run: Run, step: typeof Step.Type) {
  const writes = yield* RunLedger
  const key = { id: run.id, fence: step.stale ? run.fence - 1n : run.fence }
  switch (step.write) {
    case "claim":
      return (yield* (yield* RunQueue).claimOne(claimant, run)).length === 1
    case "heartbeat":
      return (yield* writes.heartbeat(key, 60_000)) === "held"
    case "progress":
      return (yield* writes.progress(key, 60_000, { processed: 1 }, true)) === "held"
    case "complete":
      return yield* writes.complete(key, completion)
    case "retryLater":
      return yield* writes.retryLater(key, { failure, counts: {}, delayMillis: 0 })
    case "giveBack":
      return yield* writes.giveBack(key)
  }
})

/** What the rules allow: a claim of a queued run, or any other write of a running one with its own fence. */
const isAllowed = (status: RunStatus, { write, stale }: typeof Step.Type) =>
  write === "claim" ? status === "queued" : status === "running" && !stale

layer(ledger, { excludeTestServices: true })("RunLedger", (it) => {
  let number = 0

  it.effect.prop(
    "makes exactly the allowed transitions, whatever a worker tries, and keeps the timeline without gaps",
    [Schema.Array(Step).check(Schema.isMaxLength(12))],
    ([steps]) =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const queries = yield* RunQueries
        const request = { tenantId: contoso, type: Work.name, input: { key: `model-${number++}` } }
        let { run } = yield* runs.start(operator, request)
        for (const step of steps) {
          const allowed = isAllowed(run.status, step)
          assert.strictEqual(yield* apply(run, step), allowed, `${step.write} of a ${run.status} run`)
          const after = yield* runs.get(operator, run.id)
          if (!allowed) assert.deepStrictEqual({ ...after }, { ...run })
          const moved = transitions.some(([from, to]) => from === run.status && to === after.status)
          assert.isTrue(after.status === run.status || moved, `${run.status} → ${after.status}`)
          assert.isTrue(after.fence >= run.fence && after.version >= run.version)
          run = after
        }
        const events = yield* queries.events(run, { after: 0, limit: 200 })
        assert.deepStrictEqual(
          events.map(({ seq }) => seq),
          Array.from({ length: run.lastEvent }, (_, index) => index + 1)
        )
      })
  )

  it.effect("refuses in the database what no statement of ours would write", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { run } = yield* Runs.use((runs) =>
        runs.start(operator, { tenantId: contoso, type: Work.name, input: { key: "constraints" } })
      )
      const attempts = [
        "status = 'completed'",
        "status = 'running'",
        "outcome = 'failed'",
        "status = 'odd'",
        "attempt = -1"
      ]
      for (const attempt of attempts) {
        const refused = yield* Effect.flip(
          sql`UPDATE operation_runs SET ${sql.literal(attempt)} WHERE id = ${run.id}::uuid`
        )
        assert.strictEqual(refused.reason._tag, "ConstraintError", attempt)
      }
    })
  )

  it.effect("reads and claims on an index, however many runs there are", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`
        INSERT INTO operation_runs (id, workspace_id, tenant_id, type, actor, identity_rule, identity_key, identity_digest,
          input, max_attempts, status, outcome, completed_at)
        SELECT gen_random_uuid(), 'w' || n % 20, 't' || n % 200, 'test.work', '{}', 'while_active', '',
          sha256(n::text::bytea), '{}', 3, 'completed', 'succeeded', now()
        FROM generate_series(1, 50000) n`
      yield* sql`ANALYZE operation_runs`
      const plans = {
        operation_runs_workspace: sql`EXPLAIN SELECT * FROM operation_runs r WHERE r.workspace_id = 'w1'
          AND r.type = ANY(ARRAY['test.work']) ORDER BY r.id DESC LIMIT 50`,
        operation_runs_tenant: sql`EXPLAIN SELECT * FROM operation_runs r WHERE r.workspace_id = 'w1'
          AND r.tenant_id = 't1' AND r.type = ANY(ARRAY['test.work']) ORDER BY r.id DESC LIMIT 50`,
        operation_runs_queue: sql`EXPLAIN SELECT lane FROM operation_runs WHERE status = 'queued' AND priority = 0
          AND type = 'test.work' AND lane > '' ORDER BY lane LIMIT 1`,
        operation_runs_running: sql`EXPLAIN SELECT id FROM operation_runs WHERE status = 'running' AND lease_until < now()
          ORDER BY lease_until LIMIT 8 FOR UPDATE SKIP LOCKED`
      }
      for (const [index, plan] of Object.entries(plans)) {
        const lines = JSON.stringify(yield* plan)
        assert.include(lines, index)
        assert.notInclude(lines, "Seq Scan")
      }
    })
  )
})
