/**
 * Executes attempts, with lease, heartbeat, fence, progress and interruption, whoever hands out the run. It never creates a
 * run. Workers call it; tests get it from `@atlas/operations/testing`, to execute attempts one by one.
 *
 * @module
 */

import { Cause, Context, Effect, Exit, Layer, Option, PubSub, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import type { SqlClient } from "effect/sql"
import { type AttemptEnd, endOf } from "./Attempt.ts"
import { monotonicMillis } from "../ledger/monotonicMillis.ts"
import { RunFailure } from "../definition/RunFailure.ts"
import { GraphCaller } from "../graph/GraphCaller.ts"
import type { GraphError } from "../graph/GraphError.ts"
import type * as Operation from "../definition/Operation.ts"
import type { Run, RunId } from "../run/Run.ts"
import type { RunContext } from "../definition/RunHandler.ts"
import { type RunHandler, RunHandlers } from "../definition/RunHandlers.ts"
import * as Metrics from "../ledger/Metrics.ts"
import { makeRunLease } from "./RunLease.ts"
import type { RunLedger } from "../ledger/RunLedger.ts"
import type { RunQueries } from "../ledger/reads/RunQueries.ts"
import { type Assignment, type Claim, RunQueue } from "../ledger/RunQueue.ts"
import { makeSettle } from "./RunSettlement.ts"
import { RunSignals } from "../ledger/RunSignals.ts"
import { redactCause } from "../text/Redaction.ts"
import { Gatekeeper } from "../definition/Gatekeeper.ts"
import * as TraceContext from "../run/TraceContext.ts"
import { makeRefusal, type WorkRefused } from "./WorkRefused.ts"
import { WorkerSettings } from "./WorkerSettings.ts"

/** Executes attempts in this process; each call executes one. */
export class RunExecutor extends Context.Service<
  RunExecutor,
  {
    /** The name of this process in timelines. */
    readonly worker: string
    /** The operations that this process can execute. */
    readonly types: ReadonlyArray<Operation.Any>
    /**
     * Claims an assigned run and executes it. Nothing happens if the run is not due: it may have been assigned twice. Work that
     * does not fit its run, or has none, is refused, with an event on the run and a metric.
     */
    attempt(assignment: Assignment): Effect.Effect<void, WorkRefused>
    /** Executes a claimed run. Interruption gives the run back to the queue, without costing an attempt. */
    execute(claim: Claim): Effect.Effect<void>
  }
>()("@atlas/operations/RunExecutor") {
  static readonly layer: Layer.Layer<
    RunExecutor,
    never,
    Gatekeeper | RunHandlers | RunLedger | RunQueries | RunQueue | RunSignals | SqlClient.SqlClient
  > = Layer.effect(
    RunExecutor,
    Effect.gen(function* () {
      const handlers = yield* RunHandlers
      const types = yield* handlers.types
      const queue = yield* RunQueue
      const { leaseMillis } = yield* WorkerSettings
      const worker = `worker-${SecureRandom.uuidV4Unsafe().slice(0, 8)}`
      const claimant = { worker, types, leaseMillis }
      const leaseOf = yield* makeRunLease
      const settle = yield* makeSettle(worker)
      const refusal = yield* makeRefusal(claimant)
      const perform = yield* makePerform
      const stops = yield* watchStops

      // Only the handler's own work is interruptible: whatever stops it, the ledger records how the attempt ended. Only an
      // interruption from outside reaches the outer exit; a handler that interrupts itself has failed. The lease is kept
      // until the handler's finalizers are done.
      const execute = (claim: Claim) => {
        const { run, waitedMillis } = claim
        const lease = leaseOf(claim)
        const handler = Option.getOrUndefined(handlers.find(run.type))
        const work = handler
          ? perform(handler, claim, lease.context)
          : Effect.die(new Error("A claimed run has no handler in this process"))
        const stopped = Effect.as(lease.over, { _tag: "Cancelled" } satisfies AttemptEnd)
        const attempt = Effect.raceFirst(work, stopped)
        return Effect.uninterruptible(
          Effect.gen(function* () {
            yield* waitedMillis === null
              ? Metrics.runRescued(run.type)
              : Metrics.runTaken(run.type, waitedMillis / 1_000)
            // Inside of what keeps the lease: an interruption from outside ends the work, and the lease only after the work.
            const outer = yield* lease.keep(Effect.exit(Effect.interruptible(Effect.exit(attempt))))
            const end: AttemptEnd = Exit.isFailure(outer) ? { _tag: "Interrupted" } : endOfExit(outer.value)
            if (end._tag === "Failed" && Exit.isSuccess(outer)) yield* logUnexpected(outer.value)
            yield* settle(claim, handler?.operation.retry, lease.reached(), end)
          })
        ).pipe(
          stops.watching(run.id, lease.look),
          Effect.withSpan("Run.attempt", { kind: "consumer", attributes: attributesOf(run) }),
          // One trace from the request that started the run to its handler, in whatever process and however much later.
          TraceContext.within(run.traceparent),
          Effect.annotateLogs({ ...attributesOf(run), worker })
        )
      }

      const attempt = Effect.fn("RunExecutor.attempt")((assignment: Assignment) =>
        Effect.uninterruptible(
          Effect.gen(function* () {
            const [claim] = yield* queue.claimOne(claimant, assignment)
            yield* claim === undefined ? refusal(assignment) : execute(claim)
          })
        )
      )

      return RunExecutor.of({ worker, types, attempt, execute })
    })
  )
}

/** The attributes of a run in logs and spans. */
const attributesOf = ({ id, type, workspaceId, tenantId, attempt }: Run) => ({
  runId: id,
  type,
  workspace: workspaceId,
  ...(tenantId === null ? {} : { tenant: tenantId }),
  attempt: attempt + 1
})

/** Decodes the input, asks the gates, and calls the handler, within what is left of the run's time limit. */
const makePerform = Effect.gen(function* () {
  const gates = yield* Gatekeeper

  return Effect.fnUntraced(function* (
    handler: RunHandler,
    { run, claimedAt, remainingMillis }: Claim,
    lease: Omit<RunContext<unknown>, "input" | "scope">
  ) {
    const { operation: type } = handler
    const scope = { workspaceId: run.workspaceId, tenantId: run.tenantId }
    const input: unknown = yield* Schema.decodeUnknownEffect(Schema.toCodecJson(type.input))(run.input).pipe(
      Effect.orDie
    )
    const tooLate = new RunFailure({ reasonCode: "time_limit_exceeded", message: outOfTime })
    const left = remainingMillis - ((yield* monotonicMillis) - claimedAt)
    // A timeout of zero would still let the handler begin.
    if (left <= 0) return yield* tooLate
    const behindGates = Effect.gen(function* () {
      const gate = yield* gates.check(type, { scope, input, actor: run.actor })
      if (gate._tag === "Blocked") return { _tag: "Blocked", block: gate } satisfies AttemptEnd
      if (gate._tag === "Busy") return { _tag: "Busy", message: busy(gate.holder) } satisfies AttemptEnd
      const result = yield* handler
        .handle({ ...lease, scope, input })
        .pipe(Effect.provideService(GraphCaller, { priority: type.priority, contracts: new Set(type.contracts) }))
      return { _tag: "Finished", result } satisfies AttemptEnd
    })
    return yield* Effect.timeoutOrElse(behindGates, { duration: left, orElse: () => Effect.fail(tooLate) })
  })
})

const busy = (holder: RunId) => `The run ${holder} holds what this one needs.`
const outOfTime = "The run reached its time limit and was stopped."

/** How many early requests to stop are remembered. Most are for runs that are executed elsewhere, or not yet. */
const mostEarlyStops = 1_000

/** Makes the runs that are executed here ask the ledger when a signal says that somebody wants them to stop. */
const watchStops = Effect.gen(function* () {
  const signals = yield* RunSignals
  const looks = new Map<RunId, Effect.Effect<void>>()
  // A run may be asked to stop after its claim and before its execution.
  const early = new Set<RunId>()
  const subscription = yield* signals.subscribe
  yield* PubSub.take(subscription).pipe(
    Effect.flatMap((signal) => {
      if (signal._tag !== "Stopped") return Effect.void
      const look = looks.get(signal.runId)
      if (look !== undefined) return look
      early.add(signal.runId)
      for (const oldest of early) if (early.size > mostEarlyStops) early.delete(oldest)
      return Effect.void
    }),
    Effect.forever,
    Effect.forkScoped
  )
  return {
    watching:
      (id: RunId, look: Effect.Effect<void>) =>
      <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
        Effect.suspend(() => {
          looks.set(id, look)
          return Effect.ensuring(
            early.delete(id) ? Effect.andThen(look, work) : work,
            Effect.sync(() => {
              if (looks.get(id) === look) looks.delete(id)
            })
          )
        })
  }
})

const endOfExit = (exit: Exit.Exit<AttemptEnd, RunFailure | GraphError>): AttemptEnd =>
  Exit.isSuccess(exit) ? exit.value : endOf(exit.cause)

const logUnexpected = (exit: Exit.Exit<AttemptEnd, RunFailure | GraphError>) =>
  Exit.isFailure(exit) && !Cause.hasFails(exit.cause)
    ? Effect.logError("An attempt ended unexpectedly", redactCause(exit.cause))
    : Effect.void
