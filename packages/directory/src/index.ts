export type { Removal } from "./Collection.ts"
export * as Directory from "./Directory.ts"
export {
  DirectoryApi,
  DirectoryApiGroup,
  FreshnessResource,
  GroupResource,
  RoleDefinitionResource
} from "./DirectoryApi.ts"
export { DirectoryGroup, GroupFilter, GroupKind } from "./DirectoryGroup.ts"
export { DirectoryGroups } from "./DirectoryGroups.ts"
export * as DirectoryHttp from "./DirectoryHttp.ts"
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
} from "./DirectoryReader.ts"
export { DirectoryRoleDefinition, RoleDefinitionFilter } from "./DirectoryRoleDefinition.ts"
export { DirectoryRoleDefinitions } from "./DirectoryRoleDefinitions.ts"
export { Freshness, StaleAfter } from "./Freshness.ts"
export { countGroups, GraphGroup, groupChanges, listGroups } from "./GroupContracts.ts"
export { GroupLabels } from "./GroupLabels.ts"
export * as GroupsSync from "./GroupsSync.ts"
export { GraphRoleDefinition, listRoleDefinitions } from "./RoleDefinitionContracts.ts"
export * as RoleDefinitionsSync from "./RoleDefinitionsSync.ts"
