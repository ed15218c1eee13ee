/**
 * How a handler gives up on an attempt, or says that an item failed. The reason code decides whether another attempt follows,
 * unless the failure says it.
 *
 * @module
 */
import { Schema } from "effect"
import type { FailureReport } from "../run/Failure.ts"
import type { GraphError } from "../graph/GraphError.ts"
import { ReasonCode } from "../run/ReasonCode.ts"

/**
 * A handler gives up on this attempt. A defect does so too, but its text goes to the log only, and the run says
 * `internal_error`.
 */
export class RunFailure extends Schema.TaggedError<RunFailure>()("RunFailure", {
  reasonCode: ReasonCode,
  /** A sentence for people, without secrets and payloads. */
  message: Schema.String,
  /**
   * Whether a later attempt may succeed without anybody acting. Set it for codes of your own, which Atlas knows nothing of.
   */
  retryable: Schema.optionalKey(Schema.Boolean),
  /** The permission that the app lacks, if that is the reason. */
  missingPermission: Schema.optionalKey(Schema.String)
}) {}

/** An error as a run's failures show it, for `run.failed({ ...reportOf(error), item })`. */
export const reportOf = (error: RunFailure | GraphError): FailureReport => ({
  reasonCode: error.reasonCode,
  message: error.message,
  ...(error.missingPermission === undefined ? {} : { missingPermission: error.missingPermission }),
  ...(error._tag === "GraphError" && error.requestId !== undefined ? { requestId: error.requestId } : {})
})
