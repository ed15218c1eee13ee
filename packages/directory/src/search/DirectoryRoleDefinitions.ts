/**
 * Definitions of directory roles for selectors and pages, read from the cache only. `DirectoryReader` says what each call
 * answers and to whom.
 *
 * @module
 */
import type { Authorization, Runs } from "@atlas/operations"
import { Context, Layer } from "effect"
import { DirectoryCache } from "../cache/DirectoryCache.ts"
import type { DirectoryRoleDefinition, RoleDefinitionFilter } from "../cache/DirectoryRoleDefinition.ts"
import { type DirectoryReader, makeDirectoryReader } from "./DirectoryReader.ts"
import * as RoleDefinitionsSync from "../sync/RoleDefinitionsSync.ts"

/** Searches and labels a tenant's cached role definitions, as `DirectoryGroups` does groups. */
export class DirectoryRoleDefinitions extends Context.Service<
  DirectoryRoleDefinitions,
  DirectoryReader<DirectoryRoleDefinition, RoleDefinitionFilter>
>()("@atlas/directory/DirectoryRoleDefinitions") {
  static readonly layer: Layer.Layer<DirectoryRoleDefinitions, never, Authorization | DirectoryCache | Runs> =
    Layer.effect(
      DirectoryRoleDefinitions,
      DirectoryCache.use((cache) => makeDirectoryReader(RoleDefinitionsSync.operation.name, cache.roleDefinitions))
    )
}
