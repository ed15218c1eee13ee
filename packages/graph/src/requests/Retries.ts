/**
 * Which failures are worth another attempt, and how long to wait before it.
 *
 * @module
 */
import type { GraphError, ReasonCode } from "@atlas/operations"
import { Clock, Duration, Effect, Random } from "effect"
import type { GraphLimits } from "../wire/GraphLimits.ts"

/** Reasons that another attempt may cure. The others need a person, a new listing, or a fresh token. */
const worthAnother: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  "provider_auth_throttled",
  "provider_auth_unavailable",
  "provider_throttled",
  "provider_unavailable",
  "provider_timeout",
  "provider_network_error"
])

/** Whether another attempt may follow one that failed; `attempt` is its number, from 1. */
export const mayRepeat = ({ reasonCode }: GraphError, attempt: number): boolean =>
  worthAnother.has(reasonCode) || (reasonCode === "provider_response_invalid" && attempt === 1)

/**
 * The wait before the next attempt, in milliseconds. A wait that the provider asks for is kept in full. Else it doubles with
 * each attempt up to a cap, with jitter on its upper half.
 *
 * @param attempt the number of the failed attempt, from 1
 * @param random from 0 to 1
 */
export const waitAfter = (limits: GraphLimits, error: GraphError, attempt: number, random: number): number =>
  error.retryAfterMillis === undefined
    ? Math.min(Duration.toMillis(limits.retryCap), Duration.toMillis(limits.retryBase) * 2 ** (attempt - 1)) *
      (0.5 + random / 2)
    : error.retryAfterMillis * (1 + random / 10)

/** One attempt among several. */
export interface Attempt {
  /** From 1. */
  readonly number: number
  /** Epoch milliseconds when all attempts must be over. */
  readonly deadline: number
  /** Milliseconds waited before it, since the first one failed. */
  readonly waited: number
}

/**
 * Retries what failed for a reason that passes. If the next wait would outlast the window, it fails at once with an error
 * that tells the wait. Interruptible at any time.
 *
 * @param attempt must be safe to repeat whenever it fails with a reason that `mayRepeat` accepts
 */
export const withRetries = <A>(
  limits: GraphLimits,
  attempt: (attempt: Attempt) => Effect.Effect<A, GraphError>
): Effect.Effect<A, GraphError> => {
  const loop = (number: number, deadline: number, waited: number): Effect.Effect<A, GraphError> =>
    Effect.catch(attempt({ number, deadline, waited }), (error) =>
      number < limits.retryAttempts && mayRepeat(error, number)
        ? Effect.gen(function* () {
            const millis = waitAfter(limits, error, number, yield* Random.next)
            if ((yield* Clock.currentTimeMillis) + millis > deadline) return yield* error
            yield* Effect.sleep(millis)
            return yield* loop(number + 1, deadline, waited + millis)
          })
        : Effect.fail(error)
    )
  return Effect.flatMap(Clock.currentTimeMillis, (now) => loop(1, now + Duration.toMillis(limits.retryWindow), 0))
}
