/**
 * Seals stored credentials under a new secret of the host. Run `reseal` at start after the secret changed, while the vault
 * still has the earlier one. Any number of processes may run it at once, and each may stop at any point.
 *
 * @module
 */
import { Effect, Schema } from "effect"
import { SqlClient, SqlSchema } from "effect/sql"
import { seal, unseal } from "./Credential.ts"
import { CredentialVault } from "./CredentialVault.ts"

const Row = Schema.Struct({ id: Schema.String, keyId: Schema.NullOr(Schema.String), bytes: Schema.Uint8Array })
const pageSize = 100

/**
 * Seals again, with the vault's key, each credential that an earlier key sealed. It replaces one credential at a time, and
 * only if that is still as it was read. A credential that no known key opens stays as it is, and a warning names its
 * connection. `resealed` counts the credentials sealed again, `unreadable` those that stayed.
 *
 * @example
 * ```ts
 * const vault = CredentialVault.layer(Redacted.make("another secret of the host, 32 bytes"), [secret])
 * const { resealed, unreadable } = yield* Effect.provide(CredentialRotation.reseal, vault)
 * ```
 */
export const reseal = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const vault = yield* CredentialVault
  const find = SqlSchema.findAll({
    Request: Schema.String,
    Result: Row,
    execute: (after) => sql`
      SELECT id, key_id AS "keyId", sealed_secret AS bytes FROM provider_connections
      WHERE sealed_secret IS NOT NULL AND key_id IS DISTINCT FROM ${vault.keyId} AND id > ${after}::uuid
      ORDER BY id LIMIT ${pageSize}`
  })

  const resealOne = ({ bytes, id, keyId }: typeof Row.Type) =>
    unseal(vault, id, { keyId, bytes }).pipe(
      Effect.flatMap((credential) => seal(vault, id, credential)),
      Effect.flatMap(
        (sealed) => sql`
          UPDATE provider_connections SET sealed_secret = ${sealed.bytes}, key_id = ${sealed.keyId}
          WHERE id = ${id} AND sealed_secret = ${bytes}`
      ),
      Effect.as(true),
      Effect.catchTag("CredentialUnreadable", (error) =>
        Effect.as(Effect.logWarning(`Provider connection ${id}: ${error.message}.`), false)
      )
    )

  let resealed = 0
  let unreadable = 0
  let after: string | undefined = "00000000-0000-0000-0000-000000000000"
  while (after !== undefined) {
    const rows: ReadonlyArray<typeof Row.Type> = yield* find(after)
    for (const row of rows) {
      if (yield* resealOne(row)) resealed++
      else unreadable++
    }
    after = rows.at(-1)?.id
  }
  return { resealed, unreadable }
}).pipe(Effect.orDie, Effect.withSpan("CredentialRotation.reseal"))
