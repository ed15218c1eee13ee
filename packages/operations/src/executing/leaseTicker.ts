/**
 * One ticker for all leases of a worker. A fiber for each lease, and one more for its end, would cost a quick run more than its
 * handler does, and most runs end before the first of them has anything to do.
 *
 * @module
 */

import { Clock, Context, Effect, Fiber } from "effect"
import { monotonicMillis } from "../ledger/monotonicMillis.ts"

/** What looks after one lease. It is called with each tick and must not wait. */
export type OnTick = (now: number) => void

/**
 * Makes the function that looks after a lease while work goes on. The ticker runs only while there are leases, and on the clock
 * of the work that came first.
 */
export const makeLeaseTicker = Effect.fnUntraced(function* (everyMillis: number) {
  const kept = new Set<OnTick>()
  let ticker: Fiber.Fiber<void> | undefined

  const ticks = Effect.gen(function* () {
    while (kept.size > 0) {
      yield* Effect.sleep(everyMillis)
      const now = yield* monotonicMillis
      for (const onTick of kept) onTick(now)
    }
    ticker = undefined
  })
  yield* Effect.addFinalizer(() => (ticker === undefined ? Effect.void : Fiber.interrupt(ticker)))

  return (onTick: OnTick) =>
    <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.flatMap(Clock.Clock, (clock) => {
        kept.add(onTick)
        ticker ??= Effect.runForkWith(Context.make(Clock.Clock, clock))(ticks)
        return Effect.ensuring(
          work,
          Effect.sync(() => kept.delete(onTick))
        )
      })
})
