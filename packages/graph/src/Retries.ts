import type { GraphError, ReasonCode } from "@atlas/operations"
import { Clock, Duration, Effect, Random } from "effect"
import type { GraphLimits } from "./GraphLimits.ts"

/** What another attempt may cure. Codes left out need a person, a new listing, or a fresh token. */
const worthAnother: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  "provider_auth_throttled",
  "provider_auth_unavailable",
  "provider_throttled",
  "provider_unavailable",
  "provider_timeout",
  "provider_network_error"
])

const mayRepeat = ({ reasonCode }: GraphError, attempt: number): boolean =>
  worthAnother.has(reasonCode) || (reasonCode === "provider_response_invalid" && attempt === 1)

/**
 * Repeats a read that failed for a reason that passes. A wait that the provider names is kept in full; where it would
 * outlast the window, the failure is returned at once and tells the wait.
 *
 * @param limits attempts, window and waits
 * @param read must be safe to repeat
 */
export const withRetries = <A>(
  limits: GraphLimits,
  read: Effect.Effect<A, GraphError>
): Effect.Effect<A, GraphError> => {
  const base = Duration.toMillis(limits.retryBase)
  const cap = Duration.toMillis(limits.retryCap)
  const wait = (error: GraphError, attempt: number, random: number): number =>
    error.retryAfterMillis === undefined
      ? Math.min(cap, base * 2 ** (attempt - 1)) * (0.5 + random / 2)
      : error.retryAfterMillis * (1 + random / 10)
  const loop = (attempt: number, deadline: number): Effect.Effect<A, GraphError> =>
    Effect.catch(read, (error) =>
      attempt < limits.retryAttempts && mayRepeat(error, attempt)
        ? Effect.gen(function* () {
            const millis = wait(error, attempt, yield* Random.next)
            if ((yield* Clock.currentTimeMillis) + millis > deadline) return yield* error
            yield* Effect.sleep(millis)
            return yield* loop(attempt + 1, deadline)
          })
        : Effect.fail(error)
    )
  return Effect.flatMap(Clock.currentTimeMillis, (now) => loop(1, now + Duration.toMillis(limits.retryWindow)))
}
