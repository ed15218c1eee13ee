/**
 * Serves `DirectoryApi` with the readers of the cache. The host provides `Authentication`, which says who asks; the readers
 * decide what that actor may see.
 *
 * @module
 */
import { HttpProblems, OperationsApi } from "@atlas/operations"
import { Effect, Layer, Struct } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { DirectoryApi } from "./DirectoryApi.ts"
import { DirectoryGroups } from "../search/DirectoryGroups.ts"
import type { SearchOptions } from "../search/DirectoryReader.ts"
import { DirectoryRoleDefinitions } from "../search/DirectoryRoleDefinitions.ts"

const optionsOf = <Filter extends string>({
  filter = [],
  ...options
}: Omit<SearchOptions<Filter>, "filters"> & {
  readonly filter?: Filter | ReadonlyArray<Filter>
}): SearchOptions<Filter> => ({ ...options, filters: typeof filter === "string" ? [filter] : filter })

const idsOf = ({ ids }: { readonly ids: string }) => ids.split(",").filter((id) => id !== "")

const handlers = HttpApiBuilder.group(
  DirectoryApi,
  "directory",
  Effect.fnUntraced(function* (handlers) {
    const groups = yield* DirectoryGroups
    const roles = yield* DirectoryRoleDefinitions
    return handlers.handleAll({
      groups: Effect.fnUntraced(function* ({ params, query }) {
        const found = yield* groups.search(yield* OperationsApi.CurrentActor, params.tenant, optionsOf(query))
        return { groups: found.items, ...Struct.omit(found, ["items"]) }
      }),
      groupLabels: Effect.fnUntraced(function* ({ params, query }) {
        return yield* groups.labels(yield* OperationsApi.CurrentActor, params.tenant, idsOf(query))
      }),
      group: Effect.fnUntraced(function* ({ params }) {
        const { freshness, item } = yield* groups.get(yield* OperationsApi.CurrentActor, params.tenant, params.id)
        return { group: item, freshness }
      }),
      roleDefinitions: Effect.fnUntraced(function* ({ params, query }) {
        const found = yield* roles.search(yield* OperationsApi.CurrentActor, params.tenant, optionsOf(query))
        return { roleDefinitions: found.items, ...Struct.omit(found, ["items"]) }
      }),
      roleDefinitionLabels: Effect.fnUntraced(function* ({ params, query }) {
        return yield* roles.labels(yield* OperationsApi.CurrentActor, params.tenant, idsOf(query))
      }),
      roleDefinition: Effect.fnUntraced(function* ({ params }) {
        const { freshness, item } = yield* roles.get(yield* OperationsApi.CurrentActor, params.tenant, params.id)
        return { roleDefinition: item, freshness }
      })
    })
  })
)

/**
 * The API's routes.
 *
 * @example
 * ```ts
 * const routes = DirectoryHttp.layer.pipe(Layer.provide([authentication, services, HttpServer.layerServices]))
 * const { dispose, handler } = HttpRouter.toWebHandler(routes, { disableLogger: true })
 * ```
 */
export const layer = HttpApiBuilder.layer(DirectoryApi).pipe(Layer.provide(handlers), Layer.provide(HttpProblems.layer))
