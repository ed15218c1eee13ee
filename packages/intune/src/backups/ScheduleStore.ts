/**
 * The statements of the scheduler: which schedule is due, and what became of its fire times. They authorise nobody. Call them in
 * the transaction that starts the runs. Database failures are defects.
 *
 * @module
 */

import { DateTime, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { scheduleColumns } from "./ScheduleColumns.ts"
import type { SlotDecision } from "./SlotDecision.ts"

/** What became of a fire time, and the run that it started or that was in its way. */
export interface DecidedSlot extends SlotDecision {
  readonly runId: string | null
}

const optional = (time: DateTime.Utc | null) => (time === null ? null : DateTime.formatIso(time))

/** Makes the statements. */
export const makeScheduleStore = Effect.map(SqlClient.SqlClient, (sql) => {
  /**
   * Locks a schedule that is due; undefined if none is, or others are deciding. The row is one that `BackupSchedule` decodes. A
   * stronger lock would skip a schedule to which a backup is being added: the foreign key of the backup locks the row as well.
   */
  const lockDue = Effect.fn("ScheduleStore.lockDue")(function* () {
    const [row] = yield* sql<{ id: string; now: Date }>`
      SELECT ${scheduleColumns(sql)}, now() FROM backup_schedules
      WHERE deleted_at IS NULL AND next_fire_at <= now() AND (decide_after IS NULL OR decide_after <= now())
      ORDER BY next_fire_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED`
    return row
  }, Effect.orDie)

  /** Which of these fire times are decided already. */
  const listDecided = Effect.fn("ScheduleStore.listDecided")(function* (
    schedule: string,
    times: ReadonlyArray<DateTime.Utc>
  ) {
    const known = yield* sql<{ at: Date }>`
      SELECT fire_time AS at FROM backup_schedule_slots WHERE schedule_id = ${schedule}::uuid
        AND fire_time = ANY(ARRAY(
          SELECT json_array_elements_text(${JSON.stringify(times.map(DateTime.formatIso))}::json)::timestamptz))`
    return known.map(({ at }) => at)
  }, Effect.orDie)

  /** Records what became of fire times, and when the schedule is due again; null for never. */
  const decide = Effect.fn("ScheduleStore.decide")(
    (schedule: string, slots: ReadonlyArray<DecidedSlot>, next: DateTime.Utc | null) => {
      const rows = slots.map((slot) => ({ ...slot, fireTime: DateTime.formatIso(slot.fireTime) }))
      return sql`
        WITH decided AS (
          INSERT INTO backup_schedule_slots (schedule_id, fire_time, state, reason, run_id)
          SELECT ${schedule}::uuid, "fireTime", state, reason, "runId"
          FROM json_to_recordset(${JSON.stringify(rows)}::json)
            AS r("fireTime" timestamptz, state text, reason text, "runId" uuid)
        )
        UPDATE backup_schedules SET decide_after = NULL, next_fire_at = ${optional(next)}::timestamptz
        WHERE id = ${schedule}::uuid`
    },
    Effect.orDie,
    Effect.asVoid
  )

  /** Leaves a schedule alone for five minutes. */
  const postpone = Effect.fn("ScheduleStore.postpone")(
    (schedule: string) => sql`
      UPDATE backup_schedules SET decide_after = now() + interval '5 minutes' WHERE id = ${schedule}::uuid`,
    Effect.orDie,
    Effect.asVoid
  )

  return { lockDue, listDecided, decide, postpone }
})
