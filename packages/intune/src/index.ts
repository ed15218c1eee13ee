/**
 * What is configured in a tenant's Intune, as operation runs: an inventory of policies, backups by hand and on schedules,
 * restores that a person plans and confirms, and drift between two states. `Intune` has the parts that a host composes. Pages
 * and programs call `Inventory`, `BackupSchedules`, `Backups`, `Restores` and `PolicyDrift`, which authorise every call and
 * never ask Graph.
 *
 * @module
 */

export { BackupId, BackupItem, BackupSet, MissingPart } from "./backups/BackupSet.ts"
export {
  BackupSchedule,
  scheduleDefaults,
  ScheduleId,
  ScheduleSettings,
  ScheduleSlot
} from "./backups/BackupSchedule.ts"
export { BackupSchedules, viewBackups } from "./backups/BackupSchedules.ts"
export { manageBackups, ScheduleChanged, type SeenVersion } from "./backups/ScheduleChanges.ts"
export * as DueBackups from "./backups/DueBackups.ts"
export * as BackupOperations from "./backups/BackupOperations.ts"
export {
  exportBackup,
  importBackup,
  References,
  referencesFile,
  type PolicyFile,
  sourceOfFile,
  textOfFile
} from "./backups/BackupFiles.ts"
export { type ImportedObjects, objectsIn } from "./backups/ImportedObjects.ts"
export { Backups, type BackupVerification } from "./backups/Backups.ts"
export { cronProblem, nextFireTimes, type Recurrence, timeZoneProblem } from "./backups/FireTimes.ts"
export * as Intune from "./Intune.ts"
export { BackupResource } from "./http/backupCalls.ts"
export { IntuneApi, IntuneApiGroup } from "./http/IntuneApi.ts"
export { InventoryItemResource, InventorySummaryResource } from "./http/inventoryCalls.ts"
export { RestoreResource } from "./http/restoreCalls.ts"
export { ScheduleResource } from "./http/scheduleCalls.ts"
export * as IntuneHttp from "./http/IntuneHttp.ts"
export {
  Inventory,
  type InventoryContent,
  InventoryItem,
  type PolicySearchResult,
  type InventorySearch,
  InventorySourceState,
  type InventorySummary,
  maxInventoryPage,
  viewInventory
} from "./inventory/Inventory.ts"
export * as InventorySync from "./inventory/InventorySync.ts"
export * as PolicySecretRotation from "./policies/PolicySecretRotation.ts"
export { PolicySecrets, PolicySecretUnreadable, type SealedSecret } from "./policies/PolicySecrets.ts"
export {
  type DirectoryKind,
  type DirectoryLookup,
  type DirectoryObject,
  DirectoryObjects,
  type FoundObjects
} from "./policies/references/DirectoryObjects.ts"
export { Restore, RestoreAction, RestoreItem, RestoreResult } from "./restores/Restore.ts"
export { RestoreRequest } from "./restores/RestoreRecords.ts"
export { type PlannedRestore, RestoreConflict, restorePolicies, viewRestores } from "./restores/RestoreChanges.ts"
export type { RestoreTally } from "./restores/RestoreItemStore.ts"
export { Restores } from "./restores/Restores.ts"
export { RestoreState, restoreSteps } from "./restores/state.ts"
export * as RestoreOperations from "./restores/RestoreOperations.ts"
export { TenantNames } from "./restores/TenantNames.ts"
export * as DriftCompare from "./drift/DriftCompare.ts"
export { DriftItem } from "./drift/DriftItem.ts"
export { PolicyDrift } from "./drift/PolicyDrift.ts"
export { FieldDifference } from "./policies/PolicyDiff.ts"
export type { DamagedSnapshot } from "./policies/PolicyStore.ts"
export type { PolicyChildren, PolicySource } from "./policies/PolicySource.ts"
export { policySources } from "./policies/policySources.ts"
export {
  type PolicyType,
  policyTypeNamed,
  policyTypeNames,
  policyTypes,
  type Restorability
} from "./policies/PolicyType.ts"
