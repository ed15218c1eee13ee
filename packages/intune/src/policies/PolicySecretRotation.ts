import type { TenantScope } from "@atlas/operations"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { ownerOf } from "./policyOwner.ts"
import { PolicySecrets } from "./PolicySecrets.ts"

/** Something sealed, of one tenant. */
interface SealedRow extends TenantScope {
  /** Empty for a salt, of which a tenant has one. */
  readonly fingerprint: string
  readonly keyId: string
  readonly bytes: Uint8Array
}

const pageSize = 100
const nothingYet = { workspaceId: "", tenantId: "", fingerprint: "" }

/**
 * Seals with the host's key what an earlier one sealed: to be run after the host's secret was changed. Several processes may do
 * so at once, and each may be stopped at any point: everything is replaced by itself, and only as it was read. What no known
 * key opens is left as it is, and named in the log.
 *
 * @returns how many were sealed again, and how many could not be opened
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
          Effect.as(Effect.logWarning(`A ${kind} of the policies of ${row.tenantId}: ${message}.`), false)
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
