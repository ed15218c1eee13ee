import { Effect, Random, type Scope } from "effect"
import { announceEveryMillis } from "../../ledger/WorkerRegistry.ts"
import { redactCause } from "../../text/Redaction.ts"
import { WorkerSettings } from "../WorkerSettings.ts"

/** How often a worker sweeps, counts and measures, in milliseconds: as often as its settings say, and as it announces itself. */
export const sweepEvery: Effect.Effect<number> = Effect.map(WorkerSettings, ({ sweepMillis }) =>
  Math.min(sweepMillis, announceEveryMillis)
)

/**
 * Does something again and again until the scope closes, whatever fails. The pauses vary, so that workers that started together
 * do not stay together.
 *
 * @param what it does, as an infinitive: the log says it when it fails
 * @param everyMillis the longest pause
 */
export const repeatedly = <R>(
  what: string,
  work: Effect.Effect<unknown, never, R>,
  everyMillis: number
): Effect.Effect<void, never, R | Scope.Scope> =>
  work.pipe(
    Effect.catchCause((cause) => Effect.logWarning(`Could not ${what}; trying again`, redactCause(cause))),
    Effect.andThen(Effect.flatMap(Random.nextBetween(0.75, 1), (jitter) => Effect.sleep(everyMillis * jitter))),
    Effect.forever,
    Effect.forkScoped,
    Effect.asVoid
  )
