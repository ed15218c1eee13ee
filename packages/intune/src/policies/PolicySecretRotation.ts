/**
 * What a host runs after it has changed the secret behind its `PolicySecrets`: whatever an earlier key sealed is sealed with
 * the current one, so that the host can drop the earlier secret.
 *
 * @module
 */

import { Effect } from "effect"
import { ownerOf } from "./policyOwner.ts"
import { PolicySecrets } from "./PolicySecrets.ts"
import { makeSecretStore, type SealedKind, type SealedPlace, type SealedRow } from "./SecretStore.ts"

const pageSize = 100
const beginning: SealedPlace = { workspaceId: "", tenantId: "", fingerprint: "" }

/** Seals a row anew. False if no known key opens it. */
const resealOne = Effect.fnUntraced(function* (kind: SealedKind, row: SealedRow) {
  const secrets = yield* PolicySecrets
  const sealed = yield* makeSecretStore
  const owner = ownerOf(kind, row)
  return yield* secrets.open(owner, row).pipe(
    Effect.flatMap((secret) => secrets.seal(owner, secret)),
    Effect.flatMap((made) => sealed.reseal(kind, row, made)),
    Effect.as(true),
    Effect.catchTag("PolicySecretUnreadable", ({ message }) =>
      Effect.as(
        Effect.logWarning(`A ${kind} of the policies of tenant ${row.tenantId} stays as it is. ${message}.`),
        false
      )
    )
  )
})

/**
 * Seals with the current key what another one sealed, and returns how many it `resealed` and how many were `unreadable`.
 * Several processes may run it at once, and each may stop at any point: each row is replaced by itself, and only if it is still
 * as it was read. What no known key opens stays as it is, and the log names its tenant.
 */
export const reseal = Effect.gen(function* () {
  const { keyId } = yield* PolicySecrets
  const sealed = yield* makeSecretStore
  let resealed = 0
  let unreadable = 0
  for (const kind of ["salt", "secret"] as const) {
    for (let after: SealedPlace | undefined = beginning; after !== undefined;) {
      const rows: ReadonlyArray<SealedRow> = yield* sealed.listOutdated(kind, keyId, after, pageSize)
      for (const row of rows) {
        if (yield* resealOne(kind, row)) resealed++
        else unreadable++
      }
      after = rows.at(-1)
    }
  }
  return { resealed, unreadable }
}).pipe(Effect.withSpan("PolicySecretRotation.reseal"))
