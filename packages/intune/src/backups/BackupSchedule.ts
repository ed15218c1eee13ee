/**
 * A backup schedule: the settings that a person decides, with their limits and defaults, and what became of each fire time.
 * `BackupSchedules` decodes with these schemas whatever pages and the HTTP API send.
 *
 * @module
 */

import { Actor, RunId, TenantId, Uuid, WorkspaceId, Storable } from "@atlas/operations"
import { Schema } from "effect"
import { cronProblem, RepeatedTime, SkippedTime, timeZoneProblem } from "./FireTimes.ts"
import { PolicySelection } from "../policies/PolicyType.ts"

const Instant = Schema.DateTimeUtcFromDate

/** Identifies a backup schedule. */
export const ScheduleId = Uuid

/** What happens to fire times that passed while no scheduler ran. */
const Missed = Schema.Literals([
  /** Nothing. */
  "skip",
  /** One run, unless another fire time is due on time. */
  "once",
  /** One run for each of the newest ones, up to `missedLimit`. */
  "all"
])

const days = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3_650 }))
const count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000 }))

/** What a person decides about a schedule, field by field. */
export const scheduleFields = {
  name: Storable.Text.check(
    Schema.makeFilter((text) => (text.trim() !== "" && text.length <= 200) || "must have 1 to 200 characters")
  ),
  /** Five fields: minute, hour, day, month, weekday. */
  cron: Schema.String.check(
    Schema.isMaxLength(200),
    Schema.makeFilter((text) => cronProblem(text) ?? true)
  ),
  /** An IANA name, such as `Europe/Berlin`. */
  timeZone: Schema.String.check(
    Schema.isMaxLength(100),
    Schema.makeFilter((name) => timeZoneProblem(name) ?? true)
  ),
  /** What happens to a local time that a clock change skips. */
  skippedTime: SkippedTime,
  /** Which occurrence fires of a local time that a clock change repeats. */
  repeatedTime: RepeatedTime,
  missed: Missed,
  /** The most missed fire times that still get a run, where `missed` is `all`. */
  missedLimit: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })),
  /** The kinds of policies to back up; null for all. */
  types: Schema.NullOr(PolicySelection),
  /** Keeps the newest `keepLast` backups, and those of the last `keepDays` days. Without either, keeps all. */
  keepLast: Schema.NullOr(count),
  keepDays: Schema.NullOr(days)
}

/** The settings of a backup schedule. */
export const ScheduleSettings = Schema.Struct(scheduleFields)
export type ScheduleSettings = typeof ScheduleSettings.Type

/** The values of settings that a new schedule leaves out. */
export const scheduleDefaults = {
  skippedTime: "later",
  repeatedTime: "earlier",
  missed: "once",
  missedLimit: 3,
  types: null,
  keepLast: 30,
  keepDays: null
} as const satisfies Partial<ScheduleSettings>

/** A backup schedule of a tenant. */
export class BackupSchedule extends Schema.Class<BackupSchedule>("@atlas/intune/BackupSchedule")({
  id: ScheduleId,
  workspaceId: WorkspaceId,
  tenantId: TenantId,
  ...scheduleFields,
  // Not checked again: the time zones that a machine knows may change.
  cron: Schema.String,
  timeZone: Schema.String,
  paused: Schema.Boolean,
  /** Rises with each change that somebody makes. */
  version: Schema.Int,
  /** The next fire time; null if there is none. */
  nextFireAt: Schema.NullOr(Instant),
  createdBy: Actor,
  createdAt: Instant,
  updatedAt: Instant
}) {}

/** What became of one fire time of a schedule. */
export class ScheduleSlot extends Schema.Class<ScheduleSlot>("@atlas/intune/ScheduleSlot")({
  fireTime: Instant,
  state: Schema.Literals(["dispatched", "skipped", "missed", "overlapped"]),
  reason: Schema.NullOr(Schema.String),
  /** The run that was started, or the active run that was in the way. */
  runId: Schema.NullOr(RunId),
  decidedAt: Instant
}) {}
