import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Connections with their sealed credentials; one default per tenant. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE provider_connections (
      id uuid PRIMARY KEY,
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      display_name text NOT NULL,
      cloud text NOT NULL,
      entra_tenant_id text NOT NULL,
      client_id text NOT NULL,
      sealed_secret bytea,
      enabled boolean NOT NULL DEFAULT true,
      is_default boolean NOT NULL DEFAULT false,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL
    )
  `
  yield* sql`
    CREATE UNIQUE INDEX provider_connections_default
    ON provider_connections (workspace_id, tenant_id) WHERE is_default
  `
  yield* sql`CREATE INDEX provider_connections_tenant ON provider_connections (workspace_id, tenant_id, created_at)`
})
