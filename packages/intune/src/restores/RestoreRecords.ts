/**
 * Requests for restores, and how they are recorded. The same request of the same person with the same idempotency key is the
 * same restore. It authorises nobody: `Restores` does that, and decodes `RestoreRequest`.
 *
 * @module
 */

import { createHash } from "node:crypto"
import { type Actor, Decoding, Problems, type TenantScope, Storable } from "@atlas/operations"
import { Effect, Schema } from "effect"
import { BackupId } from "../backups/BackupSet.ts"
import type { Restore } from "./Restore.ts"
import { GivenValue, makeGiveValues } from "./GivenValues.ts"
import { makeRestoreStore } from "./RestoreStore.ts"

/** A person's request for a restore. */
export const RestoreRequest = Schema.Struct({
  backup: BackupId,
  /** Policies of the backup; null for all. */
  items: Schema.NullOr(
    Schema.Array(Schema.Struct({ source: Storable.Text, id: Storable.Text })).check(
      Schema.isMinLength(1),
      Schema.isMaxLength(10_000)
    )
  ),
  /** Whether to restore their assignments, too. */
  withAssignments: Schema.Boolean,
  /** Values that policies of the backup lack, since Graph hides them or they are of another tenant. They are stored sealed. */
  values: Schema.optionalKey(Schema.Array(GivenValue).check(Schema.isMaxLength(500)))
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

/** A recorded request for a restore. */
export interface RecordedRequest {
  readonly restore: Restore
  /** The same person made this request before, with the same key. */
  readonly known: boolean
}

/** Makes the function that records requests. Database failures are defects. */
export const makeRestoreRecords = Effect.gen(function* () {
  const store = yield* makeRestoreStore
  const giveValues = yield* makeGiveValues

  /**
   * Records a request, or finds the restore of an equal one. Call it inside a transaction. Refuses a key that belongs to
   * another request, policies that the backup does not have, and a backup without any.
   */
  const record = Effect.fn("RestoreRecords.record")(function* (
    actor: Actor,
    tenant: TenantScope,
    asked: RestoreRequest,
    key: string
  ) {
    const { values = [], ...rest } = asked
    const request = { ...rest, values, backup: asked.backup.toLowerCase(), items: distinct(asked.items) }
    const given = yield* giveValues(tenant, request)
    const digests = {
      plan: digestOf([tenant.workspaceId, tenant.tenantId, actor.kind, actor.id, key]),
      request: digestOf([
        request.backup,
        request.items,
        request.withAssignments,
        // The hashes stand for the values, with the tenant's salt.
        ...(given.length === 0 ? [] : [given])
      ])
    }
    const made = yield* store.insert(actor, tenant, { ...request, given }, digests)
    if (made === null) {
      const earlier = yield* store.findEarlier(digests)
      if (earlier === undefined) {
        return yield* Decoding.invalid("/backup", "The tenant has no such backup, or it has expired")
      }
      if (!earlier.same)
        return yield* new Problems.IdempotencyKeyReused(earlier.run === null ? {} : { runId: earlier.run })
      return { restore: yield* store.find(tenant, earlier.id), known: true } satisfies RecordedRequest
    }
    if (made.items === 0 && request.items === null) {
      return yield* Decoding.invalid("/backup", "The backup has no policies: choose another one")
    }
    if (made.items < (request.items?.length ?? 0)) {
      return yield* Decoding.invalid("/items", "The backup does not have all of these policies")
    }
    return { restore: yield* store.find(tenant, made.id), known: false } satisfies RecordedRequest
  })

  return { record }
})
