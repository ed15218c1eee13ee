/**
 * The statements that record and find restores. It authorises nobody: `Restores` does. `RestoreItemStore` has the statements
 * about their policies, `state.ts` those that take a restore from one state to the next. Database failures are defects.
 *
 * @module
 */

import { type Actor, encodeActor, type OperationScope, Problems, type TenantScope } from "@atlas/operations"
import { Effect, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient } from "effect/sql"
import type { OpenBackup } from "../backups/BackupStore.ts"
import { Restore } from "./Restore.ts"
import { RestoreId } from "./RestoreOperations.ts"
import type { RestoreState } from "./state.ts"

/** What a new restore is of. */
export interface NewRestore {
  readonly backup: string
  /** Policies of the backup; null for all. */
  readonly items: ReadonlyArray<{ readonly source: string; readonly id: string }> | null
  readonly withAssignments: boolean
  /** What policies are to say in place of what the backup says. */
  readonly given: ReadonlyArray<GivenContent>
}

/** A policy of a backup that somebody has given values for, and the hash of its content with them. */
export interface GivenContent {
  readonly source: string
  readonly id: string
  readonly hash: string
}

/** SHA-256, in hexadecimal digits. */
export interface RestoreDigests {
  /** Of who asks, where, and with which key. */
  readonly plan: string
  /** Of what is asked for. */
  readonly request: string
}

const isId = Schema.is(RestoreId)
const decode = Schema.decodeUnknownEffect(Schema.Array(Restore))

