/**
 * The operation `directory_groups.sync`. It follows the history of a tenant's groups, and reads everything the first time and
 * whenever Graph has forgotten the history. A host registers `type`, and gives `handler` to its worker.
 *
 * @module
 */
import { Graph, type GraphChange, Operation, StartGate, Folding, Storable } from "@atlas/operations"
import type { Change } from "@atlas/replica"
import { Effect, Stream } from "effect"
import * as CollectionSync from "./CollectionSync.ts"
import { DirectoryCache } from "../cache/DirectoryCache.ts"
import { countGroups, type GraphGroup, groupChanges } from "./GroupContracts.ts"

/**
 * The operation. Its identity allows one active run per tenant, so it needs no limit of concurrency. A million groups take a
 * fraction of its time limit.
 */
export const operation = Operation.make({
  name: "directory_groups.sync",
  label: "Sync groups",
  description: "Copies the tenant's Entra groups into the directory cache that selectors search.",
  category: "Directory",
  input: CollectionSync.SyncInput,
  capabilities: { start: "tenant.directory.sync", view: "tenant.directory.view" },
  identity: { rule: "while_active" },
  gates: [StartGate.providerConnection],
  contracts: [groupChanges, countGroups],
  timeLimit: "2 hours"
})

// A name may hold a NUL, or half a character if somebody cut it.
const text = (value: string | null) => (value === null ? null : Storable.nearest(value))

/** The columns that a patch gives; it leaves out those that the patch does. */
const toSet = (group: GraphGroup): Readonly<Record<string, unknown>> => {
  const { displayName, groupTypes, isAssignableToRole, mailEnabled, onPremisesSyncEnabled, securityEnabled } = group
  const name = displayName === undefined ? undefined : (text(displayName) ?? Storable.nearest(group.id))
  return {
    ...(name === undefined ? {} : { display_name: name, folded_name: Folding.foldName(name) }),
    ...(group.description === undefined ? {} : { description: text(group.description) }),
    ...(group.mail === undefined ? {} : { mail: text(group.mail) }),
    ...(mailEnabled === undefined ? {} : { mail_enabled: mailEnabled ?? false }),
    ...(securityEnabled === undefined ? {} : { security_enabled: securityEnabled ?? false }),
    ...(isAssignableToRole === undefined ? {} : { role_assignable: isAssignableToRole ?? false }),
    ...(onPremisesSyncEnabled === undefined ? {} : { synced: onPremisesSyncEnabled ?? false }),
    ...(groupTypes === undefined
      ? {}
      : {
          unified: groupTypes?.includes("Unified") ?? false,
          dynamic: groupTypes?.includes("DynamicMembership") ?? false
        })
  }
}

const toChange = (change: GraphChange<GraphGroup>): Change =>
  change._tag === "Upserted"
    ? { id: Storable.nearest(change.id), set: toSet(change.item) }
    : { id: Storable.nearest(change.id), removal: change.reason === "deleted" ? "purged" : "soft_deleted" }

// A history continues with the selection that it began with.
const history = `${groupChanges.name}?$select=${groupChanges.select?.join(",") ?? ""}`

/** Copies the changes of the tenant's groups into the cache. */
export const handler = operation.toLayer(
  Effect.fn("GroupsSync")(function* (run) {
    const graph = yield* Graph
    const cache = yield* DirectoryCache
    return yield* CollectionSync.sync(run, cache.groups, {
      noun: "groups",
      history,
      pages: (from) =>
        Stream.map(graph.delta(run.scope, groupChanges, {}, from), ({ changes, cursor, isLast }) => ({
          changes: changes.map(toChange),
          cursor,
          isLast
        })),
      count: graph.get(run.scope, countGroups, {})
    })
  })
)
