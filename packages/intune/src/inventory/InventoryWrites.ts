import type { RunId, TenantScope } from "@atlas/operations"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { PolicyRecord } from "../policies/PolicyRecord.ts"

/** What writing a page changed. */
export interface PageWritten {
  readonly created: number
  readonly updated: number
  readonly unchanged: number
}

/** How a collection that was read to its end was concluded. */
export type SourceEnd =
  | { readonly _tag: "Applied"; readonly removed: number; readonly size: number }
  /** More would have vanished than may without confirmation: nothing was removed. */
  | { readonly _tag: "Withheld"; readonly removals: number; readonly size: number }

/** A collection of a tenant, and the run that reads it. */
export interface SourceOwner {
  readonly tenant: TenantScope
  readonly run: RunId
  readonly source: string
  /** One reading of the collection from its beginning. What an attempt of the same run saw that died is not what this one sees. */
  readonly pass: string
}

/**
 * The statements that fill the inventory; they belong inside the run's transaction. Database failures are defects.
 *
 * @param sql the database
 */
export const makeInventoryWrites = (sql: SqlClient.SqlClient) => {
  const sourceIs = ({ source, tenant: { tenantId, workspaceId } }: SourceOwner) =>
    sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId} AND source = ${source}`

  /** The collections that this run has read to their ends. */
  const completed = Effect.fn("InventoryWrites.completed")(function* (tenant: TenantScope, run: RunId) {
    const rows = yield* sql<{ source: string }>`
      SELECT source FROM inventory_sources
      WHERE workspace_id = ${tenant.workspaceId} AND tenant_id = ${tenant.tenantId} AND run_id = ${run}::uuid`
    return new Set(rows.map(({ source }) => source))
  }, Effect.orDie)

  /** Stores a page, whose contents are stored already. Nothing is removed yet. */
  const writePage = Effect.fn("InventoryWrites.writePage")(function* (
    { pass, run, source, tenant }: SourceOwner,
    records: ReadonlyArray<PolicyRecord>
  ) {
    // One statement may write a row only once: of what a page tells twice, the later part wins.
    const page = [...new Map(records.map((record) => [record.id, record])).values()]
    const [written] = yield* sql<PageWritten>`
      WITH written AS (
        INSERT INTO policies AS p (workspace_id, tenant_id, source, id, type, finding, odata_type, title, folded_title,
          platform, scope_tags, last_modified, assignment_count, content_hash, assignments_hash, seen_run, seen_pass)
        SELECT ${tenant.workspaceId}, ${tenant.tenantId}, ${source}, id, type, finding, "odataType", title, "foldedTitle",
          platform, ARRAY(SELECT json_array_elements_text("scopeTags")), "lastModified", "assignmentCount",
          decode("contentHash", 'hex'), decode("assignmentsHash", 'hex'), ${run}::uuid, ${pass}::uuid
        FROM json_to_recordset(${JSON.stringify(page)}::json) AS r(id text, type text, finding text, "odataType" text,
          title text, "foldedTitle" text, platform text, "scopeTags" json, "lastModified" timestamptz,
          "assignmentCount" int, "contentHash" text, "assignmentsHash" text)
        ON CONFLICT (workspace_id, tenant_id, source, id) DO UPDATE SET
          type = excluded.type, finding = excluded.finding, odata_type = excluded.odata_type, title = excluded.title,
          folded_title = excluded.folded_title, platform = excluded.platform, scope_tags = excluded.scope_tags,
          last_modified = excluded.last_modified, assignment_count = excluded.assignment_count,
          content_hash = excluded.content_hash, assignments_hash = excluded.assignments_hash,
          seen_run = excluded.seen_run, seen_pass = excluded.seen_pass, seen_at = now(), removed_at = NULL,
          changed_at = CASE WHEN p.removed_at IS NULL
            AND (p.type, p.title, p.content_hash, p.assignments_hash) IS NOT DISTINCT FROM
              (excluded.type, excluded.title, excluded.content_hash, excluded.assignments_hash)
            THEN p.changed_at ELSE now() END
        RETURNING xmax = 0 AS is_new, changed_at = now() AS differs
      )
      SELECT count(*) FILTER (WHERE is_new)::int AS created,
        count(*) FILTER (WHERE NOT is_new AND differs)::int AS updated,
        count(*) FILTER (WHERE NOT differs)::int AS unchanged
      FROM written`
    return written ?? { created: 0, updated: 0, unchanged: 0 }
  }, Effect.orDie)

  /**
   * Ends a collection after its last page: what this reading has not seen is removed, unless that is more than may vanish at once.
   *
   * @param owner whose collection
   * @param proof the share, from 0 to 1, that may vanish without confirmation, and how many a person has confirmed
   */
  const complete = Effect.fn("InventoryWrites.complete")(function* (
    owner: SourceOwner,
    { confirmed, share }: { readonly share: number; readonly confirmed: number }
  ) {
    const { pass, run, source, tenant } = owner
    const [end] = yield* sql<{ apply: boolean; removals: number; size: number }>`
      WITH counted AS (
        SELECT count(*)::int AS size, count(*) FILTER (WHERE seen_pass <> ${pass}::uuid)::int AS removals
        FROM policies WHERE ${sourceIs(owner)} AND removed_at IS NULL
      ), decided AS (
        SELECT size, removals, removals <= greatest(1, size * ${share}::float8, ${confirmed}::int) AS apply FROM counted
      ), removed AS (
        UPDATE policies SET removed_at = now(), changed_at = now()
        WHERE ${sourceIs(owner)} AND removed_at IS NULL AND seen_pass <> ${pass}::uuid AND (SELECT apply FROM decided)
      ), ended AS (
        INSERT INTO inventory_sources AS s (workspace_id, tenant_id, source, run_id, completed_at, withheld)
        SELECT ${tenant.workspaceId}, ${tenant.tenantId}, ${source}, CASE WHEN apply THEN ${run}::uuid END,
          CASE WHEN apply THEN now() END, CASE WHEN NOT apply THEN removals END FROM decided
        ON CONFLICT (workspace_id, tenant_id, source) DO UPDATE SET withheld = excluded.withheld,
          run_id = coalesce(excluded.run_id, s.run_id), completed_at = coalesce(excluded.completed_at, s.completed_at)
      )
      SELECT apply, removals, size FROM decided`
    if (end === undefined) return yield* Effect.die("A collection could not be concluded")
    const result: SourceEnd = end.apply
      ? { _tag: "Applied", removed: end.removals, size: end.size - end.removals }
      : { _tag: "Withheld", removals: end.removals, size: end.size }
    return result
  }, Effect.orDie)

  return { completed, writePage, complete }
}
