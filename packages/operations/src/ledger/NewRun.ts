import type { Actor } from "../run/Actor.ts"
import type { Capability } from "../run/Capability.ts"
import type { OperationScope } from "../run/OperationScope.ts"
import type { ReasonCode } from "../run/ReasonCode.ts"
import type { Run, RunId, RunRecordLinks } from "../run/Run.ts"
import type { Json } from "../text/Json.ts"
import type { RunIdentity } from "../definition/RunIdentity.ts"
import type { TraceParent } from "../run/TraceContext.ts"

/** A run to be, already authorised and validated. */
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
  /** False when the key belongs to another request. */
  readonly sameRequest: boolean
  /** The run that its request was answered with; null if there has been none. */
  readonly runId: RunId | null
}

/** A run that was recorded. */
export interface Recorded {
  readonly run: Run
  /** Whether another run was ended in its favour, by the same statement. */
  readonly ended: boolean
}

/** An equal run that is active. */
export interface Equal {
  readonly run: Run
  /** The run waits longer than its type allows: it may be stale, and is joined only by those who insist. */
  readonly overdue: boolean
}

/** Why a start may not go ahead. */
export interface Block {
  readonly reasonCode: ReasonCode
  /** A sentence for people. */
  readonly message: string
}

/** What is recorded with a run, in the same statement. */
export interface RecordOptions {
  /** The run that it replaces while that is active and has its identity, or the one that has it and is `stale`: it is ended. */
  readonly ends: RunId | "stale" | null
  /** Why the start may not go ahead: the run is recorded as completed, and in place of another one only if that is ended. */
  readonly block: Block | null
}
