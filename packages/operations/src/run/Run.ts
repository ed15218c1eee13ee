/**
 * What a run is: one execution record of an operation, as the ledger keeps it, with the values of its fields. Hosts get runs
 * from `Runs`; handlers get theirs in `RunContext`.
 *
 * @module
 */
import { type DateTime, Schema, Struct } from "effect"
import type { Actor } from "./Actor.ts"
import type { Capability } from "./Capability.ts"
import type { Failure } from "./Failure.ts"
import type { TenantId, WorkspaceId } from "./OperationScope.ts"
import type { ReasonCode } from "./ReasonCode.ts"
import type { RunReport } from "./RunReport.ts"
import type { TraceParent } from "./TraceContext.ts"
import { UuidV7 } from "../text/Uuid.ts"

/** The id of a run: a UUIDv7, so that ids order by time of creation. In lower case once decoded. */
export const RunId = UuidV7.pipe(Schema.brand("RunId"))
export type RunId = typeof RunId.Type

/** Reads a text as the id of a run, if it is one. */
export const decodeRunId = Schema.decodeUnknownOption(RunId)

/** Where a run is in its life. */
export const RunStatus = Schema.Literals(["queued", "running", "completed"])
export type RunStatus = typeof RunStatus.Type

/** How long a run holds its identity: while it is queued or running, or for ever. */
export type IdentityRule = "while_active" | "once"

/** How a run ended that is completed. */
export const RunEnd = Schema.Literals(["succeeded", "partially_succeeded", "failed", "blocked", "cancelled"])
export type RunEnd = typeof RunEnd.Type

/** How a run ended; `pending` until then. */
export const RunOutcome = Schema.Literals(["pending", ...RunEnd.literals])
export type RunOutcome = typeof RunOutcome.Type

/** What is kept of a run that retention removed, for whoever sends its start again. */
export interface RemovedRun {
  readonly id: RunId
  readonly outcome: RunEnd
  readonly endedAt: DateTime.Utc
}

/** How far a run is: counts of items. An unknown total is absent. */
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

/** Ids of the host's records, by the kind of record. */
export const RunRecordLinks = Schema.Record(Schema.String, Schema.String)
export type RunRecordLinks = typeof RunRecordLinks.Type

/**
 * A run for somebody who may act on it but not view it: its ids, type, status and outcome, and nothing of its content. The
 * other members of a run are declared as absent, so that code that reads them must handle their absence.
 */
export type RunReceipt = Pick<Run, (typeof receiptMembers)[number]> & {
  readonly [Member in Exclude<keyof Run, (typeof receiptMembers)[number]>]?: never
}

const receiptMembers = ["id", "workspaceId", "tenantId", "type", "status", "outcome", "version", "queuedAt"] as const

/** Whether this is the whole run and not only its receipt. */
export const isWholeRun = (run: Run | RunReceipt): run is Run => run.actor !== undefined

/** The receipt of a run. */
export const receiptOf = (run: Run): RunReceipt => Struct.pick(run, receiptMembers)

/** One execution record of an operation. */
export interface Run {
  readonly id: RunId
  readonly workspaceId: WorkspaceId
  readonly tenantId: TenantId | null
  readonly type: string
  readonly status: RunStatus
  readonly outcome: RunOutcome
  readonly actor: Actor
  readonly identityRule: IdentityRule
  /** What makes two starts the same, as readable text. */
  readonly identityKey: string
  readonly input: unknown
  /** Ids of the host's records that the run belongs to, such as a schedule, a connection or a restore. */
  readonly context: RunRecordLinks
  readonly summaryCounts: RunCounts
  readonly failureSummary: ReadonlyArray<Failure>
  /** What the run found, as its newest report says; null for operations whose handlers report nothing. */
  readonly report: RunReport | null
  /** The reason that decided the outcome, or why the last attempt failed. */
  readonly reasonCode: ReasonCode | null
  /** How many attempts have failed so far. */
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
  /** When the operation's time limit ends the run; known from its first attempt. */
  readonly deadline: DateTime.Utc | null
  readonly completedAt: DateTime.Utc | null
  /** The worker that claimed it last. */
  readonly worker: string | null
  readonly cancelRequestedAt: DateTime.Utc | null
  readonly cancelRequestedBy: Actor | null
  readonly supersededBy: RunId | null
  readonly retryOf: RunId | null
  /** The trace of its start, which its attempts continue. */
  readonly traceparent: TraceParent | null
  /** All the capabilities that viewing it takes, as its operation said when it was started. */
  readonly viewCapabilities: ReadonlyArray<Capability>
}
