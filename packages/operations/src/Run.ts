import { Schema } from "effect"
import { Actor } from "./Actor.ts"
import { Failure } from "./Failure.ts"
import { TenantId, WorkspaceId } from "./OperationScope.ts"
import { ReasonCode } from "./ReasonCode.ts"

/** Identifies a run: a UUIDv7, so that ids order by time of creation. */
export const RunId = Schema.String.check(Schema.isUUID(7)).pipe(Schema.brand("RunId"))
export type RunId = typeof RunId.Type

/** Where a run is in its life. */
export const RunStatus = Schema.Literals(["queued", "running", "completed"])
export type RunStatus = typeof RunStatus.Type

/** How a run ended; `pending` until it has. */
export const RunOutcome = Schema.Literals([
  "pending",
  "succeeded",
  "partially_succeeded",
  "failed",
  "blocked",
  "cancelled"
])
export type RunOutcome = typeof RunOutcome.Type

/**
 * The transitions that the ledger makes, each guarded in SQL by the status it leaves: queued → running (claimed),
 * running → queued (lease given back, or an attempt is to be repeated), running → completed, and queued → completed
 * (cancelled, superseded, stale). A blocked start is recorded as completed.
 */
export const transitions: ReadonlyArray<readonly [from: RunStatus, to: RunStatus]> = [
  ["queued", "running"],
  ["queued", "completed"],
  ["running", "queued"],
  ["running", "completed"]
]

/** How far a run has come: counts of items. A total that is not known yet is absent. */
export const RunCounts = Schema.Struct({
  total: Schema.optionalKey(Schema.Int),
  processed: Schema.optionalKey(Schema.Int),
  succeeded: Schema.optionalKey(Schema.Int),
  failed: Schema.optionalKey(Schema.Int),
  skipped: Schema.optionalKey(Schema.Int),
  created: Schema.optionalKey(Schema.Int),
  updated: Schema.optionalKey(Schema.Int),
  unchanged: Schema.optionalKey(Schema.Int),
  removed: Schema.optionalKey(Schema.Int)
})
export type RunCounts = typeof RunCounts.Type

/** Ids of the host's records, by what they are. */
export const RunRecordLinks = Schema.Record(Schema.String, Schema.String)
export type RunRecordLinks = typeof RunRecordLinks.Type

const Instant = Schema.DateTimeUtcFromDate

/** One execution record of an operation type, as the ledger keeps it. */
export class Run extends Schema.Class<Run>("@atlas/operations/Run")({
  id: RunId,
  workspaceId: WorkspaceId,
  tenantId: Schema.NullOr(TenantId),
  type: Schema.String,
  status: RunStatus,
  outcome: RunOutcome,
  actor: Schema.fromJsonString(Actor),
  identityRule: Schema.Literals(["while_active", "once"]),
  /** What decides "same start", as readable text. */
  identityKey: Schema.String,
  input: Schema.fromJsonString(Schema.Unknown),
  /** Links to the host's records that this run belongs to: schedule, connection, restore… */
  context: Schema.fromJsonString(RunRecordLinks),
  summaryCounts: Schema.fromJsonString(RunCounts),
  failureSummary: Schema.fromJsonString(Schema.Array(Failure)),
  /** The reason that decided the outcome, or why the last attempt failed. */
  reasonCode: Schema.NullOr(ReasonCode),
  /** Attempts that failed so far. */
  attempt: Schema.Int,
  maxAttempts: Schema.Int,
  /** Raised by every claim, give-back, cancellation and supersession, never lowered: the only token a worker writes with. */
  fence: Schema.BigInt,
  /** Raised on every visible change. */
  version: Schema.Int,
  /** Sequence number of the newest event in the timeline. */
  lastEvent: Schema.Int,
  queuedAt: Instant,
  /** When the next attempt is due. */
  availableAt: Instant,
  startedAt: Schema.NullOr(Instant),
  /** When the type's time limit ends the run; known from its first start. */
  deadline: Schema.NullOr(Instant),
  completedAt: Schema.NullOr(Instant),
  /** The worker that claimed it last. */
  worker: Schema.NullOr(Schema.String),
  cancelRequestedAt: Schema.NullOr(Instant),
  cancelRequestedBy: Schema.NullOr(Schema.fromJsonString(Actor)),
  supersededBy: Schema.NullOr(RunId),
  retryOf: Schema.NullOr(RunId)
}) {}
