/**
 * What a start hands to the ledger, and what the ledger answers.
 *
 * @module
 */

import type { Actor } from "../run/Actor.ts"
import type { Capability } from "../run/Capability.ts"
import type { OperationScope } from "../run/OperationScope.ts"
import type { ReasonCode } from "../run/ReasonCode.ts"
import type { RemovedRun, Run, RunId, RunRecordLinks } from "../run/Run.ts"
import type { Json } from "../text/Json.ts"
import type { RunIdentity } from "../definition/RunIdentity.ts"
import type { TraceParent } from "../run/TraceContext.ts"

/** A run to record, authorised and validated. */
export interface NewRun {
  readonly id: RunId
  readonly scope: OperationScope
  readonly type: string
  readonly actor: Actor
  readonly identity: RunIdentity
  readonly input: Json
  readonly context: RunRecordLinks
  readonly maxAttempts: number
  readonly priority: 0 | 1
  readonly exclusive: boolean
  readonly queueLimitMillis: number
  readonly timeLimitMillis: number
  readonly retryOf: RunId | null
  readonly traceparent: TraceParent | null
  readonly viewCapabilities: ReadonlyArray<Capability>
}

/** What the key of a `once` identity stands for. */
export interface Bound {
  /** False if the key belongs to another request. */
  readonly sameRequest: boolean
  /** The run that answered the request; null if none has yet. */
  readonly runId: RunId | null
  /** That run's end, if the run was removed. */
  readonly removed: RemovedRun | null
}

/** A recorded run. */
export interface Recorded {
  readonly run: Run
  /** Whether the same statement ended another run in its favour. */
  readonly ended: boolean
}

/** An active run with the identity of a start. */
export interface Equal {
  readonly run: Run
  /** The run has waited longer than its operation allows. It may be stale, so only a caller that insists joins it. */
  readonly overdue: boolean
}

/** Why a start may not go ahead. */
export interface Block {
  readonly reasonCode: ReasonCode
  /** A sentence for people. */
  readonly message: string
}

/** What the statement that records a run does besides. */
export interface RecordOptions {
  /** The run to end: the one to replace, if it is active and has the same identity, or the `stale` one with that identity. */
  readonly ends: RunId | "stale" | null
  /** Why the start may not go ahead: the run is recorded as completed. If it replaces another, only once that one is ended. */
  readonly block: Block | null
}
