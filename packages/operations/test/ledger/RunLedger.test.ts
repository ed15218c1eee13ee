import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Runs } from "../../src/index.ts"
import { conditionsOf } from "../../src/ledger/reads/RunFilter.ts"
import { contoso, ledger, operator, Work } from "../Fixture.ts"

layer(ledger, { excludeTestServices: true })("RunLedger", (it) => {
  it.effect("refuses in the database what no statement of ours would write", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { run } = yield* Runs.use((runs) =>
        runs.start(operator, Work, { tenantId: contoso, input: { key: "constraints" } })
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
          view_capabilities, input, max_attempts, status, outcome, completed_at, reason_code)
        SELECT gen_random_uuid(), 'w' || n % 20, 't' || n % 200, 'test.work', '{}', 'while_active', '',
          sha256(n::text::bytea), '{tenant.work.view}', '{}', 3, 'completed', 'succeeded', now(),
        CASE WHEN n % 500 = 0 THEN 'permission_denied' WHEN n % 10 = 0 THEN 'provider_throttled' END
        FROM generate_series(1, 50000) n`
      // With none of them active, the indexes of active runs would be equally small, and the choice between them chance.
      yield* sql`
        INSERT INTO operation_runs (id, workspace_id, tenant_id, type, actor, identity_rule, identity_key, identity_digest,
          view_capabilities, input, max_attempts, status, lease_until)
        SELECT gen_random_uuid(), 'w' || n % 20, 't' || n % 200, 'test.work', '{}', 'while_active', '',
          sha256(n::text::bytea), '{tenant.work.view}', '{}', 3, CASE WHEN n % 100 = 0 THEN 'running' ELSE 'queued' END,
          CASE WHEN n % 100 = 0 THEN now() + interval '1 hour' END
        FROM generate_series(1, 10000) n`
      yield* sql`ANALYZE operation_runs`
      const [reason = sql``] = conditionsOf(sql, { reasonCode: "provider_permission_denied" })
      const plans = {
        operation_runs_reason: sql`EXPLAIN SELECT * FROM operation_runs r WHERE r.workspace_id = 'w1'
          AND r.view_capabilities <@ ARRAY['tenant.work.view'] AND ${reason} ORDER BY r.id DESC LIMIT 50`,
        operation_runs_workspace: sql`EXPLAIN SELECT * FROM operation_runs r WHERE r.workspace_id = 'w1'
          AND r.view_capabilities <@ ARRAY['tenant.work.view'] ORDER BY r.id DESC LIMIT 50`,
        operation_runs_tenant: sql`EXPLAIN SELECT * FROM operation_runs r WHERE r.workspace_id = 'w1'
          AND r.tenant_id = 't1' AND r.view_capabilities <@ ARRAY['tenant.work.view'] ORDER BY r.id DESC LIMIT 50`,
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
