import { CurrentActor } from "@atlas/operations"
import { Effect, Layer } from "effect"
import { HttpApiBuilder, HttpApiMiddleware } from "effect/http-api"
import { DirectoryApi } from "./DirectoryApi.ts"
import { DirectoryGroups } from "./DirectoryGroups.ts"

const handlers = HttpApiBuilder.group(
  DirectoryApi,
  "directory",
  Effect.fnUntraced(function* (handlers) {
    const groups = yield* DirectoryGroups
    return handlers.handleAll({
      groups: Effect.fnUntraced(function* ({ params, query }) {
        return yield* groups.search(yield* CurrentActor, params.tenant, query.query ?? "", {
          cursor: query.cursor ?? null,
          limit: query.limit ?? 20
        })
      })
    })
  })
)

/** The API's routes. Needs the host's `Authentication`. */
export const layer = HttpApiBuilder.layer(DirectoryApi).pipe(
  Layer.provide(handlers),
  Layer.provide(HttpApiMiddleware.layerProblemDetails({ includeDetails: true }))
)
