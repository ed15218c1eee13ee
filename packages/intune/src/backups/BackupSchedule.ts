import { Actor, RunId, StorableText, TenantId, Uuid, WorkspaceId } from "@atlas/operations"
import { Schema } from "effect"
import { cronProblem, RepeatedTime, SkippedTime, timeZoneProblem } from "./FireTimes.ts"
import { PolicySelection } from "../policies/PolicyType.ts"

const Instant = Schema.DateTimeUtcFromDate

/** Identifies a backup schedule. */
export const ScheduleId = Uuid

/** What is done about fire times at which no scheduler was there. */
const Missed = Schema.Literals([
  /** Nothing. */
  "skip",
  /** One run, unless a fire time is due anyway. */
  "once",
  /** A run for each of the newest, up to `missedLimit`. */
  "all"
])

const days = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3_650 }))
const count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000 }))

/** What a person decides about a schedule, field by field. */
export const scheduleFields = {
  name: StorableText.check(
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
  /** What happens to a local time that a change of the clocks skips. */
  skippedTime: SkippedTime,
  /** Which one of a local time that a change of the clocks repeats. */
  repeatedTime: RepeatedTime,
  missed: Missed,
  /** How many missed fire times are made up for at most, where `missed` is `all`. */
  missedLimit: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })),
  /** The kinds of policies that are backed up; null for all. */
  types: Schema.NullOr(PolicySelection),
  /** Backups that are among the last so many, or younger than so many days, are kept; with neither, all are. */
  keepLast: Schema.NullOr(count),
  keepDays: Schema.NullOr(days)
}

/** What a person decides about a backup schedule. */
export const ScheduleSettings = Schema.Struct(scheduleFields)
export type ScheduleSettings = typeof ScheduleSettings.Type

/** What a new schedule is like where nothing else is said. */
export const scheduleDefaults = {
  skippedTime: "later",
  repeatedTime: "earlier",
  missed: "once",
  missedLimit: 3,
  types: null,
  keepLast: 30,
  keepDays: null
} as const satisfies Partial<ScheduleSettings>

/** When policies of a tenant are backed up. */
export class BackupSchedule extends Schema.Class<BackupSchedule>("@atlas/intune/BackupSchedule")({
  id: ScheduleId,
  workspaceId: WorkspaceId,
  tenantId: TenantId,
  ...scheduleFields,
  // As they were accepted: what time zones there are may change.
  cron: Schema.String,
  timeZone: Schema.String,
  paused: Schema.Boolean,
  /** When it is due next; null where that never comes. */
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
  /** The run that it became, or that was in its way. */
  runId: Schema.NullOr(RunId),
  decidedAt: Instant
}) {}
