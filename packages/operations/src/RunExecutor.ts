import { Cause, Context, Effect, Exit, Layer, Option, Random, Schedule, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient, SqlError } from "effect/sql"
import { type AttemptEnd, endOf, LeaseLost, monotonicMillis, nextAttemptIn } from "./Attempt.ts"
import type { RunCounts, RunId } from "./Run.ts"
import { type RunContext, type RunHandler, RunHandlers } from "./RunHandler.ts"
import { type Claim, RunLedger } from "./RunLedger.ts"
import { RunSignals } from "./RunSignals.ts"
import { WorkerSettings } from "./WorkerSettings.ts"

/** Progress becomes visible at most this often, however chatty a handler is. */
const visibleEveryMillis = 1_000

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
  static readonly layer: Layer.Layer<RunExecutor, never, RunHandlers | RunLedger | RunSignals | SqlClient.SqlClient> =
    Layer.effect(
      RunExecutor,
      Effect.gen(function* () {
        const handlers = yield* RunHandlers
        const ledger = yield* RunLedger
        const { leaseMillis } = yield* WorkerSettings
        const worker = `worker-${SecureRandom.uuidV4Unsafe().slice(0, 8)}`
        const hold = yield* makeHold
        const settle = yield* makeSettle

        const execute = Effect.fn("RunExecutor.execute")((claim: Claim) =>
          Effect.uninterruptibleMask(
            Effect.fnUntraced(function* (restore) {
              const handler = handlers.find(claim.run.type)
              const held = yield* hold(claim)
              const work = Option.match(handler, {
                onNone: () => Effect.die(new Error(`No handler for ${claim.run.type}`)),
                onSome: (found) => runHandler(found, held.context)
              })
              const exit = yield* Effect.exit(restore(Effect.raceFirst(work, held.keep)))
              const end: AttemptEnd = Exit.isSuccess(exit)
                ? { _tag: "Finished", result: exit.value }
                : endOf(exit.cause)
              if (end._tag === "Failed" && Exit.isFailure(exit) && Cause.hasDies(exit.cause)) {
                yield* Effect.logError("An attempt ended unexpectedly", exit.cause)
              }
              yield* settle(claim, Option.getOrUndefined(handler), held.counts(), end, worker)
            })
          ).pipe(Effect.annotateLogs({ runId: claim.run.id, type: claim.run.type }))
        )

        const attempt = Effect.fn("RunExecutor.attempt")(function* (id: RunId) {
          const claims = yield* ledger.claimOne({ worker, types: handlers.types, leaseMillis }, id)
          yield* Effect.forEach(claims, execute, { discard: true })
        })

        return RunExecutor.of({ worker, types: handlers.types, attempt, execute })
      })
    )
}

type Hold = Pick<RunContext<unknown>, "run" | "report" | "transaction">

const runHandler = Effect.fnUntraced(function* (handler: RunHandler, hold: Hold) {
  const { workspaceId, tenantId, input } = hold.run
  if (tenantId === null) return yield* Effect.die(new Error("The run has no tenant"))
  const decoded = yield* Schema.decodeUnknownEffect(handler.type.input)(input).pipe(Effect.orDie)
  return yield* handler.handle({ ...hold, tenant: { workspaceId, tenantId }, input: decoded })
})

/**
 * Holding a run: the context through which its handler writes, and the loop that keeps the lease and stores progress.
 * Both end with `LeaseLost` as soon as the run belongs to somebody else.
 */
