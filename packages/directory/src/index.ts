/**
 * A cached copy of each tenant's Entra groups and role definitions, in the host's Postgres. `GroupsSync` and
 * `RoleDefinitionsSync` are the operations that fill it. `DirectoryGroups` and `DirectoryRoleDefinitions` search it for people,
 * without calling Graph, and say how old every answer is. `Directory` composes all of it for a host.
 *
 * @module
 */

export { Freshness, type Removal, StaleAfter } from "@atlas/replica"
export * as Directory from "./Directory.ts"
export {
  DirectoryApi,
  DirectoryApiGroup,
  FreshnessResource,
  GroupResource,
  RoleDefinitionResource
} from "./http/DirectoryApi.ts"
export { DirectoryGroup, GroupFilter, GroupKind } from "./cache/DirectoryGroup.ts"
export { DirectoryGroups } from "./search/DirectoryGroups.ts"
export * as DirectoryHttp from "./http/DirectoryHttp.ts"
export {
  type Cached,
  type DirectoryLabel,
  type DirectoryReader,
  type Labels,
  maxLabels,
  maxPage,
  type SearchOptions,
  type SearchPage,
  viewDirectory
} from "./search/DirectoryReader.ts"
export { DirectoryRoleDefinition, RoleDefinitionFilter } from "./cache/DirectoryRoleDefinition.ts"
export { DirectoryRoleDefinitions } from "./search/DirectoryRoleDefinitions.ts"
export { countGroups, GraphGroup, groupChanges, listGroups } from "./sync/GroupContracts.ts"
export { type DirectoryLabels, GroupLabels, RoleDefinitionLabels } from "./search/DirectoryLabels.ts"
export * as GroupsSync from "./sync/GroupsSync.ts"
export { GraphRoleDefinition, listRoleDefinitions } from "./sync/RoleDefinitionContracts.ts"
export * as RoleDefinitionsSync from "./sync/RoleDefinitionsSync.ts"
