import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { directory } from "./rows/directory.ts"
import { graph } from "./rows/graph.ts"
import { intune } from "./rows/intune.ts"
import { operations } from "./rows/operations.ts"

/** Takes away the indexes that no constraint needs; yields what builds them again, many times faster than row by row. */
const withoutIndexes = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const indexes = yield* sql<{ name: string; definition: string }>`
    SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE c.relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)`
  yield* sql.unsafe(`DROP INDEX ${indexes.map(({ name }) => name).join(", ")}`)
  return Effect.forEach(indexes, ({ definition }) => sql.unsafe(definition), { discard: true })
})

/** Tells the planner what is there, once and from every row: it decides alike each time. */
const analyse = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const tables = yield* sql<{ name: string }>`
    SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`
  yield* Effect.forEach(tables, ({ name }) => sql.unsafe(`ALTER TABLE ${name} SET (autovacuum_enabled = false)`))
  yield* sql`SET LOCAL default_statistics_target = 400`
  yield* sql`ANALYZE`
})

/** Gives every table so many rows that reading one from end to end would be a mistake, as one who may switch triggers off. */
export const fill = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`SET LOCAL session_replication_role = replica`
  const indexes = yield* withoutIndexes
  for (const rows of [...operations, ...directory, ...graph, ...intune]) yield* sql.unsafe(rows)
  yield* indexes
  yield* analyse
}).pipe((filling) => SqlClient.SqlClient.use((sql) => sql.withTransaction(filling)))
