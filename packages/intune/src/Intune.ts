import type { Access, RunQueries, Runs, RunSignals } from "@atlas/operations"
import { Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { backupHandlers } from "./BackupRun.ts"
import { retentionHandler } from "./BackupRetention.ts"
import { Backups } from "./Backups.ts"
import * as BackupScheduler from "./BackupScheduler.ts"
import { BackupSchedules } from "./BackupSchedules.ts"
import { backupTypes, retention } from "./BackupTypes.ts"
import { Inventory } from "./Inventory.ts"
import * as InventorySync from "./InventorySync.ts"
import type { PolicySecrets } from "./PolicySecrets.ts"
import { PolicyStore } from "./PolicyStore.ts"

/** The operation types of this package, for `Operations.layer`. */
export const types: readonly [typeof InventorySync.type, ...typeof backupTypes, typeof retention] = [
  InventorySync.type,
  ...backupTypes,
  retention
]

/** What executes them, for `Worker.layer`. */
export const handlers: readonly [typeof InventorySync.handler, ...typeof backupHandlers, typeof retentionHandler] = [
  InventorySync.handler,
  ...backupHandlers,
  retentionHandler
]

/** The gate that the types of backups name, for `StartGate.layer`. */
export const gate: typeof BackupSchedules.gate = BackupSchedules.gate

/** Starts scheduled backups in this process, for as long as it lives: for processes with a worker. Any number may. */
export const scheduler: Layer.Layer<never, never, RunQueries | Runs | RunSignals | SqlClient.SqlClient> =
  BackupScheduler.layer

/** Inventory, schedules and backups: what every process of a host needs. They cannot reach Graph; only the handlers do. */
export const layer: Layer.Layer<
  Backups | BackupSchedules | Inventory | PolicyStore,
  never,
  Access | PolicySecrets | RunQueries | SqlClient.SqlClient
> = Layer.mergeAll(Inventory.layer, BackupSchedules.layer, Backups.layer).pipe(Layer.provideMerge(PolicyStore.layer))
