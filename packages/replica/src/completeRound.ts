import { sqlText } from "@atlas/operations"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { type Collection, Removal } from "./Collection.ts"
import type { TableLayout } from "./layout.ts"
import { mostRemovals } from "./removals.ts"
import { type History, type RemovalProof, type RoundEnd, type RoundOwner, roundTaken } from "./Round.ts"

// A listing may be a little shorter than the count, since objects come and go meanwhile. A small collection must be exact,
// because a few objects are many there.
const tolerance = 0.01

const size = sqlText`round.size`

/**
 * Makes the statement that ends a round after its last page: it removes what is proved to be gone, and stores the history.
 *
 * Rows are updated by their place (`ctid`), which each update takes from a list: one for what became of them. Joined, by their
 * keys or by their places, the statement might read all rows of all tenants. It locks the row of the round first, so it waits for
 * a run that has begun the round again, and then removes nothing.
 */
export const makeCompleteRound = (sql: SqlClient.SqlClient, { ginIndex }: Collection, layout: TableLayout) => {
  const { collectionOf, objects, objectsOf, rounds, sightings } = layout

  const removed = sqlText.join(
    sqlText`, `,
    Removal.literals.map(sqlText.word).map(
      (removal) => sqlText`${removal} AS (
        UPDATE ${objects} g SET removed_at = coalesce(g.removed_at, now()), changed_at = now(), removal = '${removal}'
        WHERE g.ctid = ANY (ARRAY(SELECT place FROM gone, decided WHERE apply AND gone.removal = '${removal}'))
      )`
    )
  )

  // New entries wait in a list that every search reads until they are merged into the index. Whoever has just written them
  // merges them here, if permitted; else autovacuum does.
  const tidy = Effect.fn("ReplicaStore.tidy")(
    () => sql`
      SELECT gin_clean_pending_list(oid) FROM pg_class
      WHERE oid = ${ginIndex}::regclass AND pg_has_role(relowner, 'USAGE')`,
    Effect.orDie
  )

  return Effect.fn("ReplicaStore.complete")(function* (owner: RoundOwner, proof: RemovalProof, next: History | null) {
    const { run, tenant } = owner
    const isOwned = sql`${collectionOf(tenant)} AND round_run = ${run}::uuid`
    const [end] = yield* sql<{ incomplete: boolean; existing: number; removals: number; size: number; apply: boolean }>`
      WITH round AS MATERIALIZED (
        SELECT round, round_kind, round_seen, round_staged, size FROM ${rounds} WHERE ${isOwned} FOR UPDATE
      ), staged AS MATERIALIZED (
        SELECT count(*) AS number, count(removal) AS removed FROM ${sightings} WHERE ${collectionOf(tenant)}
      ), gone AS MATERIALIZED (
        SELECT g.ctid AS place, g.removed_at IS NULL AS is_new, s.removal FROM ${sightings} s, LATERAL (
          SELECT g.ctid, removed_at FROM ${objects} g
          WHERE ${objectsOf(tenant)} AND g.id = s.id AND g.removal IS DISTINCT FROM s.removal OFFSET 0) g
        WHERE ${collectionOf(tenant)} AND s.removal IS NOT NULL
        UNION ALL
        SELECT g.ctid, true, 'unknown' FROM (SELECT round FROM round WHERE round_kind = 'full' OFFSET 0) AS whole, LATERAL (
          SELECT g.ctid FROM ${objects} g
          WHERE ${objectsOf(tenant)} AND g.removed_at IS NULL AND g.seen_round IS DISTINCT FROM whole.round AND NOT EXISTS (
            SELECT FROM ${sightings} s WHERE ${collectionOf(tenant)} AND s.id = g.id OFFSET 0)
          OFFSET 0) g
      ), decided AS MATERIALIZED (
        SELECT round.size, existing, removals, incomplete,
          NOT incomplete AND removals <= ${mostRemovals(sql, size, proof)} AS apply
        FROM round, staged, (SELECT count(*) FILTER (WHERE is_new) AS removals FROM gone) AS counted,
          LATERAL (SELECT round.round_seen - staged.removed) AS left_over (existing),
          LATERAL (
            SELECT staged.number <> round.round_staged OR round.round_kind = 'full'
              AND ${proof.expected}::int - existing > floor(${proof.expected}::int * ${tolerance}::float8) IS TRUE
          ) AS judged (incomplete)
      ), ${removed}, forgotten AS (
        DELETE FROM ${sightings} WHERE ${collectionOf(tenant)}
      ), ended AS (
        UPDATE ${rounds} s SET round_run = NULL, round_kind = NULL, round_cursor = NULL, round_seen = NULL,
          round_staged = NULL,
          withheld = CASE WHEN decided.incomplete THEN s.withheld WHEN NOT decided.apply THEN decided.removals END,
          size = CASE WHEN decided.apply THEN s.size - decided.removals ELSE s.size END,
          run_id = CASE WHEN decided.apply THEN s.round_run ELSE s.run_id END,
          completed_at = CASE WHEN decided.apply THEN now() ELSE s.completed_at END,
          delta_cursor = CASE WHEN decided.apply THEN ${next?.cursor ?? null}::text ELSE s.delta_cursor END,
          delta_contract = CASE WHEN decided.apply THEN ${next?.contract ?? null}::text ELSE s.delta_contract END
        FROM decided WHERE ${isOwned}
      )
      SELECT incomplete, existing::int, removals::int, size, apply FROM decided`.pipe(Effect.orDie)
    if (end === undefined) return yield* roundTaken
    if (ginIndex !== null) yield* tidy()
    return endOf(end, proof)
  })
}

const endOf = (
  end: { readonly incomplete: boolean; existing: number; removals: number; size: number; apply: boolean },
  { expected }: RemovalProof
): RoundEnd => {
  if (end.incomplete) return { _tag: "Incomplete", existing: end.existing, expected: expected ?? undefined }
  return end.apply
    ? { _tag: "Applied", removed: end.removals }
    : { _tag: "Withheld", removals: end.removals, size: end.size }
}
