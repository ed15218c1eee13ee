import { StartGate } from "@atlas/operations"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { scheduleGate } from "./BackupOperations.ts"
import { makeScheduleStore } from "./ScheduleStore.ts"

/** Open while the schedule that a start names exists in its tenant. */
export const scheduleExists: StartGate.StartGate<SqlClient.SqlClient> = StartGate.make(
  scheduleGate,
  Effect.fnUntraced(function* ({ input, scope }) {
    const { schedule } = input as { readonly schedule: string }
    const schedules = yield* makeScheduleStore
    return (yield* schedules.exists(scope, schedule))
      ? StartGate.open
      : StartGate.blocked("ext.backup.schedule_missing", "The tenant has no such backup schedule.")
  })
)
