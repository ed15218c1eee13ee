/**
 * What a host runs after it has changed the secret behind its `PolicySecrets`: whatever an earlier key sealed is sealed with
 * the current one, so that the host can drop the earlier secret.
 *
 * @module
 */

import type { TenantScope } from "@atlas/operations"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { ownerOf } from "./policyOwner.ts"
import { PolicySecrets } from "./PolicySecrets.ts"

/** A sealed salt or secret of a tenant. */
interface SealedRow extends TenantScope {
  /** Empty for a salt, of which a tenant has one. */
  readonly fingerprint: string
  readonly keyId: string
  readonly bytes: Uint8Array
}

const pageSize = 100
const nothingYet = { workspaceId: "", tenantId: "", fingerprint: "" }

/**
 * Seals with the current key what another one sealed, and returns how many it `resealed` and how many were `unreadable`.
 * Several processes may run it at once, and each may stop at any point: each row is replaced by itself, and only if it is still
 * as it was read. What no known key opens stays as it is, and the log names its tenant.
 */
export const reseal = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const secrets = yield* PolicySecrets
  let resealed = 0
  let unreadable = 0

  for (const kind of ["salt", "secret"] as const) {
    const table = sql(kind === "salt" ? "policy_salts" : "policy_secrets")
    const fingerprint = kind === "salt" ? sql`''` : sql`fingerprint`
    const resealOne = (row: SealedRow) =>
      secrets.open(ownerOf(kind, row), row).pipe(
        Effect.flatMap((secret) => secrets.seal(ownerOf(kind, row), secret)),
        Effect.flatMap(
          ({ bytes, keyId }) => sql`
            UPDATE ${table} SET sealed = ${bytes}, key_id = ${keyId}
            WHERE workspace_id = ${row.workspaceId} AND tenant_id = ${row.tenantId}
              AND ${fingerprint} = ${row.fingerprint} AND sealed = ${row.bytes}`
        ),
        Effect.as(true),
        Effect.catchTag("PolicySecretUnreadable", ({ message }) =>
          Effect.as(
            Effect.logWarning(`A ${kind} of the policies of tenant ${row.tenantId} stays as it is. ${message}.`),
            false
          )
        )
      )
    let after: Pick<SealedRow, "fingerprint" | "tenantId" | "workspaceId"> | undefined = nothingYet as SealedRow
    while (after !== undefined) {
      const rows: ReadonlyArray<SealedRow> = yield* sql<SealedRow>`
        SELECT workspace_id AS "workspaceId", tenant_id AS "tenantId", ${fingerprint} AS fingerprint, key_id AS "keyId",
          sealed AS bytes
        FROM ${table} WHERE key_id <> ${secrets.keyId}
          AND (workspace_id, tenant_id, ${fingerprint}) > (${after.workspaceId}, ${after.tenantId}, ${after.fingerprint})
        ORDER BY 1, 2, 3 LIMIT ${pageSize}`
      for (const row of rows) {
        if (yield* resealOne(row)) resealed++
        else unreadable++
      }
      after = rows.at(-1)
    }
  }
  return { resealed, unreadable }
}).pipe(Effect.orDie, Effect.withSpan("PolicySecretRotation.reseal"))
