import type { Actor } from "./Actor.ts"
import type { Capability } from "./Capability.ts"
import type { OperationScope } from "./OperationScope.ts"
import type { ReasonCode } from "./ReasonCode.ts"
import type { Run, RunId, RunRecordLinks } from "./Run.ts"
import type { IdentityRule, Json } from "./RunIdentity.ts"
import type { TraceParent } from "./TraceContext.ts"

/** What decides "same start": canonical texts, of which the database keeps the digests (SHA-256). */
export interface RunIdentity {
  readonly rule: IdentityRule
  readonly key: string
  /** Taken while the run is active: the key itself, or the second one of a `once` identity. */
  readonly activeKey: string | null
  /** The whole request, where one nonce stands for one request. */
  readonly request: string | null
  /** A blocked start takes the identity too: a schedule's fire time is used up. */
  readonly takenWhenBlocked: boolean
}

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

/** The run that stands for a start. */
export interface Recorded {
  readonly run: Run
  /** False when a nonce was used before for another request. */
  readonly sameRequest: boolean
  /** The run waits longer than its type allows: it may be stale, and was not joined. */
  readonly overdue: boolean
}

/** Why a start may not go ahead. */
export interface Block {
  readonly reasonCode: ReasonCode
  /** A sentence for people. */
  readonly message: string
}
