export { BackupId, BackupItem, BackupSet, MissingPart } from "./BackupSet.ts"
export { BackupSchedule, scheduleDefaults, ScheduleId, ScheduleSettings, ScheduleSlot } from "./BackupSchedule.ts"
export { BackupSchedules, manageBackups, viewBackups } from "./BackupSchedules.ts"
export * as BackupScheduler from "./BackupScheduler.ts"
export * as BackupTypes from "./BackupTypes.ts"
export {
  exportBackup,
  importBackup,
  type ImportedObjects,
  objectsIn,
  type PolicyFile,
  sourceOfFile,
  textOfFile
} from "./BackupFiles.ts"
export { Backups, type BackupVerification } from "./Backups.ts"
export { cronProblem, nextFireTimes, type Recurrence, timeZoneProblem } from "./FireTimes.ts"
export * as Intune from "./Intune.ts"
export {
  BackupResource,
  RestoreResource,
  ScheduleResource,
  IntuneApi,
  IntuneApiGroup,
  InventoryItemResource,
  InventorySummaryResource
} from "./IntuneApi.ts"
export * as IntuneHttp from "./IntuneHttp.ts"
export {
  Inventory,
  type InventoryContent,
  InventoryItem,
  type InventoryPage,
  type InventorySearch,
  InventorySourceState,
  type InventorySummary,
  maxInventoryPage,
  viewInventory
} from "./Inventory.ts"
export * as InventorySync from "./InventorySync.ts"
export * as PolicySecretRotation from "./PolicySecretRotation.ts"
export { PolicySecrets, PolicySecretUnreadable, type SealedSecret } from "./PolicySecrets.ts"
export { AssignmentGroups, type AssignmentGroup } from "./AssignmentGroups.ts"
export { Restore, RestoreAction, RestoreItem, RestoreResult } from "./Restore.ts"
export { RestoreRequest } from "./RestoreRecords.ts"
export { type PlannedRestore, RestoreConflict, restorePolicies, viewRestores } from "./RestoreChanges.ts"
export { Restores, type RestoreTally } from "./Restores.ts"
export { RestoreState, restoreSteps } from "./RestoreState.ts"
export * as RestoreTypes from "./RestoreTypes.ts"
export { TenantNames } from "./TenantNames.ts"
export * as DriftCompare from "./DriftCompare.ts"
export { DriftItem, PolicyDrift } from "./PolicyDrift.ts"
export { FieldDifference } from "./PolicyDiff.ts"
export type { DamagedSnapshot } from "./PolicyStore.ts"
export { type PolicyChildren, type PolicySource, policySources } from "./PolicySource.ts"
export { type PolicyType, policyTypeNamed, policyTypeNames, policyTypes, type Restorability } from "./PolicyType.ts"
