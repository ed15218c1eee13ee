/**
 * The statements about stored contents of policies, each under its hash. They authorise nobody: `PolicyStore` calls them.
 * Database failures are defects.
 *
 * @module
 */

import type { TenantScope } from "@atlas/operations"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** A compressed content under its hash. */
export interface Snapshot {
  readonly hash: string
  readonly body: Uint8Array
}

/** A content to store: its compressed text in hexadecimal digits, and the length of the text. */
export interface NewSnapshot {
  readonly hash: string
  readonly body: string
  readonly size: number
}

// Everything that refers to contents.
const referrers = [
  ["policies", "content_hash"],
  ["policies", "assignments_hash"],
  ["backup_items", "content_hash"],
  ["backup_items", "assignments_hash"],
  ["restore_items", "content_hash"],
  ["restore_items", "assignments_hash"],
  ["restore_items", "seen_hash"],
  ["restore_items", "seen_assignments_hash"]
] as const
const sweptAtOnce = 500

/** Makes the statements. */
export const makeSnapshotStore = Effect.map(SqlClient.SqlClient, (sql) => {
  const tenantIs = ({ tenantId, workspaceId }: TenantScope) =>
    sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`
  const lockOf = ({ tenantId, workspaceId }: TenantScope) =>
    sql`hashtextextended(${JSON.stringify(["policy_snapshots", workspaceId, tenantId])}, 0)`

  /** Keeps the contents of a tenant from being swept until the transaction ends. */
  const keep = Effect.fn("SnapshotStore.keep")(
    (tenant: TenantScope) => sql`SELECT pg_advisory_xact_lock_shared(${lockOf(tenant)})`,
    Effect.orDie,
    Effect.asVoid
  )

  /** Waits until no transaction keeps the contents of a tenant: one that stores or finds a content refers to it when it ends. */
  const lock = Effect.fn("SnapshotStore.lock")(
    (tenant: TenantScope) => sql`SELECT pg_advisory_xact_lock(${lockOf(tenant)})`,
    Effect.orDie,
    Effect.asVoid
  )

  /** Which of these hashes have no content. */
  const listMissing = Effect.fn("SnapshotStore.listMissing")(function* (
    tenant: TenantScope,
    hashes: ReadonlyArray<string>
  ) {
    const missing = yield* sql<{ hash: string }>`
      SELECT wanted.hash FROM json_array_elements_text(${JSON.stringify(hashes)}::json) AS wanted(hash)
      WHERE NOT EXISTS (SELECT FROM policy_snapshots s WHERE ${tenantIs(tenant)}
        AND s.hash = decode(wanted.hash, 'hex') OFFSET 0)`
    return missing.map(({ hash }) => hash)
  }, Effect.orDie)

  /** Stores contents. One that another transaction has stored meanwhile stays. */
  const insert = Effect.fn("SnapshotStore.insert")(
    (tenant: TenantScope, snapshots: ReadonlyArray<NewSnapshot>) => sql`
      INSERT INTO policy_snapshots (workspace_id, tenant_id, hash, body, size)
      SELECT ${tenant.workspaceId}, ${tenant.tenantId}, decode(hash, 'hex'), decode(body, 'hex'), size
      FROM json_to_recordset(${JSON.stringify(snapshots)}::json) AS s(hash text, body text, size int)
      ON CONFLICT DO NOTHING`,
    Effect.orDie,
    Effect.asVoid
  )

  /** The contents of these hashes; unknown ones are absent. */
  const list = Effect.fn("SnapshotStore.list")(
    (tenant: TenantScope, hashes: ReadonlyArray<string>) => sql<Snapshot>`
      SELECT wanted.hash, s.body FROM json_array_elements_text(${JSON.stringify(hashes)}::json) AS wanted(hash),
        LATERAL (SELECT body FROM policy_snapshots WHERE ${tenantIs(tenant)}
          AND hash = decode(wanted.hash, 'hex') OFFSET 0) s`,
    Effect.orDie
  )

  /** Removes up to 500 contents that nothing refers to, and returns how many. Lock them first. */
  const sweep = Effect.fn("SnapshotStore.sweep")(function* (tenant: TenantScope) {
    const unreferred = sql.and(
      referrers.map(
        ([table, column]) => sql`NOT EXISTS (SELECT FROM ${sql(table)} r WHERE r.workspace_id = s.workspace_id
          AND r.tenant_id = s.tenant_id AND r.${sql(column)} = s.hash)`
      )
    )
    const removed = yield* sql`
      DELETE FROM policy_snapshots WHERE ${tenantIs(tenant)} AND hash IN (
        SELECT s.hash FROM policy_snapshots s WHERE s.workspace_id = ${tenant.workspaceId}
          AND s.tenant_id = ${tenant.tenantId} AND ${unreferred} LIMIT ${sweptAtOnce}) RETURNING true`
    return removed.length
  }, Effect.orDie)

  return { keep, lock, listMissing, insert, list, sweep }
})
