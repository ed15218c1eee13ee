import { Schema } from "effect"
import type { FailureReport } from "../run/Failure.ts"
import type { GraphError } from "../graph/GraphError.ts"
import { ReasonCode } from "../run/ReasonCode.ts"

/** A handler gives up on this attempt. Whether another follows is decided by the reason code, unless the failure says it. */
export class RunFailure extends Schema.TaggedError<RunFailure>()("RunFailure", {
  reasonCode: ReasonCode,
  /** A sentence for people: no secrets, no payloads. */
  message: Schema.String,
  /** Whether a later attempt may succeed without anybody acting; for a host's own codes, of which Atlas knows nothing. */
  retryable: Schema.optionalKey(Schema.Boolean),
  /** The permission that the app lacks, where that is why. */
  missingPermission: Schema.optionalKey(Schema.String)
}) {}

/**
 * What a run's failures show of an error, for `run.failed({ ...reportOf(error), item })`.
 *
 * @param error what the handler failed with
 */
export const reportOf = (error: RunFailure | GraphError): FailureReport => ({
  reasonCode: error.reasonCode,
  message: error.message,
  ...(error.missingPermission === undefined ? {} : { missingPermission: error.missingPermission }),
  ...(error._tag === "GraphError" && error.requestId !== undefined ? { requestId: error.requestId } : {})
})
