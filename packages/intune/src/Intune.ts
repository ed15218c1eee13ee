/**
 * The parts that a host composes. `types`, `gates` and `layer` belong in every process, `handlers` and `scheduler` in processes
 * with a worker. Only `handlers` ask for a `Graph`, so whatever shows data cannot reach it: that would not compile.
 *
 * @module
 */

import type { AuditLog, Authorization, Runs, SystemRuns } from "@atlas/operations"
import { Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { backupHandlers } from "./backups/BackupRun.ts"
import { retentionHandler } from "./backups/BackupRetention.ts"
import { Backups } from "./backups/Backups.ts"
import * as DueBackups from "./backups/DueBackups.ts"
import { BackupSchedules } from "./backups/BackupSchedules.ts"
import { backupOperations, retention } from "./backups/BackupOperations.ts"
import * as DriftCompare from "./drift/DriftCompare.ts"
import { PolicyDrift } from "./drift/PolicyDrift.ts"
import { Inventory } from "./inventory/Inventory.ts"
import * as InventorySync from "./inventory/InventorySync.ts"
import type { PolicySecrets } from "./policies/PolicySecrets.ts"
import { PolicyStore } from "./policies/PolicyStore.ts"
import { executeHandler } from "./restores/RestoreExecution.ts"
import { previewHandler } from "./restores/RestorePreview.ts"
import { Restores } from "./restores/Restores.ts"
import { execute, preview } from "./restores/RestoreOperations.ts"
import type { TenantNames } from "./restores/TenantNames.ts"

/** The operations of this package, for `Operations.layer`. */
export const operations: readonly [
  typeof InventorySync.operation,
  ...typeof backupOperations,
  typeof retention,
  typeof preview,
  typeof execute,
  typeof DriftCompare.operation
] = [InventorySync.operation, ...backupOperations, retention, preview, execute, DriftCompare.operation]

/** The handlers of these operations, for `Worker.layer`. */
export const handlers: readonly [
  typeof InventorySync.handler,
  ...typeof backupHandlers,
  typeof retentionHandler,
  typeof previewHandler,
  typeof executeHandler,
  typeof DriftCompare.handler
] = [InventorySync.handler, ...backupHandlers, retentionHandler, previewHandler, executeHandler, DriftCompare.handler]

/** The gates that the operations of backups and restores name, for `StartGate.layer`. */
export const gates: readonly [typeof BackupSchedules.gate, typeof Restores.planned, typeof Restores.confirmed] = [
  BackupSchedules.gate,
  Restores.planned,
  Restores.confirmed
]

/** Starts scheduled backups and lets old ones expire, for as long as the layer lives. Any number of processes may run it. */
export const scheduler: Layer.Layer<never, never, SystemRuns | SqlClient.SqlClient> = DueBackups.layer

/**
 * The services that pages and programs call. A host provides its `PolicySecrets` and `TenantNames`.
 *
 * @example
 * ```ts
 * const policies = Intune.layer.pipe(
 *   Layer.provide([policySecrets, tenantNames]),
 *   Layer.provideMerge(Operations.layer(report, ...Intune.operations)),
 *   Layer.provide(StartGate.layer(connected, ...Intune.gates))
 * )
 * ```
 */
export const layer: Layer.Layer<
  Backups | BackupSchedules | Inventory | PolicyDrift | PolicyStore | Restores,
  never,
  AuditLog | Authorization | PolicySecrets | Runs | SqlClient.SqlClient | SystemRuns | TenantNames
> = Layer.mergeAll(Inventory.layer, BackupSchedules.layer, Backups.layer, Restores.layer, PolicyDrift.layer).pipe(
  Layer.provideMerge(PolicyStore.layer)
)
