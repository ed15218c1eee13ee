import { Effect, Layer } from "effect"
import { monotonicMillis } from "../../ledger/monotonicMillis.ts"
import { RunSignals } from "../../ledger/RunSignals.ts"
import { RunSweeps } from "../../ledger/RunSweeps.ts"
import { announceEveryMillis, WorkerRegistry } from "../../ledger/WorkerRegistry.ts"
import { redactCause } from "../../text/Redaction.ts"
import { RunExecutor } from "../RunExecutor.ts"
import { WorkerSettings } from "../WorkerSettings.ts"
import { repeatedly, sweepEvery } from "./repeatedly.ts"

/**
 * Announces this worker, and ends the runs that nobody will finish. Any number of sweepers may run: the database decides. A
 * worker announces itself before it sweeps, so that after an outage no backlog counts as abandoned.
 */
export const layer: Layer.Layer<never, never, RunExecutor | RunSweeps | RunSignals | WorkerRegistry> =
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { worker, types } = yield* RunExecutor
      const registry = yield* WorkerRegistry
      const sweeps = yield* RunSweeps
      const signals = yield* RunSignals
      const { slots } = yield* WorkerSettings
      const every = yield* sweepEvery

      const announce = registry.announce({ worker, types: types.map(({ name }) => name), slots })
      yield* Effect.addFinalizer(() =>
        registry.stop(worker).pipe(
          Effect.timeoutOption("2 seconds"),
          Effect.catchCause((cause) => Effect.logDebug("Could not announce that this worker stops", redactCause(cause)))
        )
      )

      // After an outage the other workers may not be back yet, and their backlog is not abandoned. This one fails stale runs
      // only after it has announced itself for as long as a silent worker counts as live.
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

      yield* repeatedly(
        "announce this worker and end abandoned runs",
        Effect.tapCause(sweep, () => Effect.sync(() => (steadySince = null))),
        every
      )
    })
  )
