import { ReasonCode, RunId, Uuid } from "@atlas/operations"
import { Schema } from "effect"
import { ScheduleId } from "./BackupSchedule.ts"

const Instant = Schema.DateTimeUtcFromDate
const Hash = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))

/** Identifies a backup. */
export const BackupId = Uuid

/** Kinds of policies that a backup lacks, and why. */
export const MissingPart = Schema.Struct({
  /** What could not be read, for people. */
  label: Schema.String,
  reasonCode: ReasonCode,
  message: Schema.String
})
export type MissingPart = typeof MissingPart.Type

/** A backup: which policies a tenant had at a time, and what they said. Nobody can change it. */
export class BackupSet extends Schema.Class<BackupSet>("@atlas/intune/BackupSet")({
  id: BackupId,
  origin: Schema.Literals(["schedule", "import", "restore"]),
  scheduleId: Schema.NullOr(ScheduleId),
  /** The run that made it. */
  runId: Schema.NullOr(RunId),
  name: Schema.String,
  /** `partial`: something is missing. `expired`: its contents are gone, by the schedule's rule. */
  state: Schema.Literals(["open", "complete", "partial", "expired"]),
  missing: Schema.Array(MissingPart),
  itemCount: Schema.Int,
  /** SHA-256 over what it lists, in hexadecimal; null before it is sealed. */
  manifestHash: Schema.NullOr(Hash),
  createdAt: Instant,
  sealedAt: Schema.NullOr(Instant),
  expiredAt: Schema.NullOr(Instant)
}) {}

/** A policy in a backup. */
export class BackupItem extends Schema.Class<BackupItem>("@atlas/intune/BackupItem")({
  source: Schema.String,
  id: Schema.String,
  type: Schema.NullOr(Schema.String),
  odataType: Schema.NullOr(Schema.String),
  title: Schema.String,
  platform: Schema.NullOr(Schema.String),
  assignmentCount: Schema.NullOr(Schema.Int),
  contentHash: Hash,
  assignmentsHash: Schema.NullOr(Hash)
}) {}
