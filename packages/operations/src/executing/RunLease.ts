/**
 * What a worker holds of a claimed run: the functions through which its handler writes, and what keeps its lease and stores its
 * progress.
 *
 * @module
 */

import { Cause, DateTime, Deferred, Effect, Exit, Fiber, Schema } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { endOf, LeaseLost } from "./Attempt.ts"
import { makeLeaseTicker } from "./leaseTicker.ts"
import { monotonicMillis } from "../ledger/monotonicMillis.ts"
import { type FailureSummary, merge, observed } from "../run/Failure.ts"
import { RunCounts } from "../run/Run.ts"
import type { RunContext } from "../definition/RunHandler.ts"
import { type Hold, RunLedger } from "../ledger/RunLedger.ts"
import type { Claim } from "../ledger/RunQueue.ts"
import { write as writeReport } from "../run/RunReport.ts"
import { RunSignals } from "../ledger/RunSignals.ts"
import { redactCause } from "../text/Redaction.ts"
import { WorkerSettings } from "./WorkerSettings.ts"

/** Progress becomes visible at most this often, however often a handler reports it. */
const visibleEveryMillis = 1_000

const checkCounts = (counts: RunCounts) => Effect.orDie(Schema.decodeUnknownEffect(RunCounts)(counts))

/** How far an attempt came: the run's counts, and the failures of this attempt. */
export interface Reached {
  readonly counts: RunCounts
  readonly failures: FailureSummary
}

/**
 * Makes what holds a claimed run. `keep` keeps its lease while work goes on. `over` ends when the run was asked to stop, and dies
 * of `LeaseLost` as soon as another worker owns the run, or may own it; so do the functions that write.
 */
