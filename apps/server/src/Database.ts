/**
 * The Postgres of the server: its connections, its migrations, and whether it answers.
 *
 * @module
 */

import { join } from "node:path"
import * as Pg from "@atlas/operations/pg"
import { EmbeddedPostgres } from "@atlas/operations/testing"
import { PgClient } from "@effect/sql-pg"
import { Data, Duration, Effect, Layer, Predicate, Schedule, String } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { Front } from "./Front.ts"
import { keptSecret } from "./keptSecret.ts"
import * as Migrations from "./Migrations.ts"
import { Settings } from "./Settings.ts"

// A worker that is stopped inside a transaction would hide its run from the others for ever, so the database ends such
// transactions before the lease lapses.
const sessionLimits = (leaseMillis: number) => ({
  idle_in_transaction_session_timeout: `${Math.floor(leaseMillis * 0.8)}`,
  lock_timeout: `${Math.floor(leaseMillis * 0.8)}`
})

/** Columns in snake case and rows in camel case; JSON as it was stored. */
export const naming = {
  transformQueryNames: String.camelToSnake,
  transformResultNames: String.snakeToCamel,
  transformJson: false
}

// A database outlives the server that created it, and so must its password.
const keptPassword = (folder: string) => keptSecret(join(folder, "postgres-password"), 24)

/** The connections to the database. Starts the embedded one first, if it is to be used. */
const client = Layer.unwrap(
  Effect.gen(function* () {
    const { databaseUrl, dataDir, lease, workerSlots } = yield* Settings
    const embedded = { password: keptPassword, otherFolder: "set ATLAS_DATA_DIR" }
    const url = databaseUrl ?? (yield* EmbeddedPostgres.start(dataDir, embedded))
    return PgClient.layer({
      url,
      applicationName: "atlas",
      maxConnections: workerSlots + 12,
      connectTimeout: "5 seconds",
      startupParameters: sessionLimits(Duration.toMillis(lease)),
      ...naming
    })
  })
)

/** The database answers and refuses us. The message says why. */
class DatabaseError extends Data.TaggedError("DatabaseError")<{ readonly message: string }> {}

// Waits for a database that is down, but not for one that refuses us or the migrations.
const migrated = Layer.effectDiscard(
  Effect.gen(function* () {
    const front = yield* Front
    yield* Migrations.run.pipe(
      Effect.tapError((error) =>
        isUnavailable(error)
          ? front
              .report(`The database does not answer: ${reasonOf(error)}`)
              .pipe(Effect.andThen(Effect.logWarning(`The database does not answer, trying again: ${reasonOf(error)}`)))
          : Effect.void
      ),
      Effect.retry({ while: isUnavailable, schedule: Schedule.spaced("2 seconds") }),
      Effect.mapError((error) => new DatabaseError({ message: `The database cannot be used: ${reasonOf(error)}` }))
    )
  })
)

// The words of Postgres may name the user or the address, so they are not repeated.
const knownReasons: Readonly<Record<string, string>> = {
  "28000": "it refuses the user",
  "28P01": "it refuses the user or the password",
  "3D000": "there is no database of that name",
  "42501": "the user lacks a right",
  "53300": "it has no connection left",
  ECONNREFUSED: "nothing listens at its address",
  ENOTFOUND: "its host is unknown"
}

/** The SQLSTATE or the system's code at the origin of an error. */
const codeOf = (error: unknown): string | undefined => {
  if (!Predicate.isObject(error)) return undefined
  const own = Predicate.hasProperty(error, "code") && Predicate.isString(error.code) ? error.code : undefined
  return (Predicate.hasProperty(error, "cause") ? codeOf(error.cause) : undefined) ?? own
}

const reasonOf = (error: Error) => {
  const code = codeOf(error)
  return code === undefined ? `${error.message}.` : `${knownReasons[code] ?? error.message} (${code}).`
}

const isUnavailable = (error: unknown): error is SqlError.SqlError =>
  SqlError.isSqlError(error) && (error.isRetryable || error.reason._tag === "ConnectionError")

/** The migrated database. It is built once the database answers. */
export const layer = Layer.merge(Pg.listener, migrated).pipe(Layer.provideMerge(client))

/** Fails with a sentence for `/readyz` while the database does not answer. */
export const databaseAnswers: Effect.Effect<Effect.Effect<void, string>, never, SqlClient.SqlClient> = Effect.map(
  SqlClient.SqlClient,
  (sql) =>
    sql`SELECT 1`.pipe(
      Effect.asVoid,
      Effect.timeout("2 seconds"),
      Effect.mapError(() => "The database does not answer.")
    )
)
