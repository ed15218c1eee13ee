/**
 * The statements that begin, fill and seal a backup. Run them inside a transaction. The database refuses them for a sealed
 * backup.
 *
 * @module
 */

import type { RunId, TenantScope } from "@atlas/operations"
import { Effect, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import type { SqlClient, Statement } from "effect/sql"
import { MissingPart } from "./BackupSet.ts"
import type { PolicyRecord } from "../policies/PolicyRecord.ts"

/** Where a backup comes from. */
export type BackupOrigin =
  | { readonly kind: "schedule"; readonly schedule: string; readonly run: RunId }
  | { readonly kind: "import" | "restore" }

/** A backup that is being made. */
export interface OpenBackup {
  readonly id: string
  /** The collections that are complete, or known to be missing. */
  readonly done: ReadonlySet<string>
}

const encodeMissing = Schema.encodeSync(Schema.fromJsonString(Schema.Array(MissingPart)))

/** The list of items as one text, from `backup_items i`. The backup keeps its hash: equal lists, equal hashes. */
export const manifestText = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql.literal(`coalesce(string_agg(concat_ws(' ', i.source, i.id, coalesce(i.type, '-'), encode(i.content_hash, 'hex'),
    coalesce(encode(i.assignments_hash, 'hex'), '-')), chr(10) ORDER BY i.source COLLATE "C", i.id COLLATE "C"), '')`)

/** Makes the statements. Database failures are defects. */
export const makeBackupStore = (sql: SqlClient.SqlClient) => {
  /** Begins a backup, or finds the one that the same run has begun. */
  const open = Effect.fn("BackupStore.open")(function* (tenant: TenantScope, name: string, origin: BackupOrigin) {
    const scheduled = origin.kind === "schedule" ? origin : null
    const [row] = yield* sql<{ id: string; done: ReadonlyArray<string> }>`
      INSERT INTO backup_sets (id, workspace_id, tenant_id, name, origin, schedule_id, run_id)
      VALUES (${SecureRandom.uuidV7Unsafe()}::uuid, ${tenant.workspaceId}, ${tenant.tenantId}, ${name}, ${origin.kind},
        ${scheduled?.schedule ?? null}::uuid, ${scheduled?.run ?? null}::uuid)
      ON CONFLICT (run_id) DO UPDATE SET run_id = excluded.run_id
      RETURNING id::text, sources_done AS done`
    if (row === undefined) return yield* Effect.die("A backup could not be begun")
    const backup: OpenBackup = { id: row.id, done: new Set(row.done) }
    return backup
  }, Effect.orDie)

  /** Deletes what an unfinished attempt stored of a collection. */
  const restart = Effect.fn("BackupStore.restart")(
    (backup: OpenBackup, source: string) =>
      sql`DELETE FROM backup_items WHERE set_id = ${backup.id}::uuid AND source = ${source}`,
    Effect.orDie,
    Effect.asVoid
  )

  /** Adds policies of a collection. Their contents must be stored first. */
  const add = Effect.fn("BackupStore.add")(function* (
    tenant: TenantScope,
    backup: OpenBackup,
    source: string,
    records: ReadonlyArray<PolicyRecord>
  ) {
    yield* sql`
      INSERT INTO backup_items (set_id, source, id, workspace_id, tenant_id, type, odata_type, title, folded_title,
        platform, assignment_count, content_hash, assignments_hash)
      SELECT DISTINCT ON (id) ${backup.id}::uuid, ${source}, id, ${tenant.workspaceId}, ${tenant.tenantId}, type, "odataType", title,
        "foldedTitle", platform, "assignmentCount", decode("contentHash", 'hex'), decode("assignmentsHash", 'hex')
      FROM json_to_recordset(${JSON.stringify(records)}::json) AS r(id text, type text, "odataType" text, title text,
        "foldedTitle" text, platform text, "assignmentCount" int, "contentHash" text, "assignmentsHash" text)
      ON CONFLICT (set_id, source, id) DO NOTHING`
  }, Effect.orDie)

  /** Records that a collection was read, and what of it is missing. */
  const conclude = Effect.fn("BackupStore.conclude")(function* (
    backup: OpenBackup,
    source: string,
    missing: ReadonlyArray<MissingPart>
  ) {
    yield* sql`
      UPDATE backup_sets SET sources_done = array_append(sources_done, ${source}),
        missing = missing || ${encodeMissing(missing)}::jsonb
      WHERE id = ${backup.id}::uuid AND NOT ${source} = ANY(sources_done)`
  }, Effect.orDie)

  /** Seals a backup: from now on nobody changes it. It is time for the retention of its schedule. */
  const seal = Effect.fn("BackupStore.seal")(function* (backup: OpenBackup) {
    const [row] = yield* sql<{ state: "complete" | "partial"; items: number }>`
      WITH sealed AS (
        UPDATE backup_sets s SET state = CASE WHEN s.missing = '[]' THEN 'complete' ELSE 'partial' END, sealed_at = now(),
          item_count = listed.items, manifest_hash = sha256(convert_to(listed.text, 'UTF8'))
        FROM (SELECT count(*)::int AS items, ${manifestText(sql)} AS text FROM backup_items i
          WHERE i.set_id = ${backup.id}::uuid) AS listed
        WHERE s.id = ${backup.id}::uuid AND s.state = 'open' RETURNING s.state, s.item_count AS items, s.schedule_id
      ), counted AS (
        UPDATE backup_schedules k SET next_retention_at = now() FROM sealed WHERE k.id = sealed.schedule_id
      )
      SELECT state, items FROM sealed`
    return row ?? (yield* Effect.die("A backup was sealed already"))
  }, Effect.orDie)

  return { open, restart, add, conclude, seal }
}
