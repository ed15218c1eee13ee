/**
 * The statements that read backups. They authorise nobody: `Backups` does, for people. `BackupStore` has the statements that
 * make backups. Database failures are defects.
 *
 * @module
 */

import { Problems, type TenantScope, Folding } from "@atlas/operations"
import { Effect, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { BackupId, BackupItem, BackupSet } from "./BackupSet.ts"
import { manifestText } from "./BackupStore.ts"

const isId = Schema.is(BackupId)
const decodeSets = Schema.decodeUnknownEffect(Schema.Array(BackupSet))
const decodeItems = Schema.decodeUnknownEffect(Schema.Array(BackupItem))

const escapeLike = (text: string) => text.replace(/[\\%_]/g, "\\$&")

/** Makes the statements. */
export const makeBackupReads = Effect.map(SqlClient.SqlClient, (sql) => {
  const columns =
    sql.literal(`id::text, origin, schedule_id::text AS "scheduleId", run_id::text AS "runId", name, state,
    missing, item_count AS "itemCount", encode(manifest_hash, 'hex') AS "manifestHash", created_at AS "createdAt",
    sealed_at AS "sealedAt", expired_at AS "expiredAt"`)
  const itemColumns = sql.literal(`source, id, type, odata_type AS "odataType", title, platform,
    assignment_count AS "assignmentCount", encode(content_hash, 'hex') AS "contentHash",
    encode(assignments_hash, 'hex') AS "assignmentsHash"`)
  const tenantIs = ({ tenantId, workspaceId }: TenantScope) =>
    sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`

  const find = Effect.fn("BackupReads.find")(function* (tenant: TenantScope, id: string) {
    if (!isId(id)) return yield* new Problems.NotFound({})
    const rows = sql`SELECT ${columns} FROM backup_sets WHERE ${tenantIs(tenant)} AND id = ${id}::uuid`
    const [backup] = yield* Effect.orDie(Effect.flatMap(rows, decodeSets))
    return backup ?? (yield* new Problems.NotFound({}))
  })

  const findOfRun = Effect.fn("BackupReads.findOfRun")(function* (tenant: TenantScope, run: string) {
    const rows = sql`SELECT ${columns} FROM backup_sets WHERE ${tenantIs(tenant)} AND run_id = ${run}::uuid`
    const [backup] = yield* Effect.flatMap(rows, decodeSets)
    return Option.fromUndefinedOr(backup)
  }, Effect.orDie)

  /** Sealed and expired backups of a tenant, or of one schedule, newest first. */
  const list = Effect.fn("BackupReads.list")(function* (
    tenant: TenantScope,
    page: { readonly schedule: string | null; readonly before: string | null; readonly limit: number }
  ) {
    const { before, limit, schedule } = page
    const isShown = sql.and([sql`state <> 'open'`, ...(before === null ? [] : [sql`id < ${before}::uuid`])])
    // A schedule's backups are of one tenant. Selected by both, they might be looked for among all that the tenant has.
    const isOf = schedule === null ? tenantIs(tenant) : sql`schedule_id = ${schedule}::uuid`
    return yield* decodeSets(
      yield* sql`
        SELECT ${columns} FROM (
          SELECT * FROM backup_sets WHERE ${isOf} AND ${isShown} ORDER BY id DESC LIMIT ${limit}
        ) AS newest WHERE ${tenantIs(tenant)} ORDER BY newest.id DESC`
    )
  }, Effect.orDie)

  /** The items of a backup by title, after the last one that was shown. */
  const listItems = Effect.fn("BackupReads.listItems")(function* (
    backup: string,
    page: {
      readonly query: string
      readonly after: Pick<BackupItem, "id" | "source" | "title"> | null
      readonly limit: number
    }
  ) {
    const { after, limit, query } = page
    const folded = Folding.foldName(query)
    const conditions = [
      sql`set_id = ${backup}::uuid`,
      ...(folded === "" ? [] : [sql`folded_title LIKE ${`%${escapeLike(folded)}%`}`]),
      ...(after === null
        ? []
        : [
            sql`(folded_title, source, id) > (${Folding.foldName(after.title)} COLLATE "C", ${after.source}, ${after.id})`
          ])
    ]
    return yield* decodeItems(
      yield* sql`
        SELECT ${itemColumns} FROM backup_items WHERE ${sql.and(conditions)} ORDER BY folded_title, source, id
        LIMIT ${limit}`
    )
  }, Effect.orDie)

  const findItem = Effect.fn("BackupReads.findItem")(function* (
    backup: string,
    { id, source }: Pick<BackupItem, "id" | "source">
  ) {
    const rows = sql`
      SELECT ${itemColumns} FROM backup_items WHERE set_id = ${backup}::uuid AND source = ${source} AND id = ${id}`
    const [item] = yield* Effect.orDie(Effect.flatMap(rows, decodeItems))
    return item ?? (yield* new Problems.NotFound({}))
  })

  /** The tenant of a sealed backup, and whether its list of items is the one that was sealed. */
  const readSeal = Effect.fn("BackupReads.readSeal")(function* (id: string) {
    if (!isId(id)) return yield* new Problems.NotFound({})
    const [sealed] = yield* Effect.orDie(sql<TenantScope & { holds: boolean }>`
      SELECT workspace_id AS "workspaceId", tenant_id AS "tenantId", manifest_hash IS NOT DISTINCT FROM (
        SELECT sha256(convert_to(${manifestText(sql)}, 'UTF8')) FROM backup_items i WHERE i.set_id = s.id) AS holds
      FROM backup_sets s WHERE id = ${id}::uuid AND state IN ('complete', 'partial')`)
    return sealed ?? (yield* new Problems.NotFound({}))
  })

  /** The tenant of a sealed backup. */
  const readTenant = Effect.fn("BackupReads.readTenant")(function* (id: string) {
    if (!isId(id)) return yield* new Problems.NotFound({})
    const [tenant] = yield* Effect.orDie(sql<TenantScope>`
      SELECT workspace_id AS "workspaceId", tenant_id AS "tenantId" FROM backup_sets
      WHERE id = ${id}::uuid AND state IN ('complete', 'partial')`)
    return tenant ?? (yield* new Problems.NotFound({}))
  })

  /** All items of a backup by collection and id. */
  const listManifest = Effect.fn("BackupReads.listManifest")(function* (backup: string) {
    return yield* decodeItems(
      yield* sql`SELECT ${itemColumns} FROM backup_items WHERE set_id = ${backup}::uuid ORDER BY source, id`
    )
  }, Effect.orDie)

  return { find, findOfRun, list, listItems, findItem, readSeal, readTenant, listManifest }
})
