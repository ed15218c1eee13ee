import { Effect, Layer, Random } from "effect"
import { monotonicMillis } from "../../ledger/monotonicMillis.ts"
import { RunExecutor } from "../RunExecutor.ts"
import { RunGauges } from "../../ledger/reads/RunGauges.ts"
import { RunHours } from "../../ledger/reads/RunHours.ts"
import { RunRetention } from "../../ledger/RunRetention.ts"
import { RunSignals } from "../../ledger/RunSignals.ts"
import { RunSweeps } from "../../ledger/RunSweeps.ts"
import { redactCause } from "../../text/Redaction.ts"
import { announceEveryMillis, WorkerRegistry } from "../../ledger/WorkerRegistry.ts"
import { WorkerSettings } from "../WorkerSettings.ts"

/** Retention is not urgent; it only frees space. */
const retainEveryMillis = 300_000

/**
 * Announces this worker, ends the runs that nobody will finish, counts ended runs, and removes runs beyond their retention. Any
 * number of sweepers may run: the database decides. A worker announces itself before it sweeps, so that after an outage no
 * backlog counts as abandoned.
 */
export const layer: Layer.Layer<
  never,
  never,
  RunExecutor | RunGauges | RunHours | RunRetention | RunSweeps | RunSignals | WorkerRegistry
> = Layer.effectDiscard(
  Effect.gen(function* () {
    const { worker, types } = yield* RunExecutor
    const registry = yield* WorkerRegistry
    const sweeps = yield* RunSweeps
    const { count } = yield* RunHours
    const signals = yield* RunSignals
    const retention = yield* RunRetention
    const { measure } = yield* RunGauges
    const { slots, sweepMillis } = yield* WorkerSettings
    const every = Math.min(sweepMillis, announceEveryMillis)

    const announce = registry.announce({ worker, types: types.map(({ name }) => name), slots })
    yield* Effect.addFinalizer(() =>
      registry.stop(worker).pipe(
        Effect.timeoutOption("2 seconds"),
        Effect.catchCause((cause) => Effect.logDebug("Could not announce that this worker stops", redactCause(cause)))
      )
    )

    // After an outage the other workers may not be back yet, and their backlog is not abandoned. This one fails stale runs only
    // after it has announced itself for as long as a silent worker counts as live.
    let steadySince: number | null = null
    const steady = Effect.map(monotonicMillis, (now) => {
      steadySince ??= now
      return now - steadySince >= Math.min(3 * announceEveryMillis, 30 * every)
    })

    const sweep = Effect.gen(function* () {
      yield* announce
      const lost = yield* sweeps.endLapsed
      const stale = (yield* steady) ? yield* sweeps.failStale : []
      yield* Effect.forEach([...lost, ...stale], signals.changed, { discard: true })
      if (lost.length > 0) yield* Effect.logWarning(`Ended ${lost.length} runs whose workers died`)
      if (stale.length > 0) yield* Effect.logWarning(`Failed ${stale.length} runs that no worker could take`)
    })

    const retain = Effect.tap(retention.remove, (removed) =>
      removed > 0 ? Effect.logInfo(`Removed ${removed} runs beyond their retention`) : Effect.void
    )

    const repeatedly = (work: Effect.Effect<unknown>, every: number) =>
      work.pipe(
        Effect.catchCause((cause) => Effect.logWarning("Could not sweep; trying again", redactCause(cause))),
        Effect.andThen(Effect.flatMap(Random.nextBetween(0.75, 1), (jitter) => Effect.sleep(every * jitter))),
        Effect.forever,
        Effect.forkScoped
      )
    yield* repeatedly(
      Effect.tapCause(sweep, () => Effect.sync(() => (steadySince = null))),
      every
    )
    // Apart from the sweep: to count a large ledger for the first time takes longer than this worker may be silent.
    yield* repeatedly(count, every)
    yield* repeatedly(measure, every)
    yield* repeatedly(retain, retainEveryMillis)
  })
)
