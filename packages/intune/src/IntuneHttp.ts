import { CurrentActor } from "@atlas/operations"
import { Effect, Layer, Schema } from "effect"
import { HttpApiBuilder, HttpApiMiddleware } from "effect/http-api"
import { IntuneApi } from "./IntuneApi.ts"
import { Inventory } from "./Inventory.ts"

const parse = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Json))

const handlers = HttpApiBuilder.group(
  IntuneApi,
  "intune",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    return handlers.handleAll({
      inventory: Effect.fnUntraced(function* ({ params, query }) {
        const { findings, type = [], ...search } = query
        const types = typeof type === "string" ? [type] : type
        return yield* inventory.search(yield* CurrentActor, params.tenant, {
          ...search,
          types,
          findings: findings === "true"
        })
      }),
      inventorySummary: Effect.fnUntraced(function* ({ params }) {
        return yield* inventory.summary(yield* CurrentActor, params.tenant)
      }),
      inventoryItem: Effect.fnUntraced(function* ({ params: { id, source, tenant } }) {
        const actor = yield* CurrentActor
        const item = yield* inventory.get(actor, tenant, source, id)
        const { assignments, content } = yield* inventory.content(actor, tenant, source, id)
        return {
          item,
          content: yield* Effect.orDie(parse(content)),
          assignments: assignments === null ? null : yield* Effect.orDie(parse(assignments))
        }
      })
    })
  })
)

/** The API's routes. Needs the host's `Authentication`. */
export const layer = HttpApiBuilder.layer(IntuneApi).pipe(
  Layer.provide(handlers),
  Layer.provide(HttpApiMiddleware.layerProblemDetails({ includeDetails: true }))
)
