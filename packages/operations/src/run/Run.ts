import { type DateTime, Schema, Struct } from "effect"
import type { Actor } from "./Actor.ts"
import type { Capability } from "./Capability.ts"
import type { Failure } from "./Failure.ts"
import type { TenantId, WorkspaceId } from "./OperationScope.ts"
import type { ReasonCode } from "./ReasonCode.ts"
import type { RunReport } from "./RunReport.ts"
import type { TraceParent } from "./TraceContext.ts"
import { UuidV7 } from "../text/Uuid.ts"

/** Identifies a run: a UUIDv7, so that ids order by time of creation. In lower case once decoded. */
export const RunId = UuidV7.pipe(Schema.brand("RunId"))
export type RunId = typeof RunId.Type

/** The id that a text is, if it is the id of a run. */
export const decodeRunId = Schema.decodeUnknownOption(RunId)

/** Where a run is in its life. */
export const RunStatus = Schema.Literals(["queued", "running", "completed"])
export type RunStatus = typeof RunStatus.Type

/** How long an identity is taken: while its run is queued or running, or for ever. */
export type IdentityRule = "while_active" | "once"

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

/**
 * A run for somebody who may act on it but not view it: which one it is and where it stands, and nothing of its content. The
 * members of a run that it lacks are declared, so that code that reads them has to say what it does without.
 */
export type RunReceipt = Pick<Run, (typeof receiptMembers)[number]> & {
  readonly [Member in Exclude<keyof Run, (typeof receiptMembers)[number]>]?: never
}

const receiptMembers = ["id", "workspaceId", "tenantId", "type", "status", "outcome", "version", "queuedAt"] as const

/** Whether somebody who started, cancelled or retried a run may view it, too. */
export const isWholeRun = (run: Run | RunReceipt): run is Run => run.actor !== undefined

/** What of a run somebody has who may act on it but not view it. */
export const receiptOf = (run: Run): RunReceipt => Struct.pick(run, receiptMembers)

/** One execution record of an operation, as the ledger keeps it. */
export interface Run {
  readonly id: RunId
  readonly workspaceId: WorkspaceId
  readonly tenantId: TenantId | null
  readonly type: string
  readonly status: RunStatus
  readonly outcome: RunOutcome
  readonly actor: Actor
  readonly identityRule: IdentityRule
  /** What decides "same start", as readable text. */
  readonly identityKey: string
  readonly input: unknown
  /** Links to the host's records that this run belongs to: schedule, connection, restore… */
  readonly context: RunRecordLinks
  readonly summaryCounts: RunCounts
  readonly failureSummary: ReadonlyArray<Failure>
  /** What it found out, as the newest attempt that reports says; for types whose handlers do. */
  readonly report: RunReport | null
  /** The reason that decided the outcome, or why the last attempt failed. */
  readonly reasonCode: ReasonCode | null
  /** Attempts that failed so far. */
  readonly attempt: number
  readonly maxAttempts: number
  /** Raised on every visible change. */
  readonly version: number
  /** Sequence number of the newest event in the timeline. */
  readonly lastEvent: number
  readonly queuedAt: DateTime.Utc
  /** When the next attempt is due. */
  readonly availableAt: DateTime.Utc
  readonly startedAt: DateTime.Utc | null
  /** When the type's time limit ends the run; known from its first start. */
  readonly deadline: DateTime.Utc | null
  readonly completedAt: DateTime.Utc | null
  /** The worker that claimed it last. */
  readonly worker: string | null
  readonly cancelRequestedAt: DateTime.Utc | null
  readonly cancelRequestedBy: Actor | null
  readonly supersededBy: RunId | null
  readonly retryOf: RunId | null
  /** The trace that its start belongs to, and its attempts with it. */
  readonly traceparent: TraceParent | null
  /** The capabilities that viewing it needs, all of them: as its operation said when it was started. */
  readonly viewCapabilities: ReadonlyArray<Capability>
}
