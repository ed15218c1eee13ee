import { Cause, Context, Effect, Exit, Layer, Option, Random, Schedule, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import type { SqlClient } from "effect/sql"
import { type AttemptEnd, endOf, isDatabaseOutage, nextAttemptIn } from "./Attempt.ts"
import type { RunFailure } from "./Failure.ts"
import type { GraphError } from "./GraphError.ts"
import type { RetryPolicy } from "./OperationType.ts"
import type { Run, RunCounts, RunId } from "./Run.ts"
import { type RunContext, type RunHandler, RunHandlers, type RunResult } from "./RunHandler.ts"
import { makeRunLease } from "./RunLease.ts"
import { RunLedger } from "./RunLedger.ts"
import { type Claim, RunQueue } from "./RunQueue.ts"
import { RunSignals } from "./RunSignals.ts"
import { WorkerSettings } from "./WorkerSettings.ts"

/**
 * Executes one attempt of one run, with lease, heartbeat, fence, progress and interruption. Whatever hands out runs,
 * these are the same. It never creates a run.
 */
export class RunExecutor extends Context.Service<
  RunExecutor,
  {
    /** The name under which this process appears in timelines. */
    readonly worker: string
    /** The types that this process can execute. */
    readonly types: ReadonlyArray<string>
    /** Claims a run by id and executes it; nothing happens if it is not due, or not of a type handled here. */
    attempt(id: RunId): Effect.Effect<void>
    /** Executes a claimed run. Interruption gives the run back to the queue, without costing an attempt. */
    execute(claim: Claim): Effect.Effect<void>
  }
>()("@atlas/operations/RunExecutor") {
  static readonly layer: Layer.Layer<
    RunExecutor,
    never,
    RunHandlers | RunLedger | RunQueue | RunSignals | SqlClient.SqlClient
  > = Layer.effect(
    RunExecutor,
    Effect.gen(function* () {
      const handlers = yield* RunHandlers
      const queue = yield* RunQueue
      const { leaseMillis } = yield* WorkerSettings
      const worker = `worker-${SecureRandom.uuidV4Unsafe().slice(0, 8)}`
      const leaseOf = yield* makeRunLease
      const settle = yield* makeSettle

      // Uninterruptible but for the handler's own work: whatever stops it, the ledger hears how the attempt ended. Only
      // an interruption from outside reaches the outer exit; a handler that interrupts itself has failed.
      const execute = Effect.fn("RunExecutor.execute")((claim: Claim) => {
        const { run } = claim
        const lease = leaseOf(claim)
        const handler = Option.getOrUndefined(handlers.find(run.type))
        const work = handler === undefined ? Effect.die(new Error("No handler")) : runHandler(handler, lease.context)
        return Effect.uninterruptible(
          Effect.gen(function* () {
            const outer = yield* Effect.exit(Effect.interruptible(Effect.exit(Effect.raceFirst(work, lease.keep))))
            const end: AttemptEnd = Exit.isFailure(outer) ? { _tag: "Interrupted" } : endOfExit(outer.value)
            if (end._tag === "Failed" && Exit.isSuccess(outer)) yield* logUnexpected(outer.value)
            yield* settle(claim, handler?.type.retry, lease.counts(), end, worker)
          })
        ).pipe(Effect.annotateLogs({ runId: run.id, type: run.type }))
      })

      const attempt = Effect.fn("RunExecutor.attempt")((id: RunId) =>
        Effect.uninterruptible(
          Effect.flatMap(queue.claimOne({ worker, types: handlers.types, leaseMillis }, id), (claims) =>
            Effect.forEach(claims, execute, { discard: true })
          )
        )
      )

      return RunExecutor.of({ worker, types: handlers.types, attempt, execute })
    })
  )
}

const runHandler = Effect.fnUntraced(function* (
  handler: RunHandler,
  lease: Omit<RunContext<unknown>, "input" | "tenant">
) {
  const { workspaceId, tenantId, input } = lease.run
  if (tenantId === null) return yield* Effect.die(new Error("The run has no tenant"))
  const decoded = yield* Schema.decodeUnknownEffect(Schema.toCodecJson(handler.type.input))(input).pipe(Effect.orDie)
  return yield* handler.handle({ ...lease, tenant: { workspaceId, tenantId }, input: decoded })
})

const endOfExit = (exit: Exit.Exit<RunResult, RunFailure | GraphError>): AttemptEnd =>
  Exit.isSuccess(exit) ? { _tag: "Finished", result: exit.value } : endOf(exit.cause)

const logUnexpected = (exit: Exit.Exit<RunResult, RunFailure | GraphError>) =>
  Exit.isFailure(exit) && !Cause.hasFails(exit.cause)
    ? Effect.logError("An attempt ended unexpectedly", exit.cause)
    : Effect.void

/** Tells the ledger how an attempt ended. */
const makeSettle = Effect.gen(function* () {
  const ledger = yield* RunLedger
  const signals = yield* RunSignals

  const write = Effect.fnUntraced(function* (
    run: Run,
    retry: RetryPolicy | undefined,
    counts: RunCounts,
    end: AttemptEnd
  ) {
    switch (end._tag) {
      case "Interrupted":
        return yield* ledger.giveBack(run)
      case "LeaseLost":
        return false
      case "Finished":
        return yield* end.result.outcome === "succeeded"
          ? ledger.complete(run, { outcome: "succeeded", reasonCode: null, counts, failures: [] })
          : ledger.complete(run, { ...end.result, counts })
      case "Failed": {
        const attempt = { failed: run.attempt, max: run.maxAttempts }
        const next = retry && Option.getOrUndefined(nextAttemptIn(retry, end, attempt, yield* Random.next))
        const { failure } = end
        return yield* next === undefined
          ? ledger.complete(run, { outcome: "failed", reasonCode: failure.reasonCode, counts, failures: [failure] })
          : ledger.retryLater(run, { failure, counts, delayMillis: next })
      }
    }
  })

  return Effect.fnUntraced(function* (
    { run }: Claim,
    retry: RetryPolicy | undefined,
    counts: RunCounts,
    end: AttemptEnd,
    worker: string
  ) {
    let tries = 0
    const settled = Effect.gen(function* () {
      tries += 1
      const accepted = yield* write(run, retry, counts, end)
      // A repeated try may find its own first one, whose answer was lost.
      if (!accepted && tries === 1) yield* ledger.refuseStaleWrite(run, worker)
    })
    // A short outage of the database does not cost the result; after a longer one the lease lapses and the run is repeated.
    yield* settled.pipe(
      Effect.sandbox,
      Effect.retry({
        while: isDatabaseOutage,
        schedule: Schedule.max([Schedule.spaced("500 millis"), Schedule.recurs(10)])
      }),
      Effect.catch((cause) => Effect.logError("The end of an attempt could not be recorded", cause))
    )
    yield* signals.changed(run.id)
    if (end._tag === "Interrupted") yield* signals.queued
  })
})
