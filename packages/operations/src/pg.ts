/**
 * The ledger's Postgres in one layer: connections, notifications and migrations. Hosts provide it below `Operations.layer`:
 *
 * ```ts
 * const database = Pg.layer({ url: Redacted.make("postgres://…") }, DirectoryMigrations.run)
 * const atlas = Operations.layer(ExportReport).pipe(Layer.provide(access), Layer.provideMerge(database))
 * ```
 *
 * Only this module of the package knows the driver. A host that has a client already keeps it, with `migrated` and `listener`.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer } from "effect"
import type { Migrator, SqlClient, SqlError } from "effect/sql"
import * as Migrations from "./Migrations.ts"
import { DatabaseListener } from "./ledger/RunSignals.ts"

/** Creates or upgrades the tables of a package, such as `run` of `@atlas/directory/migrations`. */
export type PackageMigrations = Effect.Effect<unknown, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient>

/** Notifications of Postgres, by which processes tell one another what changed, through the host's client. */
export const listener: Layer.Layer<DatabaseListener, never, PgClient.PgClient> = Layer.effect(
  DatabaseListener,
  Effect.map(PgClient.PgClient, ({ listen }) => ({ listen }))
)

/**
 * Creates or upgrades the tables before anything asks for a run. Any number of processes may start at once.
 *
 * @param packages of the other packages that the host uses, in the order of their dependencies
 */
export const migrated = (
  ...packages: ReadonlyArray<PackageMigrations>
): Layer.Layer<never, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient> =>
  Layer.effectDiscard(Effect.all([Migrations.run, ...packages], { discard: true }))

/**
 * A pool of connections, with notifications, on a database that has every table.
 *
 * @param config of the pool; a worker needs as many connections as it has slots, and four more
 * @param packages as for `migrated`
 */
export const layer = (
  config: PgClient.PgPoolConfig,
  ...packages: ReadonlyArray<PackageMigrations>
): Layer.Layer<
  DatabaseListener | PgClient.PgClient | SqlClient.SqlClient,
  Migrator.MigrationError | SqlError.SqlError
> => Layer.merge(listener, migrated(...packages)).pipe(Layer.provideMerge(PgClient.layer(config)))
