import { Schema } from "effect"
import type { GraphError } from "./GraphError.ts"
import { ReasonCode } from "./ReasonCode.ts"
import { storable } from "./StorableText.ts"

/** One kind of failure within a run: how often it happened, and one example. Holds nothing secret. */
export const Failure = Schema.Struct({
  reasonCode: ReasonCode,
  message: Schema.String,
  count: Schema.Int,
  /** Graph's `request-id` of the example, for Microsoft's support. */
  requestId: Schema.optionalKey(Schema.String)
})
export type Failure = typeof Failure.Type

const maxMessageLength = 500
const maxFailures = 50

/**
 * Failures as they are stored: few, short, and text that Postgres can hold.
 *
 * @param failures of one run
 */
export const bounded = (failures: ReadonlyArray<Failure>): ReadonlyArray<Failure> =>
  failures
    .slice(0, maxFailures)
    .map((failure) => ({ ...failure, message: storable(failure.message.slice(0, maxMessageLength)) }))

/** A handler gives up on this attempt. Whether another follows is decided by the reason code. */
export class RunFailure extends Schema.TaggedError<RunFailure>()("RunFailure", {
  reasonCode: ReasonCode,
  /** A sentence for people: no secrets, no payloads. */
  message: Schema.String
}) {}

/**
 * What a run's failure table shows of an error.
 *
 * @param error what the handler failed with
 */
export const fromError = (error: RunFailure | GraphError): Failure => ({
  reasonCode: error.reasonCode,
  message: error.message,
  count: 1,
  ...(error._tag === "GraphError" && error.requestId !== undefined ? { requestId: error.requestId } : {})
})
