import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Credentials of four kinds, the key that sealed each, and every rule of a connection as a constraint. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    ALTER TABLE provider_connections
      ADD COLUMN credential_kind text,
      ADD COLUMN key_id text,
      ADD COLUMN credential_expires_at timestamptz,
      ADD COLUMN certificate_thumbprint text
  `
  yield* sql`UPDATE provider_connections SET credential_kind = 'client_secret' WHERE sealed_secret IS NOT NULL`
  yield* sql`
    UPDATE provider_connections c SET display_name = left(c.display_name, 150) || ' ' || c.id
    WHERE EXISTS (SELECT FROM provider_connections o WHERE o.workspace_id = c.workspace_id AND o.tenant_id = c.tenant_id
      AND lower(o.display_name) = lower(c.display_name) AND o.id < c.id)
  `
  // A row without key_id holds a bare client secret, as the first version sealed it.
  yield* sql`
    ALTER TABLE provider_connections
      ADD CONSTRAINT provider_connections_name CHECK (display_name ~ '\\S' AND length(display_name) <= 200),
      ADD CONSTRAINT provider_connections_cloud CHECK (cloud ~ '^[a-z0-9-]{1,40}$'),
      ADD CONSTRAINT provider_connections_entra_tenant CHECK (entra_tenant_id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
        OR entra_tenant_id ~* '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+[a-z]{2,63}$'),
      ADD CONSTRAINT provider_connections_client CHECK (client_id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
      ADD CONSTRAINT provider_connections_kind
        CHECK (credential_kind IN ('client_secret', 'certificate', 'managed_identity', 'federated')),
      ADD CONSTRAINT provider_connections_credential CHECK ((credential_kind IS NULL) = (sealed_secret IS NULL)),
      ADD CONSTRAINT provider_connections_key CHECK (key_id IS NULL OR sealed_secret IS NOT NULL),
      ADD CONSTRAINT provider_connections_legacy CHECK (key_id IS NOT NULL OR credential_kind = 'client_secret'
        OR sealed_secret IS NULL),
      ADD CONSTRAINT provider_connections_expiry
        CHECK (credential_expires_at IS NULL OR credential_kind IN ('client_secret', 'certificate')),
      ADD CONSTRAINT provider_connections_thumbprint
        CHECK ((certificate_thumbprint ~ '^[0-9A-F]{64}$') IS TRUE = (credential_kind IS NOT DISTINCT FROM 'certificate'))
  `
  yield* sql`
    CREATE UNIQUE INDEX provider_connections_unique_name
    ON provider_connections (workspace_id, tenant_id, lower(display_name))
  `
  yield* sql`CREATE INDEX provider_connections_ready ON provider_connections (tenant_id) WHERE is_default AND enabled`
  yield* sql`CREATE INDEX provider_connections_sealed ON provider_connections (id) WHERE sealed_secret IS NOT NULL`
})
