/**
 * A backup as the database keeps it: the set, its items, and what it lacks. The database refuses every change of a sealed
 * backup. `Backups` returns these; pages and the HTTP API show them.
 *
 * @module
 */

import { ReasonCode, RunId, Uuid } from "@atlas/operations"
import { Schema } from "effect"
import { ScheduleId } from "./BackupSchedule.ts"

const Instant = Schema.DateTimeUtcFromDate
const Hash = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))

/** Identifies a backup. */
export const BackupId = Uuid

/** What a backup lacks, and why: all policies of a collection, or one. */
export const MissingPart = Schema.Struct({
  /** The kinds of policies that could not be read, for people. */
  label: Schema.String,
  /** The one policy that could not be read; null if the whole collection could not. */
  policy: Schema.NullOr(Schema.Struct({ id: Schema.String, title: Schema.String })),
  reasonCode: ReasonCode,
  message: Schema.String
})
export type MissingPart = typeof MissingPart.Type

/** A backup: the policies that a tenant had at one time, and what they said. */
export class BackupSet extends Schema.Class<BackupSet>("@atlas/intune/BackupSet")({
  id: BackupId,
  origin: Schema.Literals(["schedule", "import", "restore"]),
  scheduleId: Schema.NullOr(ScheduleId),
  /** The run that made it; null for imports and restores. */
  runId: Schema.NullOr(RunId),
  name: Schema.String,
  /** `partial`: a collection or a policy is missing. `expired`: retention has removed the items. */
  state: Schema.Literals(["open", "complete", "partial", "expired"]),
  missing: Schema.Array(MissingPart),
  itemCount: Schema.Int,
  /** SHA-256 of the list of items, in hexadecimal; null until the backup is sealed. */
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
