/**
 * The table `provider_connections`. A host applies these migrations before it starts, with those of `@atlas/operations`, whose
 * audit records each change of a connection.
 *
 * @module
 */
import type { Effect } from "effect"
import { Migrator, type SqlClient, type SqlError } from "effect/sql"
import createProviderConnections from "./migrations/0001_create_provider_connections.ts"
import credentialKinds from "./migrations/0002_credential_kinds.ts"

const migrations = {
  "0001_create_provider_connections": createProviderConnections,
  "0002_credential_kinds": credentialKinds
}

/** The table that records the applied migrations, and the number of the newest one. */
export const ledger = { table: "atlas_graph_migrations", latest: Object.keys(migrations).length }

/**
 * Applies this package's migrations and returns those applied. Safe to run at every start, and from several processes at
 * once.
 *
 * @example
 * ```ts
 * // The tables exist before anything uses them.
 * const database = (url: Redacted.Redacted) => Pg.layer({ url }, GraphMigrations.run)
 * ```
 */
export const run: Effect.Effect<
  ReadonlyArray<readonly [id: number, name: string]>,
  Migrator.MigrationError | SqlError.SqlError,
  SqlClient.SqlClient
> = Migrator.make({})({
  loader: Migrator.fromRecord(migrations),
  table: ledger.table
})
