/**
 * A restore as the database keeps it: the request, how far it is, and for each policy the planned action and its result.
 * `Restores` returns these; pages and the HTTP API show them.
 *
 * @module
 */

import { Actor, RunId } from "@atlas/operations"
import { Schema } from "effect"
import { BackupId } from "../backups/BackupSet.ts"
import { FieldDifference } from "../policies/PolicyDiff.ts"
import { RestoreState } from "./state.ts"
import { RestoreId } from "./RestoreOperations.ts"

const Instant = Schema.DateTimeUtcFromDate

/** A restore: policies of a backup that are written into a tenant, once planned and confirmed. */
export class Restore extends Schema.Class<Restore>("@atlas/intune/Restore")({
  id: RestoreId,
  backupId: BackupId,
  withAssignments: Schema.Boolean,
  state: RestoreState,
  previewRun: Schema.NullOr(RunId),
  executeRun: Schema.NullOr(RunId),
  /** The backup of what was overwritten; null if nothing was. */
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
  /** Null until it is planned. */
  action: Schema.NullOr(RestoreAction),
  /** Why, as a sentence. */
  reason: Schema.NullOr(Schema.String),
  /** The members that need a value before the policy can be restored, as paths; at most 100. */
  lacking: Schema.Array(Schema.String),
  /** From what the tenant had when it was planned to what the backup says. */
  difference: Schema.NullOr(Schema.Struct({ fields: Schema.Array(FieldDifference), more: Schema.Int })),
  /** The id of the tenant's policy that the plan compared. */
  seenId: Schema.NullOr(Schema.String),
  result: RestoreResult,
  /** The id of the policy that was written. */
  resultId: Schema.NullOr(Schema.String),
  resultMessage: Schema.NullOr(Schema.String)
}) {}
