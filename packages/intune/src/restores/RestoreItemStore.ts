/**
 * The statements about the policies of a restore: their plans, and what became of them. The handlers of the two operations call
 * it, and `Restores` for its pages. It authorises nobody. Database failures are defects.
 *
 * @module
 */

import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { type RestoreAction, RestoreItem } from "./Restore.ts"
import type { ResolvedReference } from "./ResolvedReference.ts"

/** How many policies of a restore have an action and a result. */
export interface RestoreTally {
  readonly action: RestoreItem["action"]
  readonly result: RestoreItem["result"]
  readonly count: number
  /** How many of them have a reason: what of them cannot come back, or why they are not restored. */
  readonly noted: number
}

/** A policy without a plan. */
export interface UnplannedItem {
  readonly id: string
  readonly type: string | null
  readonly odataType: string | null
  readonly foldedTitle: string
  readonly contentHash: string
  readonly assignmentsHash: string | null
}

/** The plan for a policy, and what the tenant had when it was made. */
export interface ItemPlan extends Pick<RestoreItem, "action" | "difference" | "id" | "lacking" | "reason" | "seenId"> {
  readonly seenHash: string | null
  readonly seenAssignmentsHash: string | null
  readonly references: ReadonlyArray<ResolvedReference>
}

/** A policy of the tenant that will be overwritten, as the plan saw it. It shares id and kind with the backup's. */
export interface OverwrittenItem extends Omit<UnplannedItem, "foldedTitle"> {
  readonly source: string
}

/** What a plan makes of a policy that others may refer to. */
export interface RestoredTarget {
  readonly id: string
  /** The id of the tenant's policy; null if it is to be created. */
  readonly to: string | null
  /** The tenant's policy has the same title and says something else, and stays. */
  readonly isOther: boolean
}

/** A policy to write. */
export interface UnwrittenItem extends Omit<UnplannedItem, "type"> {
  readonly source: string
  readonly title: string
  readonly action: "create" | "update"
  /** Why, and what the plan leaves out. */
  readonly reason: string | null
  /** `writing`: an earlier attempt began to write it. */
  readonly result: "pending" | "writing"
  readonly seenId: string | null
  readonly seenHash: string | null
  readonly seenAssignmentsHash: string | null
  /** The references that are not written as the backup has them. */
  readonly references: ReadonlyArray<ResolvedReference>
}

/** That the write of a policy begins, or how it ended. */
export interface ItemResult {
  readonly result: "writing" | "done" | "failed" | "skipped"
  /** The id of the policy that was written. */
  readonly id: string | null
  readonly message: string | null
}

const decodeItems = Schema.decodeUnknownEffect(Schema.Array(RestoreItem))

