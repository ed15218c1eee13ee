/**
 * Requests for restores, and the statements that record, find and list restores. The same request of the same person with the
 * same idempotency key is the same restore. It authorises nobody: `Restores` does that, and decodes `RestoreRequest`.
 *
 * @module
 */

import { createHash } from "node:crypto"
import { type Actor, Decoding, encodeActor, Problems, StorableText, type TenantScope } from "@atlas/operations"
import { Effect, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient, type SqlError } from "effect/sql"
import { BackupId } from "../backups/BackupSet.ts"
import { Restore } from "./Restore.ts"
import { RestoreId } from "./RestoreOperations.ts"

/** A person's request for a restore. */
export const RestoreRequest = Schema.Struct({
  backup: BackupId,
  /** Policies of the backup; null for all. */
  items: Schema.NullOr(
    Schema.Array(Schema.Struct({ source: StorableText, id: StorableText })).check(
      Schema.isMinLength(1),
      Schema.isMaxLength(10_000)
    )
  ),
  /** Whether to restore their assignments, too. */
  withAssignments: Schema.Boolean
})
export type RestoreRequest = typeof RestoreRequest.Type

/** Checks the idempotency key of a request. It is required: `undefined` and an empty text are no key. */
export const requireKey = (key: unknown) =>
  key === undefined || key === ""
    ? Effect.fail(new Problems.IdempotencyKeyRequired({}))
    : Decoding.checkIdempotencyKey(key)

const digestOf = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex")

/** The requested policies, each once and in one order: requests for the same policies are equal. */
const distinct = (items: RestoreRequest["items"]) =>
  items &&
  [...new Map(items.map(({ id, source }) => [JSON.stringify([source, id]), { source, id }])).entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, item]) => item)

const isId = Schema.is(RestoreId)
const decode = Schema.decodeUnknownEffect(Schema.Array(Restore))

/** A recorded request for a restore. */
export interface RecordedRequest {
  readonly restore: Restore
  /** The same person made this request before, with the same key. */
  readonly known: boolean
}

/** Makes the statements. Database failures are defects. */
export const makeRestoreRecords = Effect.map(SqlClient.SqlClient, (sql) => {
  const columns = sql.literal(`id::text, set_id::text AS "backupId", with_assignments AS "withAssignments", state,
    preview_run::text AS "previewRun", execute_run::text AS "executeRun", safety_set::text AS "safetyBackupId",
    created_by AS "createdBy", confirmed_by AS "confirmedBy", created_at AS "createdAt", planned_at AS "plannedAt",
    confirmed_at AS "confirmedAt", done_at AS "doneAt", archived_at AS "archivedAt"`)
  const rowsOf = (rows: Effect.Effect<ReadonlyArray<object>, SqlError.SqlError>) =>
    Effect.orDie(Effect.flatMap(rows, decode))
  const tenantIs = ({ tenantId, workspaceId }: TenantScope) =>
    sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`

  const read = Effect.fnUntraced(function* (tenant: TenantScope, id: string, lock: boolean) {
    const locking = lock ? sql`FOR NO KEY UPDATE` : sql``
    const [restore] = isId(id)
      ? yield* rowsOf(sql`SELECT ${columns} FROM restores WHERE ${tenantIs(tenant)} AND id = ${id}::uuid ${locking}`)
      : []
    return restore ?? (yield* new Problems.NotFound({}))
  })

  const list = (
    tenant: TenantScope,
    {
      backup,
      before,
      limit
    }: { readonly backup: string | null; readonly before: string | null; readonly limit: number }
  ) =>
    rowsOf(sql`
      SELECT ${columns} FROM restores
      WHERE ${sql.and([
        tenantIs(tenant),
        ...(backup === null ? [] : [sql`set_id = ${backup}::uuid`]),
        ...(before === null ? [] : [sql`id < ${before}::uuid`])
      ])}
      ORDER BY id DESC LIMIT ${limit}`)

  const insert = Effect.fnUntraced(function* (
    actor: Actor,
    tenant: TenantScope,
    { backup, items, withAssignments }: RestoreRequest,
    digests: { readonly plan: string; readonly request: string }
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
        FROM backup_sets WHERE ${tenantIs(tenant)} AND id = ${backup}::uuid AND state IN ('complete', 'partial')
        ON CONFLICT (plan_digest) DO NOTHING RETURNING id, set_id
      ), listed AS (
        INSERT INTO restore_items (restore_id, source, id, workspace_id, tenant_id, type, title, content_hash,
          assignments_hash)
        SELECT made.id, b.source, b.id, b.workspace_id, b.tenant_id, b.type, b.title, b.content_hash, b.assignments_hash
        FROM made JOIN backup_items b ON b.set_id = made.set_id WHERE ${chosen} RETURNING true
      )
      SELECT EXISTS (SELECT FROM made) AS made, (SELECT count(*)::int FROM listed) AS items`.pipe(Effect.orDie)
    return row?.made === true ? { id, items: row.items } : null
  })

  /**
   * Records a request, or finds the restore of an equal one. Call it inside a transaction. Refuses a key that belongs to
   * another request, policies that the backup does not have, and a backup without any.
   */
  const record = Effect.fn("RestoreRecords.record")(function* (
    actor: Actor,
    tenant: TenantScope,
    given: RestoreRequest,
    key: string
  ) {
    const request = { ...given, backup: given.backup.toLowerCase(), items: distinct(given.items) }
    const digests = {
      plan: digestOf([tenant.workspaceId, tenant.tenantId, actor.kind, actor.id, key]),
      request: digestOf([request.backup, request.items, request.withAssignments])
    }
    const made = yield* insert(actor, tenant, request, digests)
    if (made === null) {
      const [earlier] = yield* sql<{ id: string; same: boolean; run: string | null }>`
        SELECT id::text, request_digest = decode(${digests.request}, 'hex') AS same, preview_run::text AS run
        FROM restores WHERE plan_digest = decode(${digests.plan}, 'hex')`.pipe(Effect.orDie)
      if (earlier === undefined) {
        return yield* Decoding.invalid("/backup", "The tenant has no such backup, or it has expired")
      }
      if (!earlier.same)
        return yield* new Problems.IdempotencyKeyReused(earlier.run === null ? {} : { runId: earlier.run })
      return { restore: yield* read(tenant, earlier.id, false), known: true } satisfies RecordedRequest
    }
    if (made.items === 0 && request.items === null) {
      return yield* Decoding.invalid("/backup", "The backup has no policies: choose another one")
    }
    if (made.items < (request.items?.length ?? 0)) {
      return yield* Decoding.invalid("/items", "The backup does not have all of these policies")
    }
    return { restore: yield* read(tenant, made.id, false), known: false } satisfies RecordedRequest
  })

  /** Deletes the plan of an earlier preview, so that the next one compares everything anew. */
  const forgetPlan = (id: string) =>
    sql`
      UPDATE restore_items SET action = NULL, reason = NULL, difference = NULL, seen_id = NULL, seen_hash = NULL,
        seen_assignments_hash = NULL, result = 'pending', changed_at = now()
      WHERE restore_id = ${id}::uuid AND action IS NOT NULL`.pipe(Effect.orDie, Effect.asVoid)

  return {
    list,
    find: (tenant: TenantScope, id: string) => read(tenant, id, false),
    /** The same, locked against other changes until the transaction ends. */
    lock: (tenant: TenantScope, id: string) => read(tenant, id, true),
    record,
    forgetPlan
  }
})
