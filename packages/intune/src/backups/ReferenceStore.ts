/**
 * The statements about the references of a backup: what its policies point to, and what that was called. It authorises nobody.
 * Database failures are defects.
 *
 * @module
 */

import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { NamedReference, type Reference } from "../policies/references/Reference.ts"

const decode = Schema.decodeUnknownEffect(Schema.Array(NamedReference))

/** Makes the statements. */
export const makeReferenceStore = Effect.map(SqlClient.SqlClient, (sql) => {
  /** Adds references of policies that are added to an open backup, each once. */
  const add = Effect.fn("ReferenceStore.add")(
    (backup: string, references: ReadonlyArray<NamedReference>) => sql`
      INSERT INTO backup_references (set_id, kind, id, name)
      SELECT ${backup}::uuid, kind, id, max(name)
      FROM json_to_recordset(${JSON.stringify(references)}::json) AS r(kind text, id text, name text)
      GROUP BY kind, id
      ON CONFLICT (set_id, kind, id) DO NOTHING`,
    Effect.orDie,
    Effect.asVoid
  )

  /** Names the references to policies that the backup itself has. */
  const nameOwn = Effect.fn("ReferenceStore.nameOwn")(
    (backup: string) => sql`
      UPDATE backup_references r SET name = i.title
      FROM backup_items i WHERE r.set_id = ${backup}::uuid AND r.name IS NULL AND i.set_id = r.set_id AND i.id = r.id
        AND (r.kind, i.source) IN (('assignment_filter', 'assignment_filters'), ('scope_tag', 'scope_tags'),
          ('named_location', 'named_locations'))`,
    Effect.orDie,
    Effect.asVoid
  )

  const listUnnamed = Effect.fn("ReferenceStore.listUnnamed")(
    (backup: string) => sql<Reference>`
      SELECT kind, id FROM backup_references WHERE set_id = ${backup}::uuid AND name IS NULL ORDER BY kind, id`,
    Effect.orDie
  )

  /** Stores the names of references. */
  const name = Effect.fn("ReferenceStore.name")(
    (backup: string, references: ReadonlyArray<NamedReference>) => sql`
      UPDATE backup_references r SET name = n.name
      FROM json_to_recordset(${JSON.stringify(references)}::json) AS n(kind text, id text, name text)
      WHERE r.set_id = ${backup}::uuid AND r.kind = n.kind AND r.id = n.id`,
    Effect.orDie,
    Effect.asVoid
  )

  const list = Effect.fn("ReferenceStore.list")(function* (backup: string) {
    return yield* decode(
      yield* sql`SELECT kind, id, name FROM backup_references WHERE set_id = ${backup}::uuid ORDER BY kind, id`
    )
  }, Effect.orDie)

  return { add, nameOwn, listUnnamed, name, list }
})
