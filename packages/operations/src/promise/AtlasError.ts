/**
 * What the methods of `Atlas` reject with. Each kind is a class of its own with the tag that the same error has elsewhere in
 * Atlas, and an HTTP answer as it is: hosts send `error.status` and `JSON.stringify(error)`.
 *
 * @module
 */

/** The body of an HTTP answer, as RFC 9457 (Problem Details for HTTP APIs) writes it. */
export interface ProblemDetails {
  readonly type: string
  readonly status: number
  readonly title: string
  readonly detail?: string
  readonly [extension: string]: unknown
}

/**
 * The base of all errors: what Atlas refuses or cannot do. `message` is a sentence for people; `status` and `problem` are the
 * HTTP answer.
 */
export abstract class AtlasError extends Error {
  abstract readonly _tag: string
  /** The body of the answer, as `application/problem+json`. */
  readonly problem: ProblemDetails

  constructor(problem: ProblemDetails, options?: ErrorOptions) {
    super(problem.detail ?? problem.title, options)
    this.problem = problem
    this.name = new.target.name
  }

  /** The HTTP status of the answer. */
  get status(): number {
    return this.problem.status
  }

  /** The body of the answer. */
  toJSON(): ProblemDetails {
    return this.problem
  }
}

/** There is no such thing, or the actor must not learn that there is. Both get the same answer. 404. */
export class NotFound extends AtlasError {
  readonly _tag = "NotFound"
}

/** The actor is a member but lacks `requiredCapability`. 403. */
export class Forbidden extends AtlasError {
  readonly _tag = "Forbidden"

  /** The capability that the actor lacks. */
  get requiredCapability(): string {
    return String(this.problem["requiredCapability"])
  }
}

/** What the caller sent is invalid. Up to twenty problems are listed. 422. */
export class InvalidInput extends AtlasError {
  readonly _tag = "InvalidInput"

  constructor(problem: ProblemDetails, options?: ErrorOptions) {
    super(problem, options)
    this.message = [this.message, ...this.errors.map(({ detail, pointer }) => `${pointer || "/"}: ${detail}`)].join(
      "\n"
    )
  }

  /** The problems: where each is, as a JSON Pointer (RFC 6901), and what it is. */
  get errors(): ReadonlyArray<{ readonly pointer: string; readonly detail: string }> {
    return this.problem["errors"] as InvalidInput["errors"]
  }
}

/** Each start of this operation needs an `idempotencyKey` of its own. 400. */
export class IdempotencyKeyRequired extends AtlasError {
  readonly _tag = "IdempotencyKeyRequired"
}

/** The `idempotencyKey` belongs to another request. A key never starts twice. 422. */
export class IdempotencyKeyReused extends AtlasError {
  readonly _tag = "IdempotencyKeyReused"

  /** The run of the request that the key belongs to; null if there was none. */
  get runId(): string | null {
    return (this.problem["runId"] ?? null) as string | null
  }
}

/** Another operation holds the scope, and this one does not queue behind it. No run was recorded. 409. */
export class OperationBusy extends AtlasError {
  readonly _tag = "OperationBusy"

  /** The run that holds the scope. */
  get holder(): { readonly id: string; readonly type: string; readonly status: string } {
    return this.problem["holder"] as OperationBusy["holder"]
  }
}

/** The run is in a state that does not allow this. 409. */
export class RunConflict extends AtlasError {
  readonly _tag = "RunConflict"
}

/** The operation does not allow this. 409. */
export class NotSupported extends AtlasError {
  readonly _tag = "NotSupported"
}

/** A cursor that does not come from this listing, or belongs to other filters. 400. */
export class InvalidCursor extends AtlasError {
  readonly _tag = "InvalidCursor"
}

/** The database did not answer, or refused. The outcome is unknown; the call may be repeated. 503. */
export class DatabaseUnavailable extends AtlasError {
  readonly _tag = "DatabaseUnavailable"
}

/** Two operations share a name. */
export class DuplicateOperation extends AtlasError {
  readonly _tag = "DuplicateOperation"
}

/** Atlas failed unexpectedly. `cause` has more, for the log. 500. */
export class UnexpectedError extends AtlasError {
  readonly _tag = "UnexpectedError"
}

/** The refusals of the ledger, by their tags. */
export const refusals = {
  Forbidden,
  IdempotencyKeyRequired,
  IdempotencyKeyReused,
  InvalidCursor,
  InvalidInput,
  NotFound,
  NotSupported,
  OperationBusy,
  RunConflict
}
