/**
 * The operation `directory_role_definitions.sync`. It lists all role definitions each time, since Graph has no history of
 * them. A host registers `type`, and gives `handler` to its worker.
 *
 * @module
 */
import { Graph, Operation, StartGate, Folding, Storable } from "@atlas/operations"
import type { Change } from "@atlas/replica"
import { Effect, Stream } from "effect"
import * as CollectionSync from "./CollectionSync.ts"
import { DirectoryCache } from "../cache/DirectoryCache.ts"
import { type GraphRoleDefinition, listRoleDefinitions } from "./RoleDefinitionContracts.ts"

/** The operation. Its identity allows one active run per tenant. */
export const operation = Operation.make({
  name: "directory_role_definitions.sync",
  label: "Sync role definitions",
  description: "Copies the definitions of the tenant's directory roles into the cache that selectors search.",
  category: "Directory",
  input: CollectionSync.SyncInput,
  capabilities: { start: "tenant.directory.sync", view: "tenant.directory.view" },
  identity: { rule: "while_active" },
  gates: [StartGate.providerConnection],
  contracts: [listRoleDefinitions],
  timeLimit: "30 minutes"
})

const text = (value: string | null | undefined) => (value == null ? null : Storable.nearest(value))

const toChange = (role: GraphRoleDefinition): Change => {
  const name = text(role.displayName) ?? Storable.nearest(role.id)
  return {
    id: Storable.nearest(role.id),
    set: {
      display_name: name,
      folded_name: Folding.foldName(name),
      description: text(role.description),
      template_id: text(role.templateId),
      built_in: role.isBuiltIn ?? false,
      enabled: role.isEnabled ?? true,
      privileged: role.isPrivileged ?? null
    }
  }
}

/** Copies the tenant's role definitions into the cache. */
export const handler = operation.toLayer(
  Effect.fn("RoleDefinitionsSync")(function* (run) {
    const graph = yield* Graph
    const cache = yield* DirectoryCache
    return yield* CollectionSync.sync(run, cache.roleDefinitions, {
      noun: "role definitions",
      history: null,
      pages: (from) =>
        Stream.map(graph.list(run.scope, listRoleDefinitions, {}, from), ({ items, next }) => ({
          changes: items.map(toChange),
          cursor: next,
          isLast: next === null
        })),
      count: null
    })
  })
)
