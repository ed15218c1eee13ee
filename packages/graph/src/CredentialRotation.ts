import { Effect, Schema } from "effect"
import { SqlClient, SqlSchema } from "effect/sql"
import { seal, unseal } from "./Credential.ts"
import { CredentialVault } from "./CredentialVault.ts"

const Row = Schema.Struct({ id: Schema.String, keyId: Schema.NullOr(Schema.String), bytes: Schema.Uint8Array })
const pageSize = 100

/**
 * Seals with the vault's key what an earlier one sealed: to be run after the host's secret was changed. Several processes
 * may do so at once, and each may be stopped at any point: every credential is replaced by itself, and only as it was read.
 * What no known key opens is left as it is, and named in the log.
 *
 * @returns how many were sealed again, and how many could not be opened
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
