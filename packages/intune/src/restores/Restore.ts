import { Actor, RunId } from "@atlas/operations"
import { Schema } from "effect"
import { BackupId } from "../backups/BackupSet.ts"
import { FieldDifference } from "../policies/PolicyDiff.ts"
import { RestoreState } from "./state.ts"
import { RestoreId } from "./RestoreTypes.ts"

const Instant = Schema.DateTimeUtcFromDate

/** Writing policies of a backup into a tenant: planned, confirmed, done. */
export class Restore extends Schema.Class<Restore>("@atlas/intune/Restore")({
  id: RestoreId,
  backupId: BackupId,
  withAssignments: Schema.Boolean,
  state: RestoreState,
  previewRun: Schema.NullOr(RunId),
  executeRun: Schema.NullOr(RunId),
  /** The backup of what was overwritten. */
  safetyBackupId: Schema.NullOr(BackupId),
  createdBy: Actor,
  confirmedBy: Schema.NullOr(Actor),
  createdAt: Instant,
  plannedAt: Schema.NullOr(Instant),
  confirmedAt: Schema.NullOr(Instant),
  doneAt: Schema.NullOr(Instant),
  archivedAt: Schema.NullOr(Instant)
}) {}

/** What a restore does with a policy. */
export const RestoreAction = Schema.Literals(["create", "update", "unchanged", "conflict", "not_restorable"])
export type RestoreAction = typeof RestoreAction.Type

/** What became of a policy. */
export const RestoreResult = Schema.Literals(["pending", "writing", "done", "failed", "skipped"])
export type RestoreResult = typeof RestoreResult.Type

/** A policy of a restore: what is planned, and what became of it. */
export class RestoreItem extends Schema.Class<RestoreItem>("@atlas/intune/RestoreItem")({
  source: Schema.String,
  id: Schema.String,
  type: Schema.NullOr(Schema.String),
  title: Schema.String,
  /** Null before it is planned. */
  action: Schema.NullOr(RestoreAction),
  /** Why, as a sentence. */
  reason: Schema.NullOr(Schema.String),
  /** From what the tenant had to what the backup says. */
  difference: Schema.NullOr(Schema.Struct({ fields: Schema.Array(FieldDifference), more: Schema.Int })),
  /** The policy that the tenant had when it was planned. */
  seenId: Schema.NullOr(Schema.String),
  result: RestoreResult,
  /** The policy that it is now. */
  resultId: Schema.NullOr(Schema.String),
  resultMessage: Schema.NullOr(Schema.String)
}) {}
