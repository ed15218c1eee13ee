import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"

/** Commits all of it, or nothing where it fails. Database failures are defects. */
export const inTransaction =
  (sql: SqlClient.SqlClient) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, Exclude<E, SqlError.SqlError>, R> =>
    Effect.catchTag(
      sql.withTransaction(work) as Effect.Effect<A, Exclude<E, SqlError.SqlError> | SqlError.SqlError, R>,
      "SqlError",
      Effect.die
    ) as Effect.Effect<A, Exclude<E, SqlError.SqlError>, R>
