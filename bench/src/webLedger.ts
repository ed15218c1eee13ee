import type { Database } from "./Postgres.ts"

/** The runs of the ledger that are looked at one by one. */
export const watched = {
  /** Queued, for later than the benchmark lasts. */
  active: "01a00000-0000-7000-8000-000000000001",
  /** Completed, with as many events as a day's work leaves. */
  long: "01a00000-0000-7000-8000-000000000002"
} as const

const actor = (person: string) => `'{"id":"${person}","kind":"user","name":"${person}"}'`

/**
 * Fills a ledger: runs of ninety days in two tenants, of which one in fifty failed and one in five thousand was started by
 * somebody else; an active run and one with a long timeline.
 *
 * @param database migrated, with the demonstration data
 * @param runs how many
 * @param events how many the long timeline has
 */
export const fillLedger = async (database: Database, runs: number, events: number): Promise<void> => {
  const columns = `id, workspace_id, tenant_id, type, status, outcome, reason_code, actor, identity_rule, identity_key,
    identity_digest, view_capabilities, input, max_attempts, queued_at, available_at, started_at, completed_at, last_event`
  const id = `(left(h, 8) || '-' || right(h, 4) || '-7' || substr(md5(n::text), 1, 3) || '-8' || substr(md5(n::text), 4, 15))::uuid`
  await database.query(`
    INSERT INTO operation_runs (${columns})
    SELECT ${id}, 'northwind', CASE WHEN n % 3 = 0 THEN 'fabrikam' ELSE 'contoso' END,
      CASE WHEN n % 2 = 0 THEN 'directory_groups.sync' ELSE 'directory_role_definitions.sync' END, 'completed',
      CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'succeeded' END, CASE WHEN n % 50 = 0 THEN 'provider_unavailable' END,
      CASE WHEN n % 5000 = 0 THEN ${actor("manager@northwind")}::jsonb ELSE ${actor("operator@northwind")}::jsonb END,
      'while_active', n::text, sha256(n::text::bytea), '{tenant.directory.view}', '{}', 3, at, at, at, at + interval '20 seconds', 1
    FROM generate_series(1, ${runs}) n, LATERAL (SELECT now() - interval '90 days' * n / ${runs} AS at) t,
      LATERAL (SELECT lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') AS h) i`)
  await database.query(`
    INSERT INTO operation_runs (${columns}) VALUES
      ('${watched.active}', 'northwind', 'contoso', 'directory_groups.sync', 'queued', 'pending', NULL,
        ${actor("operator@northwind")}, 'while_active', 'a', sha256('a'), '{tenant.directory.view}', '{}', 3, now(), now() + interval '1 day', NULL, NULL, 1),
      ('${watched.long}', 'northwind', 'contoso', 'directory_groups.sync', 'completed', 'succeeded', NULL,
        ${actor("operator@northwind")}, 'while_active', 'l', sha256('l'), '{tenant.directory.view}', '{}', 3, now(), now(), now(), now(), ${events})`)
  await database.query(`
    INSERT INTO operation_run_events (run_id, seq, kind, data)
    SELECT '${watched.long}', n, 'progress', '{"counts":{"processed":1}}' FROM generate_series(2, ${events}) n`)
  await database.query("VACUUM ANALYZE operation_runs")
  await database.query("VACUUM ANALYZE operation_run_events")
}

/** Waits until the worker has counted every run into its hour. */
export const counted = async (database: Database): Promise<void> => {
  const left = await database.query("SELECT FROM operation_runs WHERE status = 'completed' AND NOT counted LIMIT 1")
  if (left.length === 0) return
  await new Promise((resolve) => setTimeout(resolve, 200))
  return counted(database)
}
