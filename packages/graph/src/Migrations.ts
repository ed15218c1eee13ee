import { Effect } from "effect"
import { Migrator, SqlClient, type SqlError } from "effect/sql"

const createProviderConnections = Effect.gen(function* () {
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

/** Applies this package's migrations; safe to run at every start, and by several processes at once. */
export const run: Effect.Effect<
  ReadonlyArray<readonly [id: number, name: string]>,
  Migrator.MigrationError | SqlError.SqlError,
  SqlClient.SqlClient
> = Migrator.make({})({
  loader: Migrator.fromRecord({ "0001_create_provider_connections": createProviderConnections }),
  table: "atlas_graph_migrations"
})
