import { listGroups } from "@atlas/directory"
import { Graph, Operation, RunHandler, type TenantScope } from "@atlas/operations"
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

/** The same as an operation. */
export const CountMailGroups = Operation.make({
  name: "mail_groups.count",
  label: "Count mail groups",
  description: "Counts the groups that receive mail.",
  category: "Mail",
  input: Operation.NoInput,
  capabilities: { start: "tenant.mail_groups.count", view: "tenant.mail_groups.view" },
  identity: { rule: "while_active" },
  contracts: [listGroups],
  retry: { backoff: "1 minute" }
})

export const countMailGroups = CountMailGroups.toLayer(({ scope, progress }) =>
  Effect.gen(function* () {
    const addresses = yield* mailGroups(scope)
    yield* progress({ total: addresses.length })
    return RunHandler.succeeded
  })
)
