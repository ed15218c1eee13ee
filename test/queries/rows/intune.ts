import { actor, hash, idOf, largeScope, mediumScope, oneOf, scope } from "./spread.ts"

const sources = ["device_configurations", "compliance_policies", "scope_tags", "settings_catalog"]
const content = hash("'content ' || n")

const inventory = [
  // Of more tenants than policies are: if one had a great part of all contents, reading all would be no mistake.
  `INSERT INTO policy_snapshots (workspace_id, tenant_id, hash, body, size)
    SELECT ${mediumScope}, ${content}, '\\x00', 1 FROM generate_series(1, 20000) n`,
  `INSERT INTO policy_salts (workspace_id, tenant_id, key_id, sealed)
    SELECT 'other', 'other-' || n, 'later', '\\x00' FROM generate_series(1, 5000) n`,
  `INSERT INTO policy_secrets (workspace_id, tenant_id, fingerprint, key_id, sealed)
    SELECT ${scope}, 'fingerprint-' || n, 'later', '\\x00' FROM generate_series(1, 10000) n`,
  `INSERT INTO policies (workspace_id, tenant_id, source, id, type, finding, title, folded_title, platform, scope_tags,
      assignment_count, content_hash, assignments_hash, seen_run, seen_round, removed_at, removal)
    SELECT ${largeScope}, ${oneOf("n / 20", sources)}, 'policy-' || n, CASE WHEN n % 100 <> 0 THEN 'kind-' || n / 20 % 8 END,
      CASE WHEN n % 100 = 0 THEN 'unclaimed' END, 'Policy ' || n, 'policy ' || n,
      ${oneOf("n / 20", ["windows", "ios", "android"])}, '{}', 0, ${content}, ${content}, ${idOf("run")}, 1,
      CASE WHEN n / 20 % 20 = 3 THEN now() END, CASE WHEN n / 20 % 20 = 3 THEN 'unknown' END
    FROM generate_series(1, 20000) n`,
  `INSERT INTO inventory_sources (workspace_id, tenant_id, collection, run_id, completed_at, size)
    SELECT ${largeScope}, collection, ${idOf("run")}, now(), 5000
    FROM generate_series(1, 20) n, unnest('{${sources.join()}}'::text[]) collection`,
  `INSERT INTO inventory_sources (workspace_id, tenant_id, collection, run_id, completed_at)
    SELECT 'northwind', 'other-' || n % 500, 'source-' || n / 500, ${idOf("run")}, now() FROM generate_series(0, 9999) n`,
  `INSERT INTO inventory_sightings (workspace_id, tenant_id, collection, id)
    SELECT ${mediumScope}, 'device_configurations', 'seen-' || n FROM generate_series(1, 10000) n`,
  `INSERT INTO policy_drift (run_id, source, id, workspace_id, tenant_id, title, change)
    SELECT ${idOf("run")}, 'device_configurations', 'policy-' || item, ${scope}, 'Policy', 'added'
    FROM generate_series(1, 1000) n, generate_series(1, 20) item`
]

const backups = [
  `INSERT INTO backup_schedules (id, workspace_id, tenant_id, name, cron, time_zone, skipped_time, repeated_time, missed,
      missed_limit, next_fire_at, next_retention_at, keep_last, created_by, deleted_at)
    SELECT ${idOf("schedule")}, ${scope}, 'Schedule ' || n, '0 2 * * *', 'UTC', 'later', 'earlier', 'once', 1,
      CASE WHEN n % 11 <> 0 THEN now() + interval '10 years' END, now() + interval '10 years', 30, ${actor}, CASE WHEN n % 11 = 0 THEN now() END
    FROM generate_series(1, 5000) n`,
  `INSERT INTO backup_schedule_slots (schedule_id, fire_time, state, reason)
    SELECT id, now() - slot * interval '1 day', 'skipped', 'paused' FROM backup_schedules, generate_series(1, 5) slot`,
  `INSERT INTO backup_sets (id, workspace_id, tenant_id, origin, schedule_id, run_id, name, state, item_count, manifest_hash,
      sealed_at, expired_at)
    SELECT ${idOf("set")}, s.workspace_id, s.tenant_id, 'schedule', s.id, ${idOf("backup")}, 'Backup', state, 20,
      CASE WHEN state <> 'open' THEN ${hash("n::text")} END, CASE WHEN state <> 'open' THEN now() END,
      CASE WHEN state = 'expired' THEN now() END
    FROM (SELECT *, row_number() OVER () AS place FROM backup_schedules) s, generate_series(1, 6) nth,
      LATERAL (SELECT place * 6 + nth) AS numbered (n),
      LATERAL (SELECT CASE WHEN n % 50 = 0 THEN 'open' WHEN nth < 3 THEN 'expired' ELSE 'complete' END) AS made (state)`,
  `INSERT INTO backup_items (set_id, source, id, workspace_id, tenant_id, type, title, folded_title, content_hash,
      assignments_hash)
    SELECT s.id, ${oneOf("n", sources)}, 'policy-' || n, s.workspace_id, s.tenant_id, 'kind-1', 'Policy ' || n, 'policy ' || n,
      ${hash("s.id::text || n")}, ${hash("s.id::text || n")}
    FROM (SELECT * FROM backup_sets WHERE state <> 'expired' LIMIT 1500) s, generate_series(1, 30) n`,
  `INSERT INTO backup_references (set_id, kind, id, name)
    SELECT s.id, 'group', 'group-' || n, CASE WHEN n % 10 > 0 THEN 'Group ' || n END
    FROM (SELECT id FROM backup_sets WHERE state <> 'expired' LIMIT 1500) s, generate_series(1, 30) n`
]

const restores = [
  `INSERT INTO restores (id, workspace_id, tenant_id, set_id, with_assignments, plan_digest, request_digest, created_by, state,
      planned_at, confirmed_at, confirmed_by, execute_run, done_at)
    SELECT s.id, s.workspace_id, s.tenant_id, s.id, true, ${hash("s.id::text")}, ${hash("s.id::text")}, k.created_by, 'done', now(),
      now(), k.created_by, s.run_id, now()
    FROM backup_sets s JOIN backup_schedules k ON k.id = s.schedule_id WHERE s.state = 'complete' LIMIT 5000`,
  `INSERT INTO restore_items (restore_id, source, id, workspace_id, tenant_id, type, title, content_hash, assignments_hash,
      action, result, seen_id, seen_hash, seen_assignments_hash)
    SELECT i.set_id, i.source, i.id, i.workspace_id, i.tenant_id, i.type, i.title, i.content_hash, i.assignments_hash, 'update',
      'done', i.id, i.content_hash, i.assignments_hash
    FROM backup_items i JOIN restores r ON r.id = i.set_id`
]

/** Inventory, backups and restores. */
export const intune = [...inventory, ...backups, ...restores]