/** Makes the statements. */
export const makeRestoreStore = Effect.map(SqlClient.SqlClient, (sql) => {
  const columns = sql.literal(`id::text, set_id::text AS "backupId", with_assignments AS "withAssignments", state,
    preview_run::text AS "previewRun", execute_run::text AS "executeRun", safety_set::text AS "safetyBackupId",
    created_by AS "createdBy", confirmed_by AS "confirmedBy", created_at AS "createdAt", planned_at AS "plannedAt",
    confirmed_at AS "confirmedAt", done_at AS "doneAt", archived_at AS "archivedAt"`)
  const tenantIs = ({ tenantId, workspaceId }: OperationScope) =>
    sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`
  const isOne = (tenant: OperationScope, id: string) => sql`${tenantIs(tenant)} AND id = ${id}::uuid`

  const find = Effect.fn("RestoreStore.find")(function* (tenant: TenantScope, id: string) {
    if (!isId(id)) return yield* new Problems.NotFound({})
    const rows = yield* Effect.orDie(sql`SELECT ${columns} FROM restores WHERE ${isOne(tenant, id)}`)
    const [restore] = yield* Effect.orDie(decode(rows))
    return restore ?? (yield* new Problems.NotFound({}))
  })

  /** The same, locked against other changes until the transaction ends. */
  const lock = Effect.fn("RestoreStore.lock")(function* (tenant: TenantScope, id: string) {
    if (!isId(id)) return yield* new Problems.NotFound({})
    const rows = yield* Effect.orDie(sql`SELECT ${columns} FROM restores WHERE ${isOne(tenant, id)} FOR NO KEY UPDATE`)
    const [restore] = yield* Effect.orDie(decode(rows))
    return restore ?? (yield* new Problems.NotFound({}))
  })

  /** The state of a restore, for the gates; undefined if the tenant has no such restore. */
  const readState = Effect.fn("RestoreStore.readState")(function* (tenant: OperationScope, id: string) {
    const [row] = yield* sql<{ state: RestoreState }>`SELECT state FROM restores WHERE ${isOne(tenant, id)}`
    return row?.state
  }, Effect.orDie)

  /** The restores of a tenant, or of one of its backups, newest first. */
  const list = Effect.fn("RestoreStore.list")(function* (
    tenant: TenantScope,
    page: { readonly backup: string | null; readonly before: string | null; readonly limit: number }
  ) {
    const { backup, before, limit } = page
    const conditions = [
      tenantIs(tenant),
      ...(backup === null ? [] : [sql`set_id = ${backup}::uuid`]),
      ...(before === null ? [] : [sql`id < ${before}::uuid`])
    ]
    return yield* decode(
      yield* sql`SELECT ${columns} FROM restores WHERE ${sql.and(conditions)} ORDER BY id DESC LIMIT ${limit}`
    )
  }, Effect.orDie)

  /**
   * Records a restore and the policies that it is of. Null if there is one of the same `digests.plan`, or if the tenant has no
   * such backup.
   */
  const insert = Effect.fn("RestoreStore.insert")(function* (
    actor: Actor,
    tenant: TenantScope,
    { backup, given, items, withAssignments }: NewRestore,
    digests: RestoreDigests
  ) {
    const id = SecureRandom.uuidV7Unsafe()
    const chosen =
      items === null
        ? sql`true`
        : sql`(b.source, b.id) IN (SELECT w.source, w.id
            FROM json_to_recordset(${JSON.stringify(items)}::json) AS w(source text, id text))`
    const [row] = yield* sql<{ made: boolean; items: number }>`
      WITH made AS (
        INSERT INTO restores (id, workspace_id, tenant_id, set_id, with_assignments, plan_digest, request_digest, created_by)
        SELECT ${id}::uuid, workspace_id, tenant_id, id, ${withAssignments}, decode(${digests.plan}, 'hex'),
          decode(${digests.request}, 'hex'), ${encodeActor(actor)}::jsonb
        FROM backup_sets WHERE ${isOne(tenant, backup)} AND state IN ('complete', 'partial')
        ON CONFLICT (plan_digest) DO NOTHING RETURNING id, set_id
      ), listed AS (
        INSERT INTO restore_items (restore_id, source, id, workspace_id, tenant_id, type, title, content_hash,
          assignments_hash)
        SELECT made.id, b.source, b.id, b.workspace_id, b.tenant_id, b.type, b.title,
          coalesce(decode(g.hash, 'hex'), b.content_hash), b.assignments_hash
        FROM made JOIN backup_items b ON b.set_id = made.set_id
          LEFT JOIN json_to_recordset(${JSON.stringify(given)}::json) AS g(source text, id text, hash text)
            ON g.source = b.source AND g.id = b.id
        WHERE ${chosen} RETURNING true
      )
      SELECT EXISTS (SELECT FROM made) AS made, (SELECT count(*)::int FROM listed) AS items`
    return row?.made === true ? { id, items: row.items } : null
  }, Effect.orDie)

  /** What policies of a backup of the tenant say, as hashes. */
  const listContents = Effect.fn("RestoreStore.listContents")(
    (tenant: TenantScope, backup: string, policies: ReadonlyArray<Pick<GivenContent, "id" | "source">>) =>
      sql<GivenContent>`
        SELECT b.source, b.id, encode(b.content_hash, 'hex') AS hash
        FROM backup_sets s
          CROSS JOIN json_to_recordset(${JSON.stringify(policies)}::json) AS w(source text, id text)
          JOIN backup_items b ON b.set_id = s.id AND b.source = w.source AND b.id = w.id
        WHERE s.workspace_id = ${tenant.workspaceId} AND s.tenant_id = ${tenant.tenantId} AND s.id = ${backup}::uuid`,
    Effect.orDie
  )

  /** The restore that the same person asked for with the same key, and whether it is of the same. */
  const findEarlier = Effect.fn("RestoreStore.findEarlier")(function* ({ plan, request }: RestoreDigests) {
    const [earlier] = yield* sql<{ id: string; same: boolean; run: string | null }>`
      SELECT id::text, request_digest = decode(${request}, 'hex') AS same, preview_run::text AS run
      FROM restores WHERE plan_digest = decode(${plan}, 'hex')`
    return earlier
  }, Effect.orDie)

  /** Notes the backup of what will be overwritten. */
  const noteSafety = Effect.fn("RestoreStore.noteSafety")(
    (restore: string, { id }: OpenBackup) =>
      sql`UPDATE restores SET safety_set = ${id}::uuid WHERE id = ${restore}::uuid`,
    Effect.orDie,
    Effect.asVoid
  )

  return { find, lock, readState, list, insert, listContents, findEarlier, noteSafety }
})