const makeHold = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const ledger = yield* RunLedger
  const signals = yield* RunSignals
  const { leaseMillis } = yield* WorkerSettings

  return Effect.fnUntraced(function* ({ run, fence }: Claim) {
    const key = { id: run.id, fence }
    let counts: RunCounts = run.summaryCounts
    let unseen = false
    let extendedAt = yield* monotonicMillis
    let shownAt = Number.NEGATIVE_INFINITY

    const owned = (write: Effect.Effect<boolean>) =>
      Effect.flatMap(write, (held) => (held ? Effect.void : Effect.die(new LeaseLost())))

    const store = Effect.fnUntraced(function* (now: number, visible: boolean) {
      yield* owned(ledger.progress(key, leaseMillis, counts, visible))
      extendedAt = now
      if (visible) {
        unseen = false
        shownAt = now
      }
    })

    const transaction: Hold["transaction"] = Effect.fnUntraced(function* (work, next) {
      const before = counts
      const commit = Effect.gen(function* () {
        const result = yield* work
        const now = yield* monotonicMillis
        const visible = next !== undefined && now - shownAt >= visibleEveryMillis
        counts = next?.(result) ?? counts
        yield* store(now, visible)
        return { result, visible }
      })
      const { result, visible } = yield* sql.withTransaction(commit).pipe(
        Effect.catchIf(SqlError.isSqlError, Effect.die),
        Effect.onError(() => Effect.sync(() => (counts = before)))
      )
      if (visible) yield* signals.changed(run.id)
      else if (next !== undefined) unseen = true
      return result
    })

    const beat = Effect.gen(function* () {
      const now = yield* monotonicMillis
      if (unseen && now - shownAt >= visibleEveryMillis) {
        yield* store(now, true)
        yield* signals.changed(run.id)
      } else if (now - extendedAt >= leaseMillis / 3) {
        yield* owned(ledger.heartbeat(key, leaseMillis))
        extendedAt = now
      }
    })

    // A database that does not answer is no proof of a lost lease, until the lease has certainly lapsed.
    const surviveOutage = (cause: Cause.Cause<never>) =>
      endOf(cause)._tag === "LeaseLost"
        ? Effect.failCause(cause)
        : Effect.flatMap(monotonicMillis, (now) =>
            now - extendedAt >= leaseMillis
              ? Effect.die(new LeaseLost())
              : Effect.logWarning("A heartbeat failed", cause)
          )

    const keep: Effect.Effect<never> = beat.pipe(
      Effect.catchCause(surviveOutage),
      Effect.delay(Math.min(visibleEveryMillis, leaseMillis / 3)),
      Effect.forever
    )

    const context: Hold = {
      run,
      report: (next) =>
        Effect.sync(() => {
          counts = next
          unseen = true
        }),
      transaction
    }
    return { context, keep, counts: () => counts }
  })
})

/** Tells the ledger how an attempt ended. */
const makeSettle = Effect.gen(function* () {
  const ledger = yield* RunLedger
  const signals = yield* RunSignals

  return Effect.fnUntraced(
    function* (
      { run, fence }: Claim,
      handler: RunHandler | undefined,
      counts: RunCounts,
      end: AttemptEnd,
      worker: string
    ) {
      const key = { id: run.id, fence }

      const fail = (failed: Extract<AttemptEnd, { _tag: "Failed" }>, random: number) => {
        const attempt = { failed: run.attempt, max: run.maxAttempts }
        const next = handler === undefined ? Option.none() : nextAttemptIn(handler.type.retry, failed, attempt, random)
        const { failure } = failed
        return Option.isSome(next)
          ? ledger.retryLater(key, { failure, counts, delayMillis: next.value })
          : ledger.complete(key, { outcome: "failed", reasonCode: failure.reasonCode, counts, failures: [failure] })
      }

      const write = Effect.fnUntraced(function* () {
        switch (end._tag) {
          case "Interrupted":
            return yield* ledger.giveBack(key)
          case "LeaseLost":
            return false
          case "Failed":
            return yield* fail(end, yield* Random.next)
          case "Finished":
            return yield* end.result.outcome === "succeeded"
              ? ledger.complete(key, { outcome: "succeeded", reasonCode: null, counts, failures: [] })
              : ledger.complete(key, { ...end.result, counts })
        }
      })

      const accepted = yield* write()
      if (!accepted) yield* ledger.refuseStaleWrite(key, worker)
      yield* signals.changed(run.id)
      if (end._tag === "Interrupted") yield* signals.queued
    },
    // A short outage of the database does not cost the result; after a longer one the lease lapses and the run is repeated.
    (settled) =>
      settled.pipe(
        Effect.sandbox,
        Effect.retry(Schedule.max([Schedule.spaced("500 millis"), Schedule.recurs(10)])),
        Effect.catch((cause) => Effect.logError("The end of an attempt could not be recorded", cause))
      )
  )
})
