/**
 * Creates a backup schedule once for an idempotency key, so that whoever repeats a request that got no answer has one schedule.
 * It authorises nobody: `BackupSchedules` does. Database failures are defects.
 *
 * @module
 */

import { createHash } from "node:crypto"
import { type Actor, canonical, Decoding, Problems, type TenantScope } from "@atlas/operations"
import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { inTransaction } from "../policies/inTransaction.ts"
import type { BackupSchedule } from "./BackupSchedule.ts"
import { makeScheduleStore } from "./ScheduleStore.ts"

const digestOf = (text: string) => createHash("sha256").update(text).digest("hex")

/** Makes the function that creates a schedule once. */
export const makeScheduleKeys = Effect.gen(function* () {
  const together = inTransaction(yield* SqlClient.SqlClient)
  const store = yield* makeScheduleStore

  /**
   * Creates a schedule by `create`, or finds the one that the same person has created with the same key and request. Refuses a
   * key that belongs to another request, or to a schedule that was deleted.
   */
  const once = Effect.fn("ScheduleKeys.once")(function* <E, R>(
    actor: Actor,
    tenant: TenantScope,
    request: { readonly settings: unknown; readonly key: unknown },
    create: Effect.Effect<BackupSchedule, E, R>
  ) {
    const key = yield* Decoding.checkIdempotencyKey(request.key)
    const settings = yield* Decoding.decodeInput(Schema.Json, request.settings)
    const digests = {
      key: digestOf(JSON.stringify([tenant.workspaceId, tenant.tenantId, actor.kind, actor.id, key])),
      request: digestOf(canonical(settings))
    }
    return yield* together(
      Effect.gen(function* () {
        // A repetition that comes at the same time waits here, and finds what the first one has made.
        yield* store.lockKey(digests.key)
        const earlier = yield* store.findByKey(digests)
        if (earlier !== undefined) {
          if (!earlier.same || earlier.deleted) return yield* new Problems.IdempotencyKeyReused({})
          return yield* store.find(tenant, earlier.id)
        }
        const schedule = yield* create
        yield* store.noteKey(schedule, digests)
        return schedule
      })
    )
  })

  return { once }
})
