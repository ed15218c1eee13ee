import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import * as Migrations from "../src/Migrations.ts"

layer(TestDatabase.layer, { excludeTestServices: true, timeout: "60 seconds" })("the migrations", (it) => {
  it.effect("leave a host's own tables alone, also one with the name of an old table of runs", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE SCHEMA host`
      yield* Effect.gen(function* () {
        yield* sql`SET LOCAL search_path = host`
        yield* sql`CREATE TABLE backup_schedule_runs (id bigint PRIMARY KEY, note text)`
        yield* sql`INSERT INTO backup_schedule_runs VALUES (1, 'theirs')`
        yield* Migrations.run
        yield* sql`INSERT INTO backup_schedule_runs VALUES (2, 'new')`
        yield* sql`UPDATE backup_schedule_runs SET note = 'changed' WHERE id = 1`
        assert.deepStrictEqual(yield* sql`SELECT * FROM backup_schedule_runs ORDER BY id`, [
          { id: 1n, note: "changed" },
          { id: 2n, note: "new" }
        ])
        yield* sql`TRUNCATE backup_schedule_runs`
        assert.deepStrictEqual(yield* sql`SELECT * FROM backup_schedule_runs`, [])
        const [tables] = yield* sql`
          SELECT to_regclass('host.operation_runs') IS NOT NULL AS ledger, to_regclass('host.inventory_sync_runs') AS old`
        assert.deepStrictEqual(tables, { ledger: true, old: null })
      }).pipe(sql.withTransaction)
    })
  )
})
