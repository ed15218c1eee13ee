import { chmod, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { EmbeddedPostgres } from "@atlas/operations/testing"
import { PgClient } from "@effect/sql-pg"
import { Effect, Exit, ManagedRuntime, Redacted, Scope } from "effect"
import { SqlClient } from "effect/sql"

/** A database on the benchmark's server. */
export interface Database extends AsyncDisposable {
  readonly url: string
  query<Row extends object>(statement: string): Promise<ReadonlyArray<Row>>
}

/** The benchmark's own Postgres. */
export interface Postgres extends AsyncDisposable {
  /** Administration of the server. */
  readonly admin: Database
  createDatabase(name: string): Promise<Database>
}

const password = async () => "bench"

// Commits are durable, as everywhere by default. A checkpoint in the middle of a measurement would write whole pages into the
// log of whoever comes next; statements are counted only when asked for.
const settings = {
  shared_preload_libraries: "pg_stat_statements",
  "pg_stat_statements.track": "none",
  max_wal_size: "8GB",
  checkpoint_timeout: "1h"
}

const configure = (url: Redacted.Redacted) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.forEach(Object.entries(settings), ([name, value]) => sql.unsafe(`ALTER SYSTEM SET ${name} = '${value}'`))
  ).pipe(Effect.provide(PgClient.layer({ url, maxConnections: 1 })))

const openDatabase = (url: string): Database => {
  const runtime = ManagedRuntime.make(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 }))
  return {
    url,
    query: <Row extends object>(statement: string) =>
      runtime.runPromise(SqlClient.SqlClient.use((sql) => sql.unsafe<Row>(statement))),
    [Symbol.asyncDispose]: () => runtime.dispose()
  }
}

const start = (directory: string) =>
  Effect.gen(function* () {
    // A library is loaded at the start only: the second one finds the settings of the first.
    yield* EmbeddedPostgres.start(directory, { password }).pipe(Effect.flatMap(configure), Effect.scoped)
    return yield* EmbeddedPostgres.start(directory, { password })
  })

/** Starts a Postgres 18 with durable commits; disposing it removes it, data and all. */
export const startPostgres = async (): Promise<Postgres> => {
  const directory = await mkdtemp(join(tmpdir(), "atlas-bench-"))
  // Root's Postgres runs as another user, who has to enter it.
  await chmod(directory, 0o711)
  const scope = Scope.makeUnsafe()
  const url = Redacted.value(await Effect.runPromise(Scope.provide(start(directory), scope)))
  const admin = openDatabase(url)
  await admin.query("CREATE EXTENSION pg_stat_statements")
  await admin.query("CREATE EXTENSION pg_walinspect")
  return {
    admin,
    createDatabase: async (name) => {
      await admin.query(`CREATE DATABASE ${name}`)
      return openDatabase(Object.assign(new URL(url), { pathname: name }).href)
    },
    [Symbol.asyncDispose]: async () => {
      await admin[Symbol.asyncDispose]()
      await Effect.runPromise(Scope.close(scope, Exit.void))
      await rm(directory, { recursive: true, force: true })
    }
  }
}
