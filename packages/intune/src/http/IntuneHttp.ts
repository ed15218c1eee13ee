/**
 * Serves `IntuneApi`. Each call asks the service that pages ask, for the actor that the host's `Authentication` names. Hosts
 * add `layer` to their routes; the console's part `intune` does so already.
 *
 * @module
 */

import { Decoding, ExactJson, HttpProblems, OperationsApi } from "@atlas/operations"
import { DateTime, Effect, Layer, Schema } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { Backups } from "../backups/Backups.ts"
import type { BackupSchedule } from "../backups/BackupSchedule.ts"
import { BackupSchedules } from "../backups/BackupSchedules.ts"
import { nextFireTimes } from "../backups/FireTimes.ts"
import { IntuneApi } from "./IntuneApi.ts"
import { ifMatch } from "./ifMatch.ts"
import { PolicyDrift } from "../drift/PolicyDrift.ts"
import { Restores } from "../restores/Restores.ts"
import { Inventory } from "../inventory/Inventory.ts"

const parse = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Json, { reviver: ExactJson.reviver }))

/** What a person types to confirm a restore. */
const Confirmation = Schema.Struct({ tenantName: Schema.String })

/** An answer with a schedule, and its version as `ETag`. */
const versioned = <Body extends { readonly schedule: BackupSchedule }>(body: Body) =>
  HttpApiSchema.withHeaders({ body, headers: { etag: `"${body.schedule.version}"` } })

