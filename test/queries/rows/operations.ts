import { legacyKinds } from "@atlas/legacy"
import { actor, at, hash, idOf, oneOf, runs, scope, tenants } from "./spread.ts"

const types = ["test.plain", "test.kept", "test.kept_days", "test.kept_count"].concat(
  ["directory_groups.sync", "inventory.sync", "backup_schedule.run_now", "backup_schedule.scheduled"],
  ["restore.execute", "drift.compare"]
)
const active = `n / ${tenants} % 60 = 7`
const running = `(${active} AND n % 7 = 0)`
const failed = "n % 11 = 0"
const blocked = "n % 97 = 0"

/** Most runs are completed; one in sixty is active, of which a seventh is executed by somebody. None is due. */
const ledger = `
  INSERT INTO operation_runs (id, workspace_id, tenant_id, type, actor, identity_rule, identity_key, identity_digest,
    active_digest, view_capabilities, input, context, max_attempts, last_event, priority, status, outcome, reason_code,
    queued_at, available_at, started_at, completed_at, counted, lease_until, retry_of, superseded_by)
  SELECT ${idOf("run")}, ${scope}, ${oneOf(`n / ${tenants}`, types)}, ${actor}, 'while_active', n::text, ${hash("n::text")},
    ${hash("n::text")}, '{tenant.test.view}', '{}', CASE WHEN n % 10 = 0 THEN jsonb_build_object('schedule', 's' || n % 1000) ELSE '{}' END,
    3, 3, n % 2, CASE WHEN ${running} THEN 'running' WHEN ${active} THEN 'queued' ELSE 'completed' END,
    CASE WHEN ${active} THEN 'pending' WHEN ${failed} THEN 'failed' WHEN ${blocked} THEN 'blocked' ELSE 'succeeded' END,
    CASE WHEN ${active} THEN NULL WHEN ${failed} THEN 'provider_throttled' WHEN ${blocked} THEN 'permission_denied' END,
    ${at}, now() + interval '10 years', ${at}, CASE WHEN NOT (${active}) THEN ${at} END, NOT (${active}) AND n % 997 <> 5,
    CASE WHEN ${running} THEN now() + interval '10 years' END, CASE WHEN n % 100 = 50 THEN ${idOf("retried")} END,
    CASE WHEN n % 100 = 51 THEN ${idOf("superseding")} END
  FROM generate_series(1, ${runs}) n`

/** The ledger and what is kept beside it. */
export const operations = [
  ledger,
  `INSERT INTO operation_run_events (run_id, seq, kind)
    SELECT id, seq, 'progress' FROM operation_runs, generate_series(2, 3) seq`,
  `INSERT INTO operation_audit (action, actor, workspace_id, tenant_id, type, run_id, record_kind, record_id, rate_key)
    SELECT 'started', ${actor}, ${scope}, 'test.plain', CASE WHEN n % 2 = 0 THEN ${idOf("run")} END,
      CASE WHEN n % 5 = 0 THEN 'backup_schedule' END, CASE WHEN n % 5 = 0 THEN (n % 1000)::text END,
      CASE WHEN n % 7 = 0 THEN n::text END
    FROM generate_series(1, ${runs}) n`,
  // Of most keys the run is removed.
  `INSERT INTO operation_keys (workspace_id, digest, tenant_id, type, request_digest, bound_by, run_id, outcome, ended_at)
    SELECT workspace, ${hash("'key ' || n")}, tenant, 'test.click', ${hash("n::text")}, ${idOf("run")}, ${idOf("run")},
      CASE WHEN n % 4 <> 0 THEN 'succeeded' END, CASE WHEN n % 4 <> 0 THEN now() END
    FROM generate_series(1, 20000) n, LATERAL (SELECT ${scope}) AS scope (workspace, tenant)`,
  `INSERT INTO operation_run_hours (workspace_id, tenant_id, hour, type, outcome, runs, view_capabilities)
    SELECT ${scope}, date_bin('1 hour', now(), TIMESTAMPTZ '2000-01-01 00:00:00Z') - n / 100 * interval '1 hour',
      'inventory.sync', 'succeeded', 1, '{tenant.test.view}'
    FROM generate_series(1, 20000) n`,
  `INSERT INTO operation_workers (id, types, slots) SELECT 'worker-' || n, '{test.plain}', 8 FROM generate_series(1, 20) n`,
  ...legacyKinds.map(
    ({ table }) => `
      INSERT INTO ${table} (id, workspace_id, tenant_id, status, started_at)
      SELECT ${idOf("legacy")}, ${scope}, 'done', ${at} FROM generate_series(1, 20000) n`
  )
]
