/**
 * Backups, read from the database only. Pages and the HTTP API call `list`, `get`, `ofRun`, `items` and `content`, which
 * authorise. Command lines call `manifest` and `verify`, which authorise nobody: whoever holds the database may call them.
 *
 * @module
 */

import {
  type Actor,
  Authorization,
  Decoding,
  foldName,
  isStorable,
  Problems,
  type TenantScope
} from "@atlas/operations"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { PolicyName, TitledPolicyName } from "../policies/Arguments.ts"
import { BackupId, BackupItem, BackupSet } from "./BackupSet.ts"
import { viewBackups } from "./BackupSchedules.ts"
import { manifestText } from "./BackupStore.ts"
import { type DamagedSnapshot, PolicyStore } from "../policies/PolicyStore.ts"

type Refused = Problems.Refusal

/** What `verify` found. */
export interface BackupVerification {
  readonly items: number
  /** The list of items is the one that was sealed. */
  readonly manifestHolds: boolean
  readonly damaged: ReadonlyArray<DamagedSnapshot>
}

const escapeLike = (text: string) => text.replace(/[\\%_]/g, "\\$&")

/** Reads backups. Outsiders get `NotFound`; members without `tenant.backups.view` get `Forbidden`. */
export class Backups extends Context.Service<
  Backups,
  {
    /**
     * Sealed and expired backups of a tenant, or of one schedule, newest first. `before` is the id of the last backup that was
     * shown; `limit` is 1 to 200.
     */
    list(
      actor: Actor,
      tenantId: string,
      page: { readonly schedule?: string; readonly before: string | null; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<BackupSet>, Refused>
    get(actor: Actor, tenantId: string, id: string): Effect.Effect<BackupSet, Refused>
    /** The backup that a run made or is making. */
    ofRun(actor: Actor, tenantId: string, runId: string): Effect.Effect<Option.Option<BackupSet>, Refused>
    /** The items of a backup by title, after the last one that was shown. `limit` is 1 to 200. */
    items(
      actor: Actor,
      tenantId: string,
      id: string,
      page: {
        readonly query: string
        readonly after: Pick<BackupItem, "id" | "source" | "title"> | null
        readonly limit: number
      }
    ): Effect.Effect<ReadonlyArray<BackupItem>, Refused>
    /** What a policy said at the time of the backup: canonical JSON with references in place of secrets. */
    content(
      actor: Actor,
      tenantId: string,
      id: string,
      item: { readonly source: string; readonly id: string }
    ): Effect.Effect<
      { readonly item: BackupItem; readonly content: string; readonly assignments: string | null },
      Refused
    >
    /** The tenant and all items of a backup. Authorises nobody. `NotFound` for an unknown or expired backup. */
    manifest(id: string): Effect.Effect<
      {
        readonly tenant: TenantScope
        readonly items: ReadonlyArray<Pick<BackupItem, "assignmentsHash" | "contentHash" | "id" | "source">>
      },
      Problems.NotFound
    >
    /** Computes all hashes again. Authorises nobody. `NotFound` for an unknown or expired backup. */
    verify(id: string): Effect.Effect<BackupVerification, Problems.NotFound>
  }
>()("@atlas/intune/Backups") {
  static readonly layer: Layer.Layer<Backups, never, Authorization | PolicyStore | SqlClient.SqlClient> = Layer.effect(
    Backups,
    Effect.suspend(() => make)
  )
}

const setColumns = (sql: SqlClient.SqlClient) =>
  sql.literal(`id::text, origin, schedule_id::text AS "scheduleId", run_id::text AS "runId", name, state, missing,
  item_count AS "itemCount", encode(manifest_hash, 'hex') AS "manifestHash", created_at AS "createdAt",
  sealed_at AS "sealedAt", expired_at AS "expiredAt"`)

/** The columns of an item, for rows that `BackupItem` decodes. */
const itemColumns = (sql: SqlClient.SqlClient) =>
  sql.literal(`source, id, type, odata_type AS "odataType", title, platform,
  assignment_count AS "assignmentCount", encode(content_hash, 'hex') AS "contentHash",
  encode(assignments_hash, 'hex') AS "assignmentsHash"`)

const isId = Schema.is(BackupId)

const decodeListPage = Decoding.argumentsOf(
  Schema.Struct({
    page: Schema.Struct({
      schedule: Schema.optional(Schema.String),
      before: Schema.NullOr(Schema.String),
      limit: Decoding.pageLimit(200)
    })
  })
)
const decodeItemPage = Decoding.argumentsOf(
  Schema.Struct({
    page: Schema.Struct({
      query: Schema.String,
      after: Schema.NullOr(TitledPolicyName),
      limit: Decoding.pageLimit(200)
    })
  })
)
const decodeName = Decoding.argumentsOf(Schema.Struct({ item: PolicyName }))

// How many bodies are in memory at once while `verify` computes hashes.
const verifiedAtOnce = 200

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const door = yield* Authorization
  const store = yield* PolicyStore
  const decodeSets = Schema.decodeUnknownEffect(Schema.Array(BackupSet))
  const decodeItems = Schema.decodeUnknownEffect(Schema.Array(BackupItem))
  const [columns, columnsOfItems] = [setColumns(sql), itemColumns(sql)]

  const tenantIs = ({ tenantId, workspaceId }: TenantScope) =>
    sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`

  const find = Effect.fnUntraced(function* (tenant: TenantScope, id: string) {
    const rows = isId(id)
      ? yield* Effect.orDie(sql`SELECT ${columns} FROM backup_sets WHERE ${tenantIs(tenant)} AND id = ${id}::uuid`)
      : []
    const [backup] = yield* Effect.orDie(decodeSets(rows))
    return backup ?? (yield* new Problems.NotFound({}))
  })

  const list = Effect.fn("Backups.list")(function* (
    actor: Actor,
    tenantId: string,
    given: { readonly schedule?: string; readonly before: string | null; readonly limit: number }
  ) {
    const { before, limit, schedule } = (yield* decodeListPage({ page: given })).page
    const tenant = yield* door.tenant(actor, tenantId, viewBackups, "backup")
    if ((before !== null && !isId(before)) || (schedule !== undefined && !isId(schedule))) return []
    const isShown = sql.and([sql`state <> 'open'`, ...(before === null ? [] : [sql`id < ${before}::uuid`])])
    // A schedule's backups are of one tenant. Selected by both, they might be looked for among all that the tenant has.
    const newest =
      schedule === undefined
        ? sql`SELECT * FROM backup_sets WHERE ${tenantIs(tenant)} AND ${isShown} ORDER BY id DESC LIMIT ${limit}`
        : sql`
          SELECT * FROM backup_sets WHERE schedule_id = ${schedule}::uuid AND ${isShown} ORDER BY id DESC LIMIT ${limit}`
    const rows = sql`SELECT ${columns} FROM (${newest}) AS newest WHERE ${tenantIs(tenant)} ORDER BY newest.id DESC`
    return yield* Effect.orDie(decodeSets(yield* Effect.orDie(rows)))
  })

  const get = Effect.fn("Backups.get")(function* (actor: Actor, tenantId: string, id: string) {
    return yield* find(yield* door.tenant(actor, tenantId, viewBackups, "backup"), id)
  })

  const ofRun = Effect.fn("Backups.ofRun")(function* (actor: Actor, tenantId: string, runId: string) {
    const tenant = yield* door.tenant(actor, tenantId, viewBackups, "backup")
    if (!isId(runId)) return Option.none()
    const rows = sql`SELECT ${columns} FROM backup_sets WHERE ${tenantIs(tenant)} AND run_id = ${runId}::uuid`
    const [backup] = yield* Effect.orDie(decodeSets(yield* Effect.orDie(rows)))
    return Option.fromUndefinedOr(backup)
  })

  const items = Effect.fn("Backups.items")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    given: {
      readonly query: string
      readonly after: Pick<BackupItem, "id" | "source" | "title"> | null
      readonly limit: number
    }
  ) {
    const { after, limit, query } = (yield* decodeItemPage({ page: given })).page
    const backup = yield* get(actor, tenantId, id)
    if (!isStorable(query) || (after !== null && ![after.title, after.source, after.id].every(isStorable))) return []
    const folded = foldName(query)
    const conditions = [
      sql`set_id = ${backup.id}::uuid`,
      ...(folded === "" ? [] : [sql`folded_title LIKE ${`%${escapeLike(folded)}%`}`]),
      ...(after === null
        ? []
        : [sql`(folded_title, source, id) > (${foldName(after.title)} COLLATE "C", ${after.source}, ${after.id})`])
    ]
    const rows = sql`
      SELECT ${columnsOfItems} FROM backup_items WHERE ${sql.and(conditions)} ORDER BY folded_title, source, id
      LIMIT ${limit}`
    return yield* Effect.orDie(decodeItems(yield* Effect.orDie(rows)))
  })

  const content = Effect.fn("Backups.content")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    given: { readonly source: string; readonly id: string }
  ) {
    const { item: wanted } = yield* decodeName({ item: given })
    const tenant = yield* door.tenant(actor, tenantId, viewBackups, "backup")
    const backup = yield* find(tenant, id)
    const rows = [wanted.source, wanted.id].every(isStorable)
      ? yield* Effect.orDie(sql`
          SELECT ${columnsOfItems} FROM backup_items
          WHERE set_id = ${backup.id}::uuid AND source = ${wanted.source} AND id = ${wanted.id}`)
      : []
    const [item] = yield* Effect.orDie(decodeItems(rows))
    if (item === undefined) return yield* new Problems.NotFound({})
    const { assignmentsHash, contentHash } = item
    const texts = yield* store.texts(tenant, [contentHash, ...(assignmentsHash === null ? [] : [assignmentsHash])])
    return {
      item,
      content: texts.get(contentHash) ?? "",
      assignments: assignmentsHash === null ? null : (texts.get(assignmentsHash) ?? "")
    }
  })

  const manifest = Effect.fn("Backups.manifest")(function* (id: string) {
    const [tenant] = isId(id)
      ? yield* Effect.orDie(sql<TenantScope>`
          SELECT workspace_id AS "workspaceId", tenant_id AS "tenantId" FROM backup_sets
          WHERE id = ${id}::uuid AND state IN ('complete', 'partial')`)
      : []
    if (tenant === undefined) return yield* new Problems.NotFound({})
    const rows = sql`SELECT ${columnsOfItems} FROM backup_items WHERE set_id = ${id}::uuid ORDER BY source, id`
    return { tenant, items: yield* Effect.orDie(decodeItems(yield* Effect.orDie(rows))) }
  })

  const verify = Effect.fn("Backups.verify")(function* (id: string) {
    const [backup] = isId(id)
      ? yield* Effect.orDie(sql<TenantScope & { holds: boolean }>`
          SELECT workspace_id AS "workspaceId", tenant_id AS "tenantId", manifest_hash IS NOT DISTINCT FROM (
            SELECT sha256(convert_to(${manifestText(sql)}, 'UTF8')) FROM backup_items i WHERE i.set_id = s.id)
            AS holds
          FROM backup_sets s WHERE id = ${id}::uuid AND state IN ('complete', 'partial')`)
      : []
    if (backup === undefined) return yield* new Problems.NotFound({})
    const { items: listed } = yield* manifest(id)
    const hashes = [
      ...new Set(listed.flatMap(({ assignmentsHash, contentHash }) => [contentHash, assignmentsHash ?? contentHash]))
    ]
    const damaged: Array<DamagedSnapshot> = []
    for (let from = 0; from < hashes.length; from += verifiedAtOnce) {
      damaged.push(...(yield* store.verify(backup, hashes.slice(from, from + verifiedAtOnce))))
    }
    return { items: listed.length, manifestHolds: backup.holds, damaged }
  })

  return Backups.of({ list, get, ofRun, items, content, manifest, verify })
})