const handlers = HttpApiBuilder.group(
  IntuneApi,
  "intune",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const schedules = yield* BackupSchedules
    const backups = yield* Backups
    const restores = yield* Restores
    const drift = yield* PolicyDrift
    return handlers.handleAll({
      inventory: Effect.fnUntraced(function* ({ params, query }) {
        const { findings, type = [], ...search } = query
        const types = typeof type === "string" ? [type] : type
        return yield* inventory.search(yield* OperationsApi.CurrentActor, params.tenant, {
          ...search,
          types,
          findings: findings === "true"
        })
      }),
      inventorySummary: Effect.fnUntraced(function* ({ params }) {
        return yield* inventory.summary(yield* OperationsApi.CurrentActor, params.tenant)
      }),
      inventoryItem: Effect.fnUntraced(function* ({ params: { id, source, tenant } }) {
        const actor = yield* OperationsApi.CurrentActor
        const item = yield* inventory.get(actor, tenant, source, id)
        const { assignments, content } = yield* inventory.content(actor, tenant, source, id)
        return {
          item,
          content: yield* Effect.orDie(parse(content)),
          assignments: assignments === null ? null : yield* Effect.orDie(parse(assignments))
        }
      }),
      schedules: Effect.fnUntraced(function* ({ params }) {
        return { schedules: yield* schedules.list(yield* OperationsApi.CurrentActor, params.tenant) }
      }),
      createSchedule: Effect.fnUntraced(function* ({ headers, params, payload }) {
        const actor = yield* OperationsApi.CurrentActor
        const key = headers["idempotency-key"]
        return versioned({ schedule: yield* schedules.create(actor, params.tenant, payload, key) })
      }),
      schedule: Effect.fnUntraced(function* ({ params }) {
        const schedule = yield* schedules.get(yield* OperationsApi.CurrentActor, params.tenant, params.schedule)
        return versioned({ schedule, nextFireTimes: nextFireTimes(schedule, yield* DateTime.now, 10) })
      }),
      updateSchedule: Effect.fnUntraced(function* ({ headers, params, payload }) {
        const actor = yield* OperationsApi.CurrentActor
        const schedule = yield* ifMatch(headers, (seen) =>
          schedules.update(actor, params.tenant, params.schedule, seen, payload)
        )
        return versioned({ schedule })
      }),
      deleteSchedule: Effect.fnUntraced(function* ({ headers, params }) {
        const actor = yield* OperationsApi.CurrentActor
        yield* ifMatch(headers, (seen) => schedules.remove(actor, params.tenant, params.schedule, seen))
      }),
      slots: Effect.fnUntraced(function* ({ params, query: { before = null, limit = 50 } }) {
        const actor = yield* OperationsApi.CurrentActor
        return { slots: yield* schedules.slots(actor, params.tenant, params.schedule, { before, limit }) }
      }),
      backups: Effect.fnUntraced(function* ({ params, query: { before = null, limit = 50, ...rest } }) {
        return {
          backups: yield* backups.list(yield* OperationsApi.CurrentActor, params.tenant, { ...rest, before, limit })
        }
      }),
      backup: Effect.fnUntraced(function* ({ params }) {
        return { backup: yield* backups.get(yield* OperationsApi.CurrentActor, params.tenant, params.backup) }
      }),
      backupItems: Effect.fnUntraced(function* ({ params, query }) {
        const { afterId, afterSource, afterTitle, limit = 50, query: text = "" } = query
        const after =
          afterTitle === undefined || afterSource === undefined || afterId === undefined
            ? null
            : { title: afterTitle, source: afterSource, id: afterId }
        const page = { query: text, after, limit }
        return { items: yield* backups.items(yield* OperationsApi.CurrentActor, params.tenant, params.backup, page) }
      }),
      backupItem: Effect.fnUntraced(function* ({ params }) {
        const found = yield* backups.content(yield* OperationsApi.CurrentActor, params.tenant, params.backup, params)
        return {
          item: found.item,
          content: yield* Effect.orDie(parse(found.content)),
          assignments: found.assignments === null ? null : yield* Effect.orDie(parse(found.assignments))
        }
      }),
      restores: Effect.fnUntraced(function* ({ params, query: { before = null, limit = 50 } }) {
        return { restores: yield* restores.list(yield* OperationsApi.CurrentActor, params.tenant, { before, limit }) }
      }),
      planRestore: Effect.fnUntraced(function* ({ headers, params, payload }) {
        return yield* restores.plan(
          yield* OperationsApi.CurrentActor,
          params.tenant,
          payload,
          headers["idempotency-key"]
        )
      }),
      planRestoreAgain: Effect.fnUntraced(function* ({ params }) {
        return yield* restores.planAgain(yield* OperationsApi.CurrentActor, params.tenant, params.restore)
      }),
      restore: Effect.fnUntraced(function* ({ params: { restore: id, tenant } }) {
        const actor = yield* OperationsApi.CurrentActor
        const [restore, tally] = yield* Effect.all([restores.get(actor, tenant, id), restores.tally(actor, tenant, id)])
        return { restore, tally }
      }),
      restoreItems: Effect.fnUntraced(function* ({ params, query: { action = [], afterId, afterSource, limit = 50 } }) {
        const after = afterId === undefined || afterSource === undefined ? null : { source: afterSource, id: afterId }
        return {
          items: yield* restores.items(yield* OperationsApi.CurrentActor, params.tenant, params.restore, {
            actions: typeof action === "string" ? [action] : action,
            after,
            limit
          })
        }
      }),
      confirmRestore: Effect.fnUntraced(function* ({ headers, params, payload }) {
        const actor = yield* OperationsApi.CurrentActor
        const { tenantName } = yield* Decoding.decodeInput(Confirmation, payload)
        const typed = { tenantName, idempotencyKey: headers["idempotency-key"] }
        const started = yield* restores.confirm(actor, params.tenant, params.restore, typed)
        return started.removed ? started : { disposition: started.disposition, runId: started.run.id }
      }),
      archiveRestore: Effect.fnUntraced(function* ({ params }) {
        return { restore: yield* restores.archive(yield* OperationsApi.CurrentActor, params.tenant, params.restore) }
      }),
      driftItems: Effect.fnUntraced(function* ({ params, query: { afterId, afterSource, limit = 50 } }) {
        const after = afterId === undefined || afterSource === undefined ? null : { source: afterSource, id: afterId }
        return { items: yield* drift.items(yield* OperationsApi.CurrentActor, params.run, { after, limit }) }
      })
    })
  })
)

/** The routes of `IntuneApi`. Needs the host's `Authentication`. */
export const layer = HttpApiBuilder.layer(IntuneApi).pipe(Layer.provide(handlers), Layer.provide(HttpProblems.layer))
