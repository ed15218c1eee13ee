/**
 * The operations that make backups and let them expire. People start `runNow` and `retry`, one run for each idempotency key.
 * The scheduler starts `scheduled`, one run for each fire time, and `retention`.
 *
 * @module
 */

import { Operation, StartGate } from "@atlas/operations"
import { Schema } from "effect"
import { ScheduleId } from "./BackupSchedule.ts"
import { readContracts } from "../policies/PolicyType.ts"

/** The name of the gate that is open while a backup schedule exists. */
export const scheduleGate = "backup_schedule"

const Input = Schema.Struct({ schedule: ScheduleId })
type Input = typeof Input.Type

const common = {
  category: "Intune",
  input: Input,
  capabilities: { start: "tenant.backups.run", view: "tenant.backups.view" },
  records: ({ schedule }: Input) => ({ schedule })
} as const

const backup = {
  ...common,
  gates: [scheduleGate, StartGate.providerConnection],
  contracts: readContracts,
  concurrency: 1
} as const
const key = ({ schedule }: Input) => schedule

/** A backup that a person asks for. Each click is a run. */
export const runNow = Operation.make({
  name: "backup_schedule.run_now",
  ...backup,
  label: "Back up now",
  description: "Backs up the policies of a schedule now.",
  identity: { rule: "once", by: "idempotency_key" }
})

/** A backup after one that is incomplete. */
export const retry = Operation.make({
  name: "backup_schedule.retry",
  ...backup,
  label: "Retry a backup",
  description: "Backs up the policies of a schedule again after an incomplete backup.",
  identity: { rule: "once", by: "idempotency_key" }
})

/** A backup at a fire time. Each fire time gets at most one run, for ever. */
export const scheduled = Operation.make({
  name: "backup_schedule.scheduled",
  ...backup,
  label: "Scheduled backup",
  description: "Backs up the policies of a schedule when it is due.",
  startedBy: "system",
  priority: "background",
  // A fire time starts no second run, so this one waits for workers up to a day: nobody waits for it. While it is queued, later
  // fire times overlap.
  queueLimit: "1 day",
  identity: { rule: "once", by: "fire_time", key }
})

/** Lets the backups expire that a schedule no longer keeps. */
export const retention = Operation.make({
  name: "backup_schedule.retention",
  ...common,
  label: "Expire backups",
  description: "Removes the contents of backups that the schedule no longer keeps.",
  startedBy: "system",
  priority: "background",
  identity: { rule: "while_active", key }
})

/** The operations that make backups. */
export const backupOperations = [runNow, retry, scheduled] as const
