import { DateTime, Effect, Option, Random, Schedule } from "effect"
import { type AttemptEnd, isDatabaseOutage, nextAttemptIn } from "./Attempt.ts"
import { monotonicMillis } from "../ledger/monotonicMillis.ts"
import { merge, observed } from "../run/Failure.ts"
import * as Metrics from "../ledger/Metrics.ts"
import type { RetryPolicy } from "../definition/Operation.ts"
import type { Reached } from "./RunLease.ts"
import type { Completion } from "../ledger/Completions.ts"
import { RunLedger } from "../ledger/RunLedger.ts"
import type { Claim } from "../ledger/RunQueue.ts"
import { RunSignals } from "../ledger/RunSignals.ts"
import { redactCause } from "../text/Redaction.ts"

/** How long a run rests before it tries again to get what another run holds. */
const busyPauseMillis = 5_000

const unrecordable: Completion = { outcome: "failed", reasonCode: "internal_error", counts: {}, failures: [] }

const noteEnd = Effect.fnUntraced(function* ({ run, claimedAt }: Claim, end: AttemptEnd) {
  const seconds = ((yield* monotonicMillis) - claimedAt) / 1_000
  yield* Metrics.attemptEnded(run.type, endNames[end._tag], seconds)
  const reason = end._tag === "Failed" ? { reasonCode: end.failure.reasonCode } : {}
  // Attempts that finish are too many to log at the level of the others.
  const log = end._tag === "Finished" ? Effect.logDebug("Attempt ended") : Effect.logInfo("Attempt ended")
  yield* log.pipe(Effect.annotateLogs({ end: endNames[end._tag], seconds, ...reason }))
})

/** The ends of attempts in metrics and logs. */
const endNames: Readonly<Record<AttemptEnd["_tag"], string>> = {
  Finished: "finished",
  Failed: "failed",
  Blocked: "blocked",
  Busy: "busy",
  Cancelled: "cancelled",
  LeaseLost: "lease_lost",
  Interrupted: "given_back"
}

/** Makes the function that records how an attempt ended. A write that comes too late is refused, and noted in the timeline. */
export const makeSettle = Effect.fnUntraced(function* (worker: string) {
  const ledger = yield* RunLedger
  const signals = yield* RunSignals

  const complete = (claim: Claim, completion: Completion) =>
    Effect.tap(ledger.complete(claim, completion), (accepted) =>
      accepted ? Metrics.runCompleted({ type: claim.run.type, ...completion }) : Effect.void
    )

  const write = Effect.fnUntraced(function* (
    claim: Claim,
    retry: RetryPolicy | undefined,
    reached: Reached,
    end: AttemptEnd
  ) {
    const { run, claimedAt, remainingMillis } = claim
    const { counts } = reached
    const failures = merge(run.failureSummary, reached.failures)
    const now = yield* DateTime.now
    switch (end._tag) {
      case "Interrupted":
        return yield* ledger.giveBack(claim)
      case "LeaseLost":
        return false
      case "Busy":
        return yield* ledger.postpone(claim, "operation_busy", end.message, busyPauseMillis)
      case "Cancelled":
        return yield* complete(claim, {
          outcome: "cancelled",
          reasonCode: "operation_cancelled",
          counts,
          failures
        })
      case "Blocked":
        return yield* complete(claim, {
          outcome: "blocked",
          reasonCode: end.block.reasonCode,
          counts,
          failures: merge(failures, [observed(end.block, now)])
        })
      case "Finished": {
        const { result } = end
        // If items failed although the handler finished, the run partially succeeds, for the most frequent reason.
        const reasonCode =
          result.outcome === "succeeded" ? (reached.failures[0]?.reasonCode ?? null) : result.reasonCode
        const outcome = reasonCode === null ? "succeeded" : "partially_succeeded"
        return yield* complete(claim, { outcome, reasonCode, counts, failures })
      }
      case "Failed": {
        const left = remainingMillis - ((yield* monotonicMillis) - claimedAt)
        const attempt = { failed: run.attempt, max: run.maxAttempts, last: run.reasonCode, remainingMillis: left }
        const next = retry && Option.getOrUndefined(nextAttemptIn(retry, end, attempt, yield* Random.next))
        const failure = observed(end.failure, now)
        const all = merge(failures, [failure])
        return yield* next === undefined
          ? complete(claim, { outcome: "failed", reasonCode: failure.reasonCode, counts, failures: all })
          : ledger.retryLater(claim, { failure, failures: all, counts, delayMillis: next })
      }
    }
  })

  return Effect.fnUntraced(function* (claim: Claim, retry: RetryPolicy | undefined, reached: Reached, end: AttemptEnd) {
    const { run } = claim
    let tries = 0
    const settled = Effect.gen(function* () {
      tries += 1
      const accepted = yield* write(claim, retry, reached, end)
      if (accepted) yield* noteEnd(claim, end)
      // A repeated try may meet its own first one, whose answer was lost.
      if (accepted || tries > 1) return
      yield* Metrics.refusedStaleWrite(run.type)
      yield* ledger.refuseStaleWrite(claim, worker)
    })
    // A short outage of the database does not cost the result. After a longer one the lease has lapsed, and another attempt
    // follows.
    yield* settled.pipe(
      Effect.sandbox,
      Effect.retry({
        while: isDatabaseOutage,
        schedule: Schedule.max([Schedule.spaced("500 millis"), Schedule.recurs(10)])
      }),
      Effect.tapError((cause) => Effect.logError("Could not record the end of an attempt", redactCause(cause))),
      // A run whose result cannot be stored would be executed again and again: it ends as failed.
      Effect.catch((cause) => (isDatabaseOutage(cause) ? Effect.void : complete(claim, unrecordable))),
      Effect.catchCause((cause) => Effect.logError("Could not end a run", redactCause(cause)))
    )
    yield* signals.changed(run.id)
    if (end._tag === "Interrupted") yield* signals.queued
  })
})
