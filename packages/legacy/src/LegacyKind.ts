/**
 * The old tables: what each is called, which operation took its place, and which capability it takes to view its records. Pages
 * and command lines go through this list.
 *
 * @module
 */

import type { Capability } from "@atlas/operations"
import { Schema } from "effect"

/** The name of a table that held runs before the ledger. */
export const LegacyTable = Schema.Literals(["inventory_sync_runs", "entra_group_sync_runs", "backup_schedule_runs"])
export type LegacyTable = typeof LegacyTable.Type

/** One of the old tables. */
export interface LegacyKind {
  readonly table: LegacyTable
  readonly label: string
  /** The name of the operation that took its place. */
  readonly type: string
  readonly view: Capability
}

/** Every old table. */
export const legacyKinds: ReadonlyArray<LegacyKind> = [
  { table: "inventory_sync_runs", label: "Inventory sync", type: "inventory.sync", view: "tenant.inventory.view" },
  {
    table: "entra_group_sync_runs",
    label: "Groups sync",
    type: "directory_groups.sync",
    view: "tenant.directory.view"
  },
  {
    table: "backup_schedule_runs",
    label: "Scheduled backup",
    type: "backup_schedule.scheduled",
    view: "tenant.backups.view"
  }
]
