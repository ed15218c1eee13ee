import type { Effect } from "effect"
import { Migrator, type SqlClient, type SqlError } from "effect/sql"
import createProviderConnections from "./migrations/0001_create_provider_connections.ts"
import credentialKinds from "./migrations/0002_credential_kinds.ts"

const migrations = {
  "0001_create_provider_connections": createProviderConnections,
  "0002_credential_kinds": credentialKinds
}

/** The table that keeps which migrations were applied, and the newest that this version has. */
export const ledger = { table: "atlas_graph_migrations", latest: Object.keys(migrations).length }

/** Applies this package's migrations; safe to run at every start, and by several processes at once. */
export const run: Effect.Effect<
  ReadonlyArray<readonly [id: number, name: string]>,
  Migrator.MigrationError | SqlError.SqlError,
  SqlClient.SqlClient
> = Migrator.make({})({
  loader: Migrator.fromRecord(migrations),
  table: ledger.table
})
