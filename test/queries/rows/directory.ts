import { idOf, mediumScope, oneOf, scope, tenants } from "./spread.ts"

const departments = ["sales", "finance", "all staff", "engineering"]

/** The cached directories, and what a round has seen of them. */
export const directory = [
  `INSERT INTO directory_groups (workspace_id, tenant_id, id, display_name, folded_name, security_enabled, unified, dynamic,
      synced, role_assignable, removed_at, removal)
    SELECT ${mediumScope}, 'group-' || n, name, name, true, n / 100 % 10 < 3, n / 100 % 50 = 0, n / 100 % 100 = 0, n / 100 % 100 = 50,
      CASE WHEN n / 100 % 20 = 3 THEN now() END, CASE WHEN n / 100 % 20 = 3 THEN 'unknown' END
    FROM generate_series(1, 30000) n, LATERAL (
      SELECT substr(md5(n::text), 1, 8) || ' ' || ${oneOf("n / 100", departments)} || ' ' || substr(md5('x' || n), 1, 6)
    ) AS named (name)`,
  `INSERT INTO directory_role_definitions (workspace_id, tenant_id, id, display_name, folded_name, built_in, enabled)
    SELECT ${mediumScope}, 'role-' || n, 'role ' || n, 'role ' || n, n % 3 = 0, true FROM generate_series(1, 20000) n`,
  `INSERT INTO directory_sightings (workspace_id, tenant_id, collection, id)
    SELECT ${mediumScope}, 'groups', 'seen-' || n FROM generate_series(1, 10000) n`,
  `INSERT INTO directory_syncs (workspace_id, tenant_id, collection, run_id, completed_at, size)
    SELECT ${scope}, collection, ${idOf("run")}, now(), 5000
    FROM generate_series(1, ${tenants}) n, unnest('{groups,role_definitions}'::text[]) collection`,
  `INSERT INTO directory_syncs (workspace_id, tenant_id, collection, run_id, completed_at, size)
    SELECT 'other', 'other-' || n, 'groups', ${idOf("run")}, now(), 5000 FROM generate_series(1, 5000) n`
]