/** Makes the statements. */
export const makeRestoreItemStore = Effect.map(SqlClient.SqlClient, (sql) => {
  const itemColumns =
    sql.literal(`source, id, type, title, action, reason, lacking, difference, seen_id AS "seenId", result,
    result_id AS "resultId", result_message AS "resultMessage"`)

  /** The policies of a restore by collection and id, after the last one that was shown. No actions: those of every action. */
  const list = Effect.fn("RestoreItemStore.list")(function* (
    restore: string,
    actions: ReadonlyArray<RestoreAction>,
    after: Pick<RestoreItem, "id" | "source"> | null,
    limit: number
  ) {
    const later = after === null ? sql`true` : sql`(source, id) > (${after.source}, ${after.id})`
    const chosen = actions.length === 0 ? sql`true` : sql.in("action", actions)
    return yield* decodeItems(
      yield* sql`
        SELECT ${itemColumns} FROM restore_items WHERE restore_id = ${restore}::uuid AND ${later} AND ${chosen}
        ORDER BY source, id LIMIT ${limit}`
    )
  }, Effect.orDie)

  const tally = Effect.fn("RestoreItemStore.tally")(
    (restore: string) => sql<RestoreTally>`
      SELECT action, result, count(*)::int AS count, count(reason)::int AS noted FROM restore_items
      WHERE restore_id = ${restore}::uuid GROUP BY action, result
      ORDER BY action, result`,
    Effect.orDie
  )

  /** How far the plan is; undefined if there is no such restore. */
  const readProgress = Effect.fn("RestoreItemStore.readProgress")(function* (restore: string) {
    const [row] = yield* sql<{ withAssignments: boolean; total: number; planned: number }>`
      SELECT with_assignments AS "withAssignments", count(i.id)::int AS total, count(i.action)::int AS planned
      FROM restores r LEFT JOIN restore_items i ON i.restore_id = r.id
      WHERE r.id = ${restore}::uuid GROUP BY r.id`
    return row
  }, Effect.orDie)

  /** The backup of a restore, and whether it may be of another tenant. */
  const readOrigin = Effect.fn("RestoreItemStore.readOrigin")(function* (restore: string) {
    const [row] = yield* sql<{ backup: string; isForeign: boolean }>`
      SELECT s.id::text AS backup, s.origin = 'import' AS "isForeign"
      FROM restores r JOIN backup_sets s ON s.id = r.set_id WHERE r.id = ${restore}::uuid`
    return row ?? (yield* Effect.die("A restore without its backup"))
  }, Effect.orDie)

  /** What a plan makes of the policies of a collection that others may refer to. */
  const listTargets = Effect.fn("RestoreItemStore.listTargets")(
    (restore: string, source: string) => sql<RestoredTarget>`
      SELECT id, CASE WHEN action <> 'create' THEN seen_id END AS "to", action = 'conflict' AS "isOther" FROM restore_items
      WHERE restore_id = ${restore}::uuid AND source = ${source}
        AND action IN ('create', 'update', 'unchanged', 'conflict')`,
    Effect.orDie
  )

  /** Which of these ids of the tenant are those of policies that the backup has and the restore is not of. */
  const listUnchosen = Effect.fn("RestoreItemStore.listUnchosen")(function* (
    restore: string,
    source: string,
    ids: ReadonlyArray<string>
  ) {
    const rows = yield* sql<{ id: string }>`
      SELECT b.id FROM restores r JOIN backup_items b ON b.set_id = r.set_id
      WHERE r.id = ${restore}::uuid AND b.source = ${source}
        AND b.id = ANY(ARRAY(SELECT json_array_elements_text(${JSON.stringify(ids)}::json)))
        AND NOT EXISTS (SELECT FROM restore_items i WHERE i.restore_id = r.id AND i.source = b.source AND i.id = b.id)`
    return rows.map(({ id }) => id)
  }, Effect.orDie)

  const listUnplanned = Effect.fn("RestoreItemStore.listUnplanned")(
    (restore: string, source: string) => sql<UnplannedItem>`
      SELECT r.id, b.type, b.odata_type AS "odataType", b.folded_title AS "foldedTitle",
        encode(r.content_hash, 'hex') AS "contentHash", encode(r.assignments_hash, 'hex') AS "assignmentsHash"
      FROM restores d JOIN restore_items r ON r.restore_id = d.id
        JOIN backup_items b ON b.set_id = d.set_id AND b.source = r.source AND b.id = r.id
      WHERE d.id = ${restore}::uuid AND r.source = ${source} AND r.action IS NULL ORDER BY r.id`,
    Effect.orDie
  )

  /** Stores the plans of one collection. What they saw must be stored first. */
  const storePlans = Effect.fn("RestoreItemStore.storePlans")(
    (restore: string, source: string, plans: ReadonlyArray<ItemPlan>) => sql`
      UPDATE restore_items i SET action = p.action, reason = p.reason, lacking = p.lacking, difference = p.difference,
        seen_id = p."seenId", seen_hash = decode(p."seenHash", 'hex'),
        seen_assignments_hash = decode(p."seenAssignmentsHash", 'hex'), "references" = p."references", changed_at = now(),
        result = CASE WHEN p.action IN ('create', 'update') THEN 'pending' ELSE 'skipped' END
      FROM json_to_recordset(${JSON.stringify(plans)}::json) AS p(id text, action text,
        reason text, lacking jsonb, difference jsonb, "seenId" text, "seenHash" text, "seenAssignmentsHash" text, "references" jsonb)
      WHERE i.restore_id = ${restore}::uuid AND i.source = ${source} AND i.id = p.id`,
    Effect.orDie,
    Effect.asVoid
  )

  /** Deletes the plan of an earlier preview, so that the next one compares everything anew. */
  const forgetPlan = Effect.fn("RestoreItemStore.forgetPlan")(
    (restore: string) => sql`
      UPDATE restore_items SET action = NULL, reason = NULL, lacking = '[]', difference = NULL, seen_id = NULL, seen_hash = NULL,
        seen_assignments_hash = NULL, "references" = NULL, result = 'pending', changed_at = now()
      WHERE restore_id = ${restore}::uuid AND action IS NOT NULL`,
    Effect.orDie,
    Effect.asVoid
  )

  const listOverwritten = Effect.fn("RestoreItemStore.listOverwritten")(
    (restore: string) => sql<OverwrittenItem>`
      SELECT i.source, i.seen_id AS id, b.type, b.odata_type AS "odataType", encode(i.seen_hash, 'hex') AS "contentHash",
        encode(i.seen_assignments_hash, 'hex') AS "assignmentsHash"
      FROM restore_items i JOIN restores r ON r.id = i.restore_id
        JOIN backup_items b ON b.set_id = r.set_id AND b.source = i.source AND b.id = i.id
      WHERE i.restore_id = ${restore}::uuid AND i.action = 'update'`,
    Effect.orDie
  )

  const listUnwritten = Effect.fn("RestoreItemStore.listUnwritten")(
    (restore: string) => sql<UnwrittenItem>`
      SELECT i.source, i.id, i.title, i.action, i.reason, i.result, b.odata_type AS "odataType", b.folded_title AS "foldedTitle",
        encode(i.content_hash, 'hex') AS "contentHash", encode(i.assignments_hash, 'hex') AS "assignmentsHash",
        i.seen_id AS "seenId", encode(i.seen_hash, 'hex') AS "seenHash",
        encode(i.seen_assignments_hash, 'hex') AS "seenAssignmentsHash", coalesce(i."references", '[]') AS "references"
      FROM restore_items i JOIN restores r ON r.id = i.restore_id
        JOIN backup_items b ON b.set_id = r.set_id AND b.source = i.source AND b.id = i.id
      WHERE i.restore_id = ${restore}::uuid AND i.result IN ('pending', 'writing') AND i.action IN ('create', 'update')
      ORDER BY i.source, i.id`,
    Effect.orDie
  )

  /** Records that a write begins, or how it ended. What is not recorded as `writing` was not touched. */
  const noteResult = Effect.fn("RestoreItemStore.noteResult")(
    (restore: string, item: Pick<UnwrittenItem, "id" | "source">, { id, message, result }: ItemResult) => sql`
      UPDATE restore_items SET result = ${result}, result_id = ${id}, result_message = ${message}, changed_at = now()
      WHERE restore_id = ${restore}::uuid AND source = ${item.source} AND id = ${item.id}`,
    Effect.orDie,
    Effect.asVoid
  )

  /** The policies of a collection that the restore has created: their ids in the backup, and in the tenant. */
  const listCreated = Effect.fn("RestoreItemStore.listCreated")(
    (restore: string, source: string) => sql<{ id: string; to: string }>`
      SELECT id, result_id AS "to" FROM restore_items
      WHERE restore_id = ${restore}::uuid AND source = ${source} AND result_id IS NOT NULL AND action = 'create'`,
    Effect.orDie
  )

  /** Which of these ids of the tenant the plan has seen or knows as others of the backup, or the restore has written. */
  const listKnown = Effect.fn("RestoreItemStore.listKnown")(function* (
    restore: string,
    source: string,
    ids: ReadonlyArray<string>
  ) {
    const known = yield* sql<{ id: string }>`
      SELECT id FROM json_array_elements_text(${JSON.stringify(ids)}::json) AS t(id)
      WHERE EXISTS (SELECT FROM restore_items i
        WHERE i.restore_id = ${restore}::uuid AND i.source = ${source} AND t.id IN (i.seen_id, i.result_id))
        OR EXISTS (SELECT FROM restores r JOIN backup_items b ON b.set_id = r.set_id
          WHERE r.id = ${restore}::uuid AND b.source = ${source} AND b.id = t.id)`
    return known.map(({ id }) => id)
  }, Effect.orDie)

  return {
    list,
    tally,
    readProgress,
    readOrigin,
    listTargets,
    listUnchosen,
    listUnplanned,
    storePlans,
    forgetPlan,
    listOverwritten,
    listUnwritten,
    noteResult,
    listCreated,
    listKnown
  }
})