export const makeRunLease = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const ledger = yield* RunLedger
  const signals = yield* RunSignals
  const { leaseMillis } = yield* WorkerSettings

  // A worker that freezes inside a transaction would hide its run from the others for as long as it holds the row. The
  // database ends such a transaction itself, before the lease lapses.
  const limit = `${Math.ceil(leaseMillis * 0.8)}`
  const limits = sql`
    SELECT set_config('idle_in_transaction_session_timeout', ${limit}, true), set_config('lock_timeout', ${limit}, true)`

  const ticking = yield* makeLeaseTicker(Math.min(visibleEveryMillis, leaseMillis / 10))

  return (claim: Claim) => {
    const { run, claimedAt, remainingMillis } = claim
    let counts: RunCounts = run.summaryCounts
    let unseen = false
    // The failures of this attempt; the run has those of earlier ones. A summary is replaced, never changed.
    let failures: FailureSummary = []
    let storedFailures = failures
    let shownAt = Number.NEGATIVE_INFINITY
    // Read before the statement that extends the lease, so that we never believe in it longer than the database does.
    let extendedAt = claimedAt
    const over = Deferred.makeUnsafe<void>()

    const owned = (write: Effect.Effect<Hold>) =>
      Effect.flatMap(write, (hold) =>
        hold === "lost"
          ? Effect.die(new LeaseLost())
          : hold === "cancel_requested"
            ? Deferred.succeed(over, undefined)
            : Effect.void
      )

    // A database that does not answer is no proof of a lost lease: time decides that.
    const noteLoss = (write: Effect.Effect<unknown>): Effect.Effect<void> =>
      Effect.catchCause(Effect.asVoid(write), (cause: Cause.Cause<never>) =>
        endOf(cause)._tag === "LeaseLost"
          ? Effect.asVoid(Deferred.failCause(over, cause))
          : Effect.logWarning("A heartbeat failed", redactCause(cause))
      )

    const progress: RunContext<unknown>["progress"] = (next) =>
      Effect.map(checkCounts(next), (checked) => {
        counts = checked
        unseen = true
      })

    const failed: RunContext<unknown>["failed"] = (report) =>
      Effect.map(DateTime.now, (at) => {
        failures = merge(failures, [observed(report, at)])
        unseen = true
      })

    const store = Effect.fnUntraced(function* (reached: RunCounts, visible: boolean, report: string | null = null) {
      const noted = failures
      const summary = noted === storedFailures ? null : merge(run.failureSummary, noted)
      yield* owned(ledger.progress(claim, leaseMillis, { counts: reached, failures: summary, report }, visible))
      return noted
    })

    const transaction: RunContext<unknown>["transaction"] = Effect.fnUntraced(function* (work, next) {
      const commit = Effect.gen(function* () {
        yield* limits
        const result = yield* work
        const now = yield* monotonicMillis
        const visible = next !== undefined && now - shownAt >= visibleEveryMillis
        const reached = next === undefined ? counts : yield* checkCounts(next(result))
        const noted = yield* store(reached, visible)
        return { result, now, visible, reached, noted }
      })
      const done = yield* sql.withTransaction(commit).pipe(Effect.catchIf(SqlError.isSqlError, Effect.die))
      extendedAt = done.now
      storedFailures = done.noted
      if (next === undefined) return done.result
      counts = done.reached
      unseen = !done.visible || failures !== storedFailures
      if (done.visible) {
        shownAt = done.now
        yield* signals.changed(run.id)
      }
      return done.result
    })

    const show = Effect.fnUntraced(function* (now: number, report: string | null = null) {
      // Cleared first: progress that comes in while this is written waits for the next time.
      unseen = false
      storedFailures = yield* store(counts, true, report).pipe(Effect.onError(() => Effect.sync(() => (unseen = true))))
      shownAt = now
      extendedAt = now
      yield* signals.changed(run.id)
    })

    const report: RunContext<unknown>["report"] = Effect.fnUntraced(function* (found) {
      const text = yield* writeReport(found)
      yield* show(yield* monotonicMillis, text)
    })

    // A handler that does not stop when it should must not keep its run, and what the run holds, for ever.
    let stopBy = claimedAt + remainingMillis
    const beat = Effect.gen(function* () {
      const now = yield* monotonicMillis
      if (yield* Deferred.isDone(over)) stopBy = Math.min(stopBy, now)
      if (now >= stopBy + leaseMillis) return
      if (unseen && now - shownAt >= visibleEveryMillis) return yield* show(now)
      if (now - extendedAt < leaseMillis / 3) return
      yield* owned(ledger.heartbeat(claim, leaseMillis))
      extendedAt = now
    }).pipe(noteLoss)

    // The signal is a hint: the ledger says whether the run is still ours, and whether it was asked to stop.
    const look = Effect.suspend(() => owned(ledger.heartbeat(claim, leaseMillis))).pipe(noteLoss)

    const keep = Effect.fnUntraced(function* <A>(work: Effect.Effect<A>) {
      const fork = Effect.runForkWith(yield* Effect.context<never>())
      const beatMillis = Math.min(visibleEveryMillis, leaseMillis / 3)
      let beatAt = (yield* monotonicMillis) + beatMillis
      let beating: Fiber.Fiber<void> | undefined
      const onTick = (now: number) => {
        // Beside the heartbeat and not after it: a statement that hangs must not keep a handler working that has lost its run.
        if (now - extendedAt >= leaseMillis) Deferred.doneUnsafe(over, Exit.die(new LeaseLost()))
        if (now < beatAt) return
        beatAt = Infinity
        beating = fork(
          Effect.andThen(
            beat,
            Effect.map(monotonicMillis, (done) => void (beatAt = done + beatMillis))
          )
        )
      }
      const ended = Effect.suspend(() => (beating === undefined ? Effect.void : Fiber.interrupt(beating)))
      return yield* Effect.ensuring(ticking(onTick)(work), ended)
    })

    return {
      context: { run, progress, failed, report, transaction },
      keep,
      over: Deferred.await(over),
      look,
      reached: (): Reached => ({ counts, failures })
    }
  }
})
