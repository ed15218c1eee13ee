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

/** A backup because a person asked for it; each click is one. */
export const runNow = Operation.make({
  name: "backup_schedule.run_now",
  ...backup,
  label: "Back up now",
  description: "Backs up the policies of a schedule now.",
  identity: { rule: "once", by: "idempotency_key" }
})

/** A backup because an earlier one was not whole. */
export const retry = Operation.make({
  name: "backup_schedule.retry",
  ...backup,
  label: "Repeat a backup",
  description: "Backs up the policies of a schedule again, after a backup that was not whole.",
  identity: { rule: "once", by: "idempotency_key" }
})

/** A backup because its time has come: one for each fire time, for ever. */
export const scheduled = Operation.make({
  name: "backup_schedule.scheduled",
  ...backup,
  label: "Scheduled backup",
  description: "Backs up the policies of a schedule at its time.",
  startedBy: "system",
  priority: "background",
  // Its fire time is used up: a backup that waits until workers are back is better than none, and nobody waits for it. While
  // it is queued, the next fire times overlap.
  queueLimit: "1 day",
  identity: { rule: "once", by: "fire_time", key }
})

/** Lets backups expire that the schedule does not keep any longer. */
export const retention = Operation.make({
  name: "backup_schedule.retention",
  ...common,
  label: "Expire backups",
  description: "Removes what the schedule does not keep any longer.",
  startedBy: "system",
  priority: "background",
  identity: { rule: "while_active", key }
})

/** What makes backups. */
export const backupTypes = [runNow, retry, scheduled] as const
