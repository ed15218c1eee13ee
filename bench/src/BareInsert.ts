import { randomBytes, randomUUID } from "node:crypto"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { OpenAtlas } from "./AtlasEngine.ts"

type Row = Readonly<Record<string, string | number | Uint8Array>>

// What a start writes: everything that no default fills in. Asked of the database, so that it follows the migrations.
const writtenRow = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const columns = yield* sql<{ readonly name: string; readonly type: string }>`
    SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
    WHERE attrelid = 'operation_runs'::regclass AND attnum > 0 AND NOT attisdropped AND NOT atthasdef
    ORDER BY attnum`
  const list = columns.map(({ name, type }) => (type === "jsonb" ? `${name}::text AS ${name}` : name)).join(", ")
  const [row = {}] = yield* sql<Row>`SELECT ${sql.literal(list)} FROM operation_runs LIMIT 1`
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
})

// Another run of the same size: only what has to be unique differs.
const another = (row: Row): Row => {
  const values = Object.entries(row).map(([name, value]) => [
    name,
    name === "id" ? randomUUID() : value instanceof Uint8Array ? randomBytes(value.length) : value
  ])
  return Object.fromEntries(values)
}

/**
 * The limit: rows like those that starts write, into the same table with the same indexes, on the same client, and
 * nothing else. Needs a run to copy.
 *
 * @returns prepares a number of rows; what it returns inserts them, that many at a time
 */
export const bareInsert = async (
  atlas: OpenAtlas
): Promise<(count: number) => (concurrency: number) => Promise<void>> => {
  const [sql, row] = await atlas.run(Effect.all([SqlClient.SqlClient, writtenRow]))
  return (count) => {
    const rows = Array.from({ length: count }, () => another(row))
    return (concurrency) =>
      atlas.run(
        Effect.forEach(rows, (values) => sql`INSERT INTO operation_runs ${sql.insert(values)}`, {
          concurrency,
          discard: true
        })
      )
  }
}
