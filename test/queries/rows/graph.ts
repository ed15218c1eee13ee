import { idOf } from "./spread.ts"

/** Connections of three to a tenant, half of them with a credential. */
export const graph = [
  `INSERT INTO provider_connections (id, workspace_id, tenant_id, display_name, cloud, entra_tenant_id, client_id, enabled,
      is_default, created_at, updated_at, sealed_secret, credential_kind, key_id)
    SELECT ${idOf("connection")}, 'northwind', 'other-' || n / 3, 'Connection ' || n, 'global', 'contoso.com',
      gen_random_uuid(), true, n % 3 = 0, now(), now(), CASE WHEN n % 2 = 0 THEN '\\x00'::bytea END,
      CASE WHEN n % 2 = 0 THEN 'client_secret' END, CASE WHEN n % 2 = 0 THEN 'later' END
    FROM generate_series(1, 9000) n`
]
