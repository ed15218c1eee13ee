import { Effect, FiberSet, Queue } from "effect"
import * as Metrics from "../ledger/Metrics.ts"
import { monotonicMillis } from "../ledger/monotonicMillis.ts"
import { RunLedger } from "../ledger/RunLedger.ts"
import type { Claim } from "../ledger/RunQueue.ts"
import { RunSignals } from "../ledger/RunSignals.ts"
import { redactCause } from "../text/Redaction.ts"
import { makePace } from "./pace.ts"
import { makeReadyRuns } from "./ReadyRuns.ts"
import { RunExecutor } from "./RunExecutor.ts"
import { WorkerSettings } from "./WorkerSettings.ts"

/** A worker never has more runs ready than so many for each slot. */
const readyForSlot = 3

/** How many runs a worker should claim now. */
export interface Room {
  /** For slots that are free. */
  readonly free: number
  /** For slots that will probably be free in a moment. */
  readonly ahead: number
}

/** Makes the function that puts claimed runs back, as if they had never been claimed. */
const makeGiveBack = Effect.gen(function* () {
  const ledger = yield* RunLedger
  const signals = yield* RunSignals

  return Effect.fnUntraced(function* (unbegun: ReadonlyArray<Claim>) {
    if (unbegun.length === 0) return
    yield* ledger.returnUnbegun(unbegun)
    yield* Effect.forEach(unbegun, ({ run }) => signals.changed(run.id), { discard: true })
    yield* signals.queued
  })
})

/**
 * Makes what executes claimed runs, as many at once as there are slots. Closing the scope gives back what has not begun, and
 * then interrupts what has.
 */
export const makeSlots = Effect.gen(function* () {
  const executor = yield* RunExecutor
  const { slots, leaseMillis } = yield* WorkerSettings
  const running = yield* FiberSet.make<void>()
  const wake = yield* Queue.sliding<void>(1)
  const ready = makeReadyRuns(executor.types, leaseMillis)
  const pace = makePace(readyForSlot * slots)
  const giveBack = yield* makeGiveBack
  let executing = 0

  // The fibers begin uninterruptible: a worker that stopped in between would keep runs that nobody executes. The executor
  // decides what may be interrupted.
  const begin: Effect.Effect<void> = Effect.gen(function* () {
    const now = yield* monotonicMillis
    while (executing < slots) {
      const claim = ready.next(now)
      if (claim === undefined) return
      executing += 1
      const work = Effect.ensuring(executor.execute(claim), ended)
      FiberSet.addUnsafe(running, yield* Effect.forkDetach(work, { uninterruptible: true }))
    }
  })
  const ended = Effect.gen(function* () {
    executing -= 1
    pace.ended(yield* monotonicMillis)
    yield* begin
    yield* Queue.offer(wake, undefined)
  })

  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => giveBack(ready.takeAll())).pipe(
      Effect.catchCause((cause) => Effect.logWarning("Could not give back runs that had not begun", redactCause(cause)))
    )
  )

  return {
    /** Has something in it when there may be room. */
    wake,
    /** Begins these runs, in this order, as soon as there are slots. */
    execute: (claims: ReadonlyArray<Claim>) =>
      Effect.andThen(
        Effect.sync(() => ready.add(claims)),
        begin
      ),
    /** Gives back the runs that have waited too long for a slot. */
    giveBackLate: Effect.flatMap(monotonicMillis, (now) => {
      const late = ready.takeLate(now)
      // What could not be given back does not begin, and is given back at the next occasion.
      return Effect.onError(giveBack(late), () => Effect.sync(() => ready.add(late)))
    }),
    room: Effect.map(monotonicMillis, (now): Room => {
      const free = slots - executing - ready.size()
      const [most, have] = [pace.ahead(now), Math.max(-free, 0)]
      // Not one by one: half of them are claimed at once.
      return { free: Math.max(free, 0), ahead: have > most / 2 ? 0 : most - have }
    }),
    areReady: () => ready.size() > 0,
    measure: Effect.suspend(() => Metrics.workerBusy({ executing, ready: ready.size(), slots }))
  }
})
