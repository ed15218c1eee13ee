/**
 * The ledger's Postgres in one layer: connections, notifications and migrations. A host in Effect provides it below
 * `Operations.layer`. A host that has a client already keeps it, and takes `listener` and `migrated` alone. Besides this
 * entry, only those for promises and for tests know the driver.
 *
 * @module
 */

import { PgClient } from "@effect/sql-pg"
import { Effect, Layer } from "effect"
import type { Migrator, SqlClient, SqlError } from "effect/sql"
import * as Migrations from "./Migrations.ts"
import { DatabaseListener } from "./ledger/RunSignals.ts"

/** The migrations of a package, such as `run` of `@atlas/directory/migrations`. */
export type PackageMigrations = Effect.Effect<unknown, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient>

/** Postgres' notifications through the host's client: by them processes tell one another what has changed. */
export const listener: Layer.Layer<DatabaseListener, never, PgClient.PgClient> = Layer.effect(
  DatabaseListener,
  Effect.map(PgClient.PgClient, ({ listen }) => ({ listen }))
)

/**
 * Creates or upgrades the tables before anything asks for a run. Any number of processes may start at once.
 *
 * @param packages the migrations of the other packages that the host uses, in the order of their dependencies
 *
 * @example
 * ```ts
 * // A host with a client of its own: here it is the test's.
 * const database = Layer.merge(Pg.listener, Pg.migrated()).pipe(Layer.provideMerge(TestDatabase.layer))
 * ```
 */
export const migrated = (
  ...packages: ReadonlyArray<PackageMigrations>
): Layer.Layer<never, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient> =>
  Layer.effectDiscard(Effect.all([Migrations.run, ...packages], { discard: true }))

/**
 * A pool of connections, with notifications, on a database that has every table.
 *
 * @param config of the pool; give a worker as many connections as it has slots, and four more
 * @param packages as for `migrated`
 *
 * @example
 * ```ts
 * // The host's Postgres: its tables and Atlas' live side by side. Migrations are applied before anything asks for a run.
 * const database = Layer.unwrap(Effect.map(Config.Redacted("DATABASE_URL"), (url) => Pg.layer({ url })))
 * ```
 */
export const layer = (
  config: PgClient.PgPoolConfig,
  ...packages: ReadonlyArray<PackageMigrations>
): Layer.Layer<
  DatabaseListener | PgClient.PgClient | SqlClient.SqlClient,
  Migrator.MigrationError | SqlError.SqlError
> => Layer.merge(listener, migrated(...packages)).pipe(Layer.provideMerge(PgClient.layer(config)))
