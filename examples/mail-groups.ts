import { listGroups } from "@atlas/directory"
import { Graph, type TenantScope } from "@atlas/operations"
import { Effect, Stream } from "effect"

/**
 * The addresses of a tenant's groups that receive mail: a flow that knows the port `Graph` and no adapter.
 *
 * @param tenant whose directory
 */
export const mailGroups = Effect.fn("mailGroups")(function* (tenant: TenantScope) {
  const graph = yield* Graph
  const pages = yield* Stream.runCollect(graph.list(tenant, listGroups, {}))
  return pages.flatMap(({ items }) => items).flatMap(({ mail }) => mail ?? [])
})
