/**
 * The part of a console for hosts with policies of Intune: pages and calls of the inventory, backup schedules, backups,
 * restores and comparisons. It needs the services of `Intune.layer` of `@atlas/intune`.
 *
 * @module
 */

import {
  BackupOperations,
  DriftCompare,
  IntuneApi,
  IntuneHttp,
  RestoreOperations,
  viewBackups,
  viewInventory,
  viewRestores
} from "@atlas/intune"
import { Effect } from "effect"
import { makePart } from "../shell/Part.ts"
import { makeBackupRoutes } from "./backups/BackupRoutes.ts"
import { countLabelsOf } from "./drift/countLabelsOf.ts"
import { makeDriftRoutes } from "./drift/DriftRoutes.ts"
import { makeInventoryRoutes } from "./inventory/InventoryRoutes.ts"
import { makeRunRecords } from "./records.ts"
import { makeRestoreRoutes } from "./restores/RestoreRoutes.ts"
import { makeScheduleRoutes } from "./schedules/ScheduleRoutes.ts"

const pages = {
  schedules: { path: "backup-schedules", label: "Backup schedules", capability: viewBackups },
  backups: { path: "backups", label: "Backups", capability: viewBackups },
  drift: { path: "drift", label: "Drift" },
  inventory: { path: "inventory", label: "Inventory", capability: viewInventory },
  restores: { path: "restores", label: "Restores", capability: viewRestores }
}

const features = [
  makeInventoryRoutes,
  makeScheduleRoutes,
  makeBackupRoutes,
  makeRestoreRoutes,
  makeDriftRoutes
] as const

/** The part `intune`, for `Console.make`. */
export const intune = makePart({
  pages: Effect.map(Effect.all(features), (adders) => (routes) => {
    for (const add of adders) add(routes)
  }),
  contribution: Effect.map(makeRunRecords, (recordsOf) => ({
    tenantPages: [pages.schedules, pages.backups, pages.restores, pages.drift, pages.inventory],
    startPages: {
      [BackupOperations.runNow.name]: pages.schedules,
      [BackupOperations.retry.name]: pages.schedules,
      [DriftCompare.operation.name]: pages.drift,
      [RestoreOperations.preview.name]: pages.backups,
      [RestoreOperations.execute.name]: pages.restores
    },
    recordsOf,
    countLabelsOf
  })),
  api: { declaration: IntuneApi, routes: IntuneHttp.layer }
})
