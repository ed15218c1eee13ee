import { sqlText } from "@atlas/operations"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { Collection } from "./Collection.ts"
import type { TableLayout } from "./layout.ts"
import { type PageStored, type RoundOwner, roundTaken } from "./Round.ts"
import type { Change, Page } from "./Source.ts"

/** Joins what a page says of one object, since one statement may write a row only once. The later part wins. */
const combined = (changes: ReadonlyArray<Change>): ReadonlyArray<Change> => {
  const byId = new Map<string, Change>()
  for (const { id, removal, set } of changes) {
    const before = byId.get(id)?.set
    const both = before === undefined ? set : { ...before, ...set }
    byId.set(id, { id, ...(both === undefined ? {} : { set: both }), ...(removal === undefined ? {} : { removal }) })
  }
  return [...byId.values()]
}

const encode = (changes: ReadonlyArray<Change>) =>
  JSON.stringify(
    changes.map(({ id, removal, set }) => ({ ...set, id, removal, given: set === undefined ? null : Object.keys(set) }))
  )

/**
 * Makes the statement that stores a page of a round.
 *
 * OFFSET 0 keeps each lookup a probe of a primary key. As joins, planned without statistics on tables just filled, they would
 * compare every object with every row. The first thing that a full round says of an object is the whole object. What follows,
 * and everything that a round of changes says, are patches. A page's commit does not wait for the disk. The last one does, and
 * no commit is durable before those that it follows; a round that a crash has shortened continues from its cursor.
 */
export const makeStorePage = (sql: SqlClient.SqlClient, { name }: Collection, layout: TableLayout) => {
  const {
    changes,
    collectionOf,
    columns,
    excluded,
    isStale,
    key,
    keyOf,
    merged,
    objects,
    objectsOf,
    rounds,
    sightings
  } = layout
  const select = sqlText`
      ), merged AS MATERIALIZED (
        SELECT id, removal, given, old, staged, staged_removal, number, first, ${merged} FROM page
      ), compared AS MATERIALIZED (
        SELECT *, (old).id IS NULL OR (old).removed_at IS NOT NULL AS is_new, given IS NOT NULL AND (
          (old).id IS NULL OR (old).removed_at IS NOT NULL OR ${changes}) AS changes FROM merged
      ), judged AS MATERIALIZED (
        SELECT *, changes OR given IS NOT NULL AND ${isStale} AS differs FROM compared`

  return Effect.fn("ReplicaStore.storePage")(function* (
    owner: RoundOwner,
    { changes: told, cursor, isLast }: Pick<Page, "changes" | "cursor" | "isLast">
  ) {
    const { run, tenant } = owner
    const isOwned = sql`${collectionOf(tenant)} AND round_run = ${run}::uuid`
    const [written] = yield* sql<PageStored & { readonly held: boolean }>`
      WITH round AS MATERIALIZED (
        SELECT round AS number, round_kind = 'full' AS whole FROM ${rounds} WHERE ${isOwned}
      ), page AS MATERIALIZED (
        SELECT c.*, o.g AS old, s.id IS NOT NULL AS staged, s.removal AS staged_removal, round.number, round.whole,
          s.id IS NULL AND (o.g).seen_round IS DISTINCT FROM round.number AS first
        FROM round, json_to_recordset(${encode(combined(told))}::json)
          AS c(id text, removal text, given text[], ${layout.typedColumns})
        LEFT JOIN LATERAL (
          SELECT id, removal FROM ${sightings} WHERE ${collectionOf(tenant)} AND id = c.id OFFSET 0
        ) s ON true
        LEFT JOIN LATERAL (SELECT g FROM ${objects} g WHERE ${objectsOf(tenant)} AND id = c.id OFFSET 0) o ON true
      ${select}
      ), noted AS (
        INSERT INTO ${sightings} (workspace_id, tenant_id, collection, id, removal)
        SELECT ${tenant.workspaceId}, ${tenant.tenantId}, ${name}, id, removal FROM judged
        WHERE CASE WHEN staged THEN staged_removal IS DISTINCT FROM removal
          ELSE removal IS NOT NULL OR first AND NOT differs END
        ON CONFLICT (workspace_id, tenant_id, collection, id) DO UPDATE SET removal = excluded.removal
        RETURNING xmax = 0 AS added
      ), stored AS (
        INSERT INTO ${objects} (${key}, seen_round, changed_at, ${columns})
        SELECT ${keyOf(tenant)}, id, number, CASE WHEN changes THEN now() ELSE (old).changed_at END, ${columns}
        FROM judged WHERE differs
        ON CONFLICT (${key}) DO UPDATE SET ${excluded}, seen_round = excluded.seen_round,
          changed_at = excluded.changed_at, removed_at = NULL, removal = NULL
      ), held AS (
        UPDATE ${rounds} SET round_cursor = ${isLast ? null : cursor}::text,
          round_seen = round_seen + (SELECT count(*) FROM judged WHERE first),
          round_staged = round_staged + (SELECT count(*) FROM noted WHERE added),
          size = size + (SELECT count(*) FROM judged WHERE changes AND is_new)
        WHERE ${isOwned} RETURNING true
      )
      SELECT count(*) FILTER (WHERE first)::int AS seen, EXISTS (SELECT FROM held) AS held,
        count(*) FILTER (WHERE changes AND (old).id IS NULL)::int AS created,
        count(*) FILTER (WHERE changes AND (old).id IS NOT NULL)::int AS updated,
        CASE WHEN ${!isLast} THEN set_config('synchronous_commit', 'off', true) END
      FROM judged`.pipe(Effect.orDie)
    return written?.held ? written : yield* roundTaken
  })
}
