/** Who acts. */
export interface Actor {
  /** The host's own id of the person; 1 to 200 characters. */
  readonly id: string
  /** Shown on the runs that the actor starts; the id if left out. */
  readonly name?: string
}

/** Who acted, as a run keeps it. */
export interface RunActor {
  readonly id: string
  readonly kind: "user" | "system"
  readonly name: string
}

/** How far a run has come: whole numbers of items. */
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

/** Why something of the host's failed: a code of its own, `ext.<flow>.<detail>`, or Atlas' own code for a failure of Graph. */
export type ReasonCode = `ext.${string}.${string}` | `provider_${string}`

/** Something failed: an attempt, or one item that a run works on. */
export interface FailureReport {
  readonly reasonCode: ReasonCode
  /** A sentence for people: no secrets, no payloads. */
  readonly message: string
  /** Graph's `request-id`, for Microsoft's support. */
  readonly requestId?: string
  /** Short name or id of what failed. */
  readonly item?: string
  /** The permission that the app lacks, such as `Group.Read.All`, where that is why. */
  readonly missingPermission?: string
}

/** What a run found out: of a kind and in a version of the host's own, with whatever JSON that kind has. */
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
  /** The permissions that the app lacks, where that is why. */
  readonly missingPermissions?: ReadonlyArray<string>
  /** What a person can do about it. */
  readonly nextStep: string
}

/** One execution record of an operation, as JSON: times are ISO 8601 in UTC. It has what the HTTP API shows, but for links. */
export interface Run {
  /** A UUIDv7: ids order by time of creation. */
  readonly id: string
  readonly workspaceId: string
  readonly tenantId: string | null
  /** The operation's name. */
  readonly type: string
  readonly status: "queued" | "running" | "completed"
  readonly outcome: "pending" | "succeeded" | "partially_succeeded" | "failed" | "blocked" | "cancelled"
  readonly actor: RunActor
  readonly input: unknown
  /** Ids of the host's records that the run belongs to, by what they are. */
  readonly context: Readonly<Record<string, string>>
  readonly summaryCounts: RunCounts
  readonly failureSummary: ReadonlyArray<FailedItems>
  readonly report: RunReport | null
  /** What decided the outcome, or why the last attempt failed: a code of Atlas or of the host. */
  readonly reasonCode: string | null
  /** Attempts that failed so far. */
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
  /** The trace that its start belongs to: a W3C `traceparent`. */
  readonly traceparent: string | null
}

/**
 * A run for somebody who may act on it but not view it: which one it is and where it stands, and nothing of its content. The
 * members of a run that it lacks are declared, so that code that reads them has to say what it does without.
 */
export type RunReceipt = Pick<Run, ReceiptMember> & { readonly [Member in Exclude<keyof Run, ReceiptMember>]?: never }
type ReceiptMember = "id" | "workspaceId" | "tenantId" | "type" | "status" | "outcome" | "version" | "queuedAt"

/** One entry of a run's timeline, as JSON. Sequence numbers start at 1 and have no gaps. */
export interface RunEvent {
  readonly seq: number
  /** ISO 8601 in UTC. */
  readonly at: string
  /** Such as `created`, `started`, `progress`, `completed`; see docs/run-lifecycle.md. */
  readonly kind: string
  readonly data: Readonly<Record<string, unknown>>
}
