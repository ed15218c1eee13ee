/**
 * What a host composes: `types` for `Operations.layer`, `handlers` for `Worker.layer`, and `layer` for every process that
 * shows or fills the cache. Only the handlers need `Graph`, so a process without a worker cannot reach Microsoft.
 *
 * @module
 */
import type { Authorization, Runs } from "@atlas/operations"
import { Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { DirectoryCache } from "./cache/DirectoryCache.ts"
import { DirectoryGroups } from "./search/DirectoryGroups.ts"
import { DirectoryRoleDefinitions } from "./search/DirectoryRoleDefinitions.ts"
import { GroupLabels, RoleDefinitionLabels } from "./search/DirectoryLabels.ts"
import * as GroupsSync from "./sync/GroupsSync.ts"
import * as RoleDefinitionsSync from "./sync/RoleDefinitionsSync.ts"

/** The operations of this package. */
export const operations: readonly [typeof GroupsSync.operation, typeof RoleDefinitionsSync.operation] = [
  GroupsSync.operation,
  RoleDefinitionsSync.operation
]

/**
 * The handlers of these operations.
 *
 * @example
 * ```ts
 * // Only workers have a Graph; they are composed in the same process or in another.
 * const worker = Worker.layer(...Directory.handlers).pipe(
 *   Layer.provide(Layer.succeed(RemovalGuard, 0.5)),
 *   Layer.provideMerge(host)
 * )
 * ```
 */
export const handlers: readonly [typeof GroupsSync.handler, typeof RoleDefinitionsSync.handler] = [
  GroupsSync.handler,
  RoleDefinitionsSync.handler
]

/**
 * The cache and its readers.
 *
 * @example
 * ```ts
 * const host = Directory.layer.pipe(
 *   Layer.provideMerge(Operations.layer(...Directory.operations)),
 *   // Both have defaults: a day, and a quarter.
 *   Layer.provide(Layer.succeed(StaleAfter, Duration.hours(12))),
 *   Layer.provide(Layer.succeed(RemovalGuard, 0.5))
 * )
 * ```
 */
export const layer: Layer.Layer<
  DirectoryCache | DirectoryGroups | DirectoryRoleDefinitions | GroupLabels | RoleDefinitionLabels,
  never,
  Authorization | Runs | SqlClient.SqlClient
> = Layer.mergeAll(
  DirectoryGroups.layer,
  DirectoryRoleDefinitions.layer,
  GroupLabels.layer,
  RoleDefinitionLabels.layer
).pipe(Layer.provideMerge(DirectoryCache.layer))
