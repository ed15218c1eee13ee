/**
 * A clock for test databases that tests can move forward. It consists of functions `now()` and `clock_timestamp()` in a schema
 * that comes before `pg_catalog` in the database's search path, so that every session that begins later finds them first.
 * `TestDatabase` and `temporaryDatabase` install it.
 *
 * @module
 */

import { Duration, Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Gives a database a clock that can be moved, by which it answers Atlas and the host. Install it before the migrations, so that
 * columns take their defaults from it.
 *
 * @param database the name of the current database
 */
export const install = (database: string) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.all([
      sql`CREATE SCHEMA IF NOT EXISTS atlas_clock`,
      sql`CREATE TABLE IF NOT EXISTS atlas_clock.ahead (by interval NOT NULL)`,
      sql`INSERT INTO atlas_clock.ahead SELECT '0' WHERE NOT EXISTS (SELECT FROM atlas_clock.ahead)`,
      sql`
        CREATE OR REPLACE FUNCTION atlas_clock.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
        'SELECT pg_catalog.now() + by FROM atlas_clock.ahead'`,
      sql`
        CREATE OR REPLACE FUNCTION atlas_clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
        'SELECT pg_catalog.clock_timestamp() + by FROM atlas_clock.ahead'`,
      sql`ALTER DATABASE ${sql(database)} SET search_path = "$user", public, atlas_clock, pg_catalog`
    ])
  ).pipe(Effect.asVoid)

/**
 * Lets time pass in the database, for everybody who uses it: leases lapse, attempts and schedules become due, limits are
 * reached. Time in processes goes on as before.
 *
 * @example
 * ```ts
 * yield* DatabaseClock.advance("1 minute")
 * yield* TestOperations.runUntilIdle
 * yield* assertRun(id, { outcome: "succeeded", summaryCounts: { total: 1 } })
 * ```
 */
export const advance = (duration: Duration.Input): Effect.Effect<void, never, SqlClient.SqlClient> =>
  SqlClient.SqlClient.use(
    (sql) => sql`UPDATE atlas_clock.ahead SET by = by + ${Duration.toMillis(duration)} * interval '1 millisecond'`
  ).pipe(Effect.orDie, Effect.asVoid)
