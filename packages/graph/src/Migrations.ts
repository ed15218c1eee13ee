import type { Effect } from "effect"
import { Migrator, type SqlClient, type SqlError } from "effect/sql"
import createProviderConnections from "./migrations/0001_create_provider_connections.ts"
import credentialKinds from "./migrations/0002_credential_kinds.ts"

/** Applies this package's migrations; safe to run at every start, and by several processes at once. */
export const run: Effect.Effect<
  ReadonlyArray<readonly [id: number, name: string]>,
  Migrator.MigrationError | SqlError.SqlError,
  SqlClient.SqlClient
> = Migrator.make({})({
  loader: Migrator.fromRecord({
    "0001_create_provider_connections": createProviderConnections,
    "0002_credential_kinds": credentialKinds
  }),
  table: "atlas_graph_migrations"
})
