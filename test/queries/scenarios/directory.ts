import {
  DirectoryGroups,
  DirectoryRoleDefinitions,
  GroupLabels,
  RoleDefinitionLabels,
  GroupsSync,
  RoleDefinitionsSync
} from "@atlas/directory"
import { FakeGraph } from "@atlas/fake-graph"
import { Effect } from "effect"
import { ada, tenant } from "../Host.ts"
import { as } from "../Watched.ts"
import { completed } from "./Runs.ts"

const { tenantId } = tenant

const searching = Effect.gen(function* () {
  const groups = yield* DirectoryGroups
  const search = (name: string, options: Parameters<typeof groups.search>[2]) =>
    groups.search(ada, tenantId, options).pipe(as(name))
  const { nextCursor } = yield* search("all groups", {})
  yield* search("all groups, the next page", { cursor: nextCursor })
  for (const filter of ["security", "microsoft365", "dynamic", "role_assignable", "synced"] as const) {
    yield* search(filter, { filters: [filter] })
  }
  yield* search("groups by a letter", { query: "s" })
  const part = yield* search("groups by a part", { query: "staff", limit: 1 })
  yield* search("groups by a part, the next page", { query: "staff", limit: 1, cursor: part.nextCursor })
  const roles = yield* DirectoryRoleDefinitions
  yield* roles.search(ada, tenantId, {}).pipe(as("all roles"))
  yield* roles.search(ada, tenantId, { query: "ole" }).pipe(as("roles by a part"))
})

const labelling = Effect.gen(function* () {
  const groups = yield* DirectoryGroups
  yield* groups.labels(ada, tenantId, ["group-100", "group-200"]).pipe(as("groups"))
  yield* groups.get(ada, tenantId, "group-100").pipe(as("groups"))
  yield* groups.freshness(ada, tenantId)
  const trusted = yield* GroupLabels
  yield* trusted.named(tenant, ["Staff 100", "Staff 200"]).pipe(as("groups"))
  const trustedRoles = yield* RoleDefinitionLabels
  yield* trustedRoles.named(tenant, ["Role 100"]).pipe(as("roles"))
  const roles = yield* DirectoryRoleDefinitions
  yield* roles.labels(ada, tenantId, ["role-100"]).pipe(as("roles"))
  yield* roles.get(ada, tenantId, "role-100").pipe(as("roles"))
})

/** The cached directory: read, filled, and kept up to date. */
export const directory = Effect.gen(function* () {
  yield* searching
  yield* labelling
  const confirmed = { confirmRemovals: 1_000_000 }
  yield* completed(GroupsSync.operation, confirmed)
  const fake = yield* FakeGraph
  const [renamed] = yield* fake.groups(tenantId)
  yield* fake.renameGroup(tenantId, renamed!.id, "Renamed")
  yield* completed(GroupsSync.operation)
  yield* completed(RoleDefinitionsSync.operation, confirmed)
})
