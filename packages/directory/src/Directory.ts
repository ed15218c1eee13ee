import type { Authorization, Runs } from "@atlas/operations"
import { Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { DirectoryCache } from "./cache/DirectoryCache.ts"
import { DirectoryGroups } from "./search/DirectoryGroups.ts"
import { DirectoryRoleDefinitions } from "./search/DirectoryRoleDefinitions.ts"
import { GroupLabels } from "./search/GroupLabels.ts"
import * as GroupsSync from "./sync/GroupsSync.ts"
import * as RoleDefinitionsSync from "./sync/RoleDefinitionsSync.ts"

/** The operations of this package, for `Operations.layer`. */
export const types: readonly [typeof GroupsSync.type, typeof RoleDefinitionsSync.type] = [
  GroupsSync.type,
  RoleDefinitionsSync.type
]

/** What executes them, for `Worker.layer`. */
export const handlers: readonly [typeof GroupsSync.handler, typeof RoleDefinitionsSync.handler] = [
  GroupsSync.handler,
  RoleDefinitionsSync.handler
]

/** The cache and its readers: what every process of a host needs. They cannot reach Graph; only the handlers do. */
export const layer: Layer.Layer<
  DirectoryCache | DirectoryGroups | DirectoryRoleDefinitions | GroupLabels,
  never,
  Authorization | Runs | SqlClient.SqlClient
> = Layer.mergeAll(DirectoryGroups.layer, DirectoryRoleDefinitions.layer, GroupLabels.layer).pipe(
  Layer.provideMerge(DirectoryCache.layer)
)
