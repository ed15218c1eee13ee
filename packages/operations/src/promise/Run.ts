/**
 * Runs and what belongs to them, as JSON: what the HTTP API shows, without its links. Times are ISO 8601 in UTC.
 *
 * @module
 */

/** A person who acts. */
export interface Actor {
  /** The host's own id of the person; 1 to 200 characters. */
  readonly id: string
  /** Shown on the runs that the actor starts; the id by default. */
  readonly name?: string
}

/** Who acted, as a run keeps it. */
export interface RunActor {
  readonly id: string
  readonly kind: "user" | "system"
  readonly name: string
}

/** How far a run is: whole numbers of items. */
export interface RunCounts {
  readonly total?: number
  readonly processed?: number
  readonly succeeded?: number
  readonly failed?: number
  readonly skipped?: number
  readonly created?: number
  readonly updated?: number
  readonly unchanged?: number
  readonly removed?: number
}

/** Why something failed: a code of the host, `ext.<flow>.<detail>`, or Atlas' own code for a failure of Graph. */
export type ReasonCode = `ext.${string}.${string}` | `provider_${string}`

/** A failure of an attempt, or of one item that the run works on. */
export interface FailureReport {
  readonly reasonCode: ReasonCode
  /** A sentence for people, without secrets and payloads. */
  readonly message: string
  /** Graph's `request-id`, for Microsoft's support. */
  readonly requestId?: string
  /** A short name or the id of what failed. */
  readonly item?: string
  /** The permission that the app lacks, such as `Group.Read.All`, if that is the reason. */
  readonly missingPermission?: string
}

/** What a run found, for people: JSON of a kind and a version of the host's own. */
export interface RunReport {
  readonly kind: string
  readonly version: number
  readonly [field: string]: unknown
}

/** What failed within a run for one reason. */
export interface FailedItems {
  readonly reasonCode: string
  readonly message: string
  readonly count: number
  readonly firstAt: string | null
  readonly lastAt: string | null
  readonly samples: ReadonlyArray<{ readonly message: string; readonly requestId?: string; readonly item?: string }>
  /** The permissions that the app lacks, if that is the reason. */
  readonly missingPermissions?: ReadonlyArray<string>
  /** What a person can do about it. */
  readonly nextStep: string
}

/** One execution record of an operation. */
export interface Run {
  /** A UUIDv7, so that ids order by time of creation. */
  readonly id: string
  readonly workspaceId: string
  readonly tenantId: string | null
  /** The operation's name. */
  readonly type: string
  readonly status: "queued" | "running" | "completed"
  readonly outcome: "pending" | "succeeded" | "partially_succeeded" | "failed" | "blocked" | "cancelled"
  readonly actor: RunActor
  readonly input: unknown
  /** Ids of the host's records that the run belongs to, by the kind of record. */
  readonly context: Readonly<Record<string, string>>
  readonly summaryCounts: RunCounts
  readonly failureSummary: ReadonlyArray<FailedItems>
  readonly report: RunReport | null
  /** The reason that decided the outcome, or why the last attempt failed: a code of Atlas or of the host. */
  readonly reasonCode: string | null
  /** How many attempts have failed so far. */
  readonly attempt: number
  readonly maxAttempts: number
  /** Raised on every visible change. */
  readonly version: number
  readonly queuedAt: string
  /** When the next attempt is due. */
  readonly availableAt: string
  readonly startedAt: string | null
  /** When the time limit ends the run. */
  readonly deadline: string | null
  readonly completedAt: string | null
  readonly cancelRequestedAt: string | null
  readonly cancelRequestedBy: RunActor | null
  readonly supersededBy: string | null
  readonly retryOf: string | null
  /** The `traceparent` (W3C Trace Context) of its start. */
  readonly traceparent: string | null
}

/**
 * A run for somebody who may act on it but not view it: its ids, type, status and outcome, and nothing of its content. The
 * other members of a run are declared as absent, so that code that reads them must handle their absence.
 */
export type RunReceipt = Pick<Run, ReceiptMember> & { readonly [Member in Exclude<keyof Run, ReceiptMember>]?: never }
type ReceiptMember = "id" | "workspaceId" | "tenantId" | "type" | "status" | "outcome" | "version" | "queuedAt"

/** One entry of a run's timeline. Sequence numbers start at 1 and have no gaps. */
export interface RunEvent {
  readonly seq: number
  /** ISO 8601 in UTC. */
  readonly at: string
  /** Such as `created`, `started`, `progress`, `completed`; see docs/run-lifecycle.md. */
  readonly kind: string
  readonly data: Readonly<Record<string, unknown>>
}
