import { assert, describe, it, layer } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { TestDatabase } from "@atlas/test"

const createMarker = SqlClient.SqlClient.use((sql) => sql`CREATE TABLE marker (first_column int)`)
const databases = (sql: SqlClient.SqlClient) =>
  sql<{ datname: string }>`SELECT datname FROM pg_database`.pipe(Effect.map((rows) => rows.map((row) => row.datname)))

describe("TestDatabase", () => {
  // Both create the same table: in one database the second would fail.
  for (const name of ["first", "second"]) {
    layer(TestDatabase.layer, { excludeTestServices: true })(name, (it) => {
      it.effect("has a database of its own", () => createMarker)
    })
  }

  it.live("gives each layer another URL, and drops the database on close even while connections are open", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const url = yield* TestDatabase.url
      const closed = yield* Effect.gen(function* () {
        yield* createMarker
        const other = yield* TestDatabase.url
        const name = new URL(Redacted.value(other)).pathname.slice(1)
        assert.notStrictEqual(Redacted.value(other), Redacted.value(url))
        assert.include(yield* databases(sql), name)
        return name
      }).pipe(Effect.provide(Layer.fresh(TestDatabase.layer)))
      assert.notInclude(yield* databases(sql), closed)
    }).pipe(Effect.provide(TestDatabase.layer))
  )

  it.live("is a client with the server's settings", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const rows = yield* sql`SELECT 1 AS some_column, '{"snake_key": 1}'::jsonb AS some_json`
      assert.deepStrictEqual(rows, [{ someColumn: 1, someJson: { snake_key: 1 } }])
    }).pipe(Effect.provide(TestDatabase.layer))
  )
})
