import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"

/** Runs work in a transaction: commits all of it, or nothing if it fails. Database failures are defects. */
export const inTransaction =
  (sql: SqlClient.SqlClient) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, Exclude<E, SqlError.SqlError>, R> =>
    Effect.catchTag(
      sql.withTransaction(work) as Effect.Effect<A, Exclude<E, SqlError.SqlError> | SqlError.SqlError, R>,
      "SqlError",
      Effect.die
    ) as Effect.Effect<A, Exclude<E, SqlError.SqlError>, R>
