import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Redacted, type Scope, String } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { inject } from "vitest"

declare module "vitest" {
  /** What the global setup hands to the test files. */
  interface ProvidedContext {
    /** The server's administration database and the name of the migrated template on it. */
    readonly database: { readonly url: string; readonly template: string }
  }
}

/** The same server, another database. */
const withDatabase = (url: Redacted.Redacted, name: string): Redacted.Redacted => {
  const changed = new URL(Redacted.value(url))
  changed.pathname = name
  return Redacted.make(changed.href)
}

/** A client as the server configures it: snake_case columns, camelCase fields, keys inside jsonb left alone. */
export const client = (
  url: Redacted.Redacted
): Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, SqlError.SqlError> =>
  PgClient.layer({
    url,
    transformQueryNames: String.camelToSnake,
    transformResultNames: String.snakeToCamel,
    transformJson: false
  })

const onServer = <A, E>(url: Redacted.Redacted, work: (sql: SqlClient.SqlClient) => Effect.Effect<A, E>) =>
  SqlClient.SqlClient.use(work).pipe(Effect.provide(PgClient.layer({ url, maxConnections: 1 })), Effect.orDie)

/** Creates a database, a copy of the template if one is named, that is dropped with the scope; yields its name and URL. */
export const createDatabase = (
  server: Redacted.Redacted,
  template = "template0"
): Effect.Effect<{ readonly name: string; readonly url: Redacted.Redacted }, never, Scope.Scope> => {
  const name = `atlas_test_${randomUUID().replaceAll("-", "")}`
  return Effect.acquireRelease(
    onServer(server, (sql) => sql`CREATE DATABASE ${sql(name)} TEMPLATE ${sql(template)}`),
    () => onServer(server, (sql) => sql`DROP DATABASE ${sql(name)} WITH (FORCE)`)
  ).pipe(Effect.as({ name, url: withDatabase(server, name) }))
}

/**
 * A database of its own with every migration applied, dropped when the layer closes.
 *
 * A pool under the test clock would wait for it for ever: use `layer(TestDatabase.layer, { excludeTestServices: true })`.
 */
export class TestDatabase extends Context.Service<TestDatabase, { readonly url: Redacted.Redacted }>()(
  "@atlas/test/TestDatabase"
) {
  /** Only the database, for tests that start processes on it. */
  static readonly layerNoClient = Layer.effect(
    TestDatabase,
    Effect.suspend(() => {
      const { url, template } = inject("database")
      return createDatabase(Redacted.make(url), template)
    })
  )

  /** A client on the database. */
  static readonly client = Layer.unwrap(Effect.map(TestDatabase, ({ url }) => client(url)))

  /** The database and a client on it. */
  static readonly layer = TestDatabase.client.pipe(Layer.provideMerge(TestDatabase.layerNoClient))

  /** Where the database is, for a process or a second client. */
  static readonly url = Effect.map(TestDatabase, ({ url }) => url)
}
