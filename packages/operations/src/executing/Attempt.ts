/**
 * How an attempt ends, and when the next one is due.
 *
 * @module
 */

import { Cause, Duration, Option, Schema } from "effect"
import { type FailureReport } from "../run/Failure.ts"
import { reportOf } from "../definition/RunFailure.ts"
import type { RunFailure } from "../definition/RunFailure.ts"
import type { GraphError } from "../graph/GraphError.ts"
import type { Block } from "../ledger/NewRun.ts"
import { isOutage } from "../ledger/statementFailure.ts"
import type { RetryPolicy } from "../definition/Operation.ts"
import { type ReasonCode, reasonInfo } from "../run/ReasonCode.ts"
import type { RunResult } from "../definition/RunHandler.ts"

/** This worker's claim is over: another worker owns the run, or may own it. */
export class LeaseLost extends Schema.TaggedError<LeaseLost>()("LeaseLost", {}) {
  override get message(): string {
    return "Another worker owns this run"
  }
}

/** How an attempt ended, before the ledger records it. */
export type AttemptEnd =
  | { readonly _tag: "Finished"; readonly result: RunResult }
  | {
      readonly _tag: "Failed"
      readonly failure: FailureReport
      readonly retryAfterMillis: number
      /** Whether another attempt may succeed, if the handler says so; else the reason code decides. */
      readonly retryable?: boolean | undefined
    }
  | { readonly _tag: "Blocked"; readonly block: Block }
  | { readonly _tag: "Busy"; readonly message: string }
  | { readonly _tag: "Cancelled" }
  | { readonly _tag: "LeaseLost" }
  | { readonly _tag: "Interrupted" }

/** A failed attempt. `retryAfterMillis` is how long the provider asked to wait. */
const failed = (failure: FailureReport, retryAfterMillis = 0, retryable?: boolean): AttemptEnd => ({
  _tag: "Failed",
  failure,
  retryAfterMillis,
  retryable
})

/** Whether the database did not answer, by a defect in the cause, so that another try may succeed. */
export const isDatabaseOutage = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some((reason) => Cause.isDieReason(reason) && isOutage(reason.defect))

const ofDefect = (defect: unknown): AttemptEnd =>
  isOutage(defect)
    ? failed({ reasonCode: "database_unavailable", message: "The database did not answer." })
    : failed({ reasonCode: "internal_error", message: "An unexpected error stopped the operation." })

/**
 * Reads how an attempt ended from the cause that the handler did not finish. Only the caller knows whether the attempt was
 * interrupted from outside. The text of a defect may hold anything, so it goes to the log and never onto the run.
 */
export const endOf = (cause: Cause.Cause<RunFailure | GraphError>): AttemptEnd => {
  const defects = cause.reasons.filter(Cause.isDieReason).map((reason) => reason.defect)
  if (defects.some((defect) => defect instanceof LeaseLost)) return { _tag: "LeaseLost" }
  const error = Cause.findErrorOption(cause)
  if (Option.isSome(error)) {
    return error.value._tag === "GraphError"
      ? failed(reportOf(error.value), error.value.retryAfterMillis)
      : failed(reportOf(error.value), 0, error.value.retryable)
  }
  return ofDefect(defects[0])
}

// A provider that asked for more would make the run hold its identity for as long.
const longestWait = Duration.toMillis("1 hour")

/**
 * In how many milliseconds the next attempt is due; none if no attempt follows. The pause is exponential with jitter on its
 * upper half, and at least as long as the provider asked for, up to an hour.
 *
 * @param attempt failed attempts before this one, why the last of them failed, how many attempts there may be, and how many
 * milliseconds the run has left
 * @param random from 0 to 1
 */
export const nextAttemptIn = (
  policy: RetryPolicy,
  end: Extract<AttemptEnd, { _tag: "Failed" }>,
  attempt: {
    readonly failed: number
    readonly max: number
    readonly remainingMillis: number
    readonly last: ReasonCode | null
  },
  random: number
): Option.Option<number> => {
  const { reasonCode } = end.failure
  const known = reasonInfo(reasonCode)
  const retryable = end.retryable ?? known.retryable
  const isRepeated = known.once && attempt.last === reasonCode
  if (!retryable || isRepeated || attempt.failed + 1 >= attempt.max) return Option.none()
  const backoff = Math.min(
    Duration.toMillis(policy.backoff) * 2 ** attempt.failed,
    Duration.toMillis(policy.maxBackoff)
  )
  const delay = Math.max(Math.round(backoff * (0.5 + random / 2)), Math.min(end.retryAfterMillis, longestWait))
  // No attempt begins after the run's time limit.
  return delay < attempt.remainingMillis ? Option.some(delay) : Option.none()
}
