/**
 * The statements about sealed salts and secrets of policies. They authorise nobody and see no secret: `PolicyStore` seals and
 * opens. Database failures are defects.
 *
 * @module
 */

import type { TenantScope } from "@atlas/operations"
import { Effect } from "effect"
import { Hex } from "effect/encoding"
import { SqlClient } from "effect/sql"
import type { SealedSecret } from "./PolicySecrets.ts"

/** A sealed secret under its fingerprint. */
export interface FingerprintedSecret extends SealedSecret {
  readonly fingerprint: string
}

/** What is sealed for a tenant: the salt of its fingerprints, or a secret of its policies. */
export type SealedKind = "salt" | "secret"

/** A sealed salt or secret, and whose it is. */
export interface SealedRow extends TenantScope, FingerprintedSecret {}

/** Where a listing of sealed rows goes on. A salt's fingerprint is empty: a tenant has one. */
export interface SealedPlace {
  readonly workspaceId: string
  readonly tenantId: string
  readonly fingerprint: string
}

/** Makes the statements. */
export const makeSecretStore = Effect.map(SqlClient.SqlClient, (sql) => {
  const tenantIs = ({ tenantId, workspaceId }: TenantScope) =>
    sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`

  /** The salt of a tenant; undefined if it has none. */
  const findSalt = Effect.fn("SecretStore.findSalt")(function* (tenant: TenantScope) {
    const [salt] = yield* sql<SealedSecret>`
      SELECT key_id AS "keyId", sealed AS bytes FROM policy_salts WHERE ${tenantIs(tenant)}`
    return salt
  }, Effect.orDie)

  /** Stores the salt of a tenant, unless it has one. */
  const insertSalt = Effect.fn("SecretStore.insertSalt")(
    ({ tenantId, workspaceId }: TenantScope, { bytes, keyId }: SealedSecret) => sql`
      INSERT INTO policy_salts (workspace_id, tenant_id, key_id, sealed)
      VALUES (${workspaceId}, ${tenantId}, ${keyId}, ${bytes}) ON CONFLICT DO NOTHING`,
    Effect.orDie,
    Effect.asVoid
  )

  /** Which of these fingerprints have a secret. */
  const listKnown = Effect.fn("SecretStore.listKnown")(function* (
    tenant: TenantScope,
    fingerprints: ReadonlyArray<string>
  ) {
    const known = yield* sql<{ fingerprint: string }>`
      SELECT fingerprint FROM policy_secrets WHERE ${tenantIs(tenant)} AND ${sql.in("fingerprint", fingerprints)}`
    return new Set(known.map(({ fingerprint }) => fingerprint))
  }, Effect.orDie)

  /** Stores secrets. One that another transaction has stored meanwhile stays. */
  const insert = Effect.fn("SecretStore.insert")(
    ({ tenantId, workspaceId }: TenantScope, secrets: ReadonlyArray<FingerprintedSecret>) => {
      const rows = secrets.map(({ bytes, fingerprint, keyId }) => ({ fingerprint, keyId, sealed: Hex.encode(bytes) }))
      return sql`
        INSERT INTO policy_secrets (workspace_id, tenant_id, fingerprint, key_id, sealed)
        SELECT ${workspaceId}, ${tenantId}, fingerprint, "keyId", decode(sealed, 'hex')
        FROM json_to_recordset(${JSON.stringify(rows)}::json) AS s(fingerprint text, "keyId" text, sealed text)
        ON CONFLICT DO NOTHING`
    },
    Effect.orDie,
    Effect.asVoid
  )

  /** The secrets of these fingerprints; unknown ones are absent. */
  const list = Effect.fn("SecretStore.list")(
    (tenant: TenantScope, fingerprints: ReadonlyArray<string>) => sql<FingerprintedSecret>`
      SELECT fingerprint, key_id AS "keyId", sealed AS bytes FROM policy_secrets
      WHERE ${tenantIs(tenant)} AND ${sql.in("fingerprint", fingerprints)}`,
    Effect.orDie
  )

  const tableOf = (kind: SealedKind) => sql(kind === "salt" ? "policy_salts" : "policy_secrets")
  const fingerprintOf = (kind: SealedKind) => (kind === "salt" ? sql`''` : sql`fingerprint`)

  /** What another key than this one has sealed, of all tenants, after a place. */
  const listOutdated = Effect.fn("SecretStore.listOutdated")(
    (kind: SealedKind, keyId: string, after: SealedPlace, limit: number) => sql<SealedRow>`
      SELECT workspace_id AS "workspaceId", tenant_id AS "tenantId", ${fingerprintOf(kind)} AS fingerprint,
        key_id AS "keyId", sealed AS bytes
      FROM ${tableOf(kind)} WHERE key_id <> ${keyId}
        AND (workspace_id, tenant_id, ${fingerprintOf(kind)}) > (${after.workspaceId}, ${after.tenantId}, ${after.fingerprint})
      ORDER BY 1, 2, 3 LIMIT ${limit}`,
    Effect.orDie
  )

  /** Replaces the seal of a row, if it is still as it was read. */
  const reseal = Effect.fn("SecretStore.reseal")(
    (kind: SealedKind, row: SealedRow, { bytes, keyId }: SealedSecret) => sql`
      UPDATE ${tableOf(kind)} SET sealed = ${bytes}, key_id = ${keyId}
      WHERE ${tenantIs(row)} AND ${fingerprintOf(kind)} = ${row.fingerprint} AND sealed = ${row.bytes}`,
    Effect.orDie,
    Effect.asVoid
  )

  return { findSalt, insertSalt, listKnown, insert, list, listOutdated, reseal }
})
