import { Runs, Worker } from "@atlas/operations"
import { RunExecutor, RunLedger, RunQueue, TestOperations } from "@atlas/operations/testing"
import { Effect, Schedule } from "effect"
import { ada } from "../Host.ts"
import { Elsewhere, handlerOf, Plain, Postponed } from "../Kinds.ts"
import { Watched } from "../Watched.ts"
import { completed, ended, start, until } from "./Runs.ts"

/** Every way in which an attempt goes and ends, and what workers do beside. */
export const executing = Effect.gen(function* () {
  yield* completed(Plain, { key: "fails", does: "fails" })
  yield* completed(Plain, { key: "writes", does: "writes" })
  const cancelled = yield* start(Plain, { key: "cancelled", does: "waits" })
  yield* until(cancelled, "running")
  yield* Runs.use((runs) => runs.cancel(ada, cancelled.id))
  yield* ended(cancelled)
  yield* start(Postponed, { key: "postponed", holder: cancelled.id })

  const given = yield* start(Elsewhere, { key: "given back", does: "waits" })
  // Work is refused that belongs to an attempt which is over.
  yield* RunExecutor.use((executor) => Effect.flip(executor.attempt({ ...given, fence: 99n }))).pipe(
    Effect.provide(TestOperations.layer(handlerOf(Elsewhere)), { local: true })
  )
  // It was claimed by one that did not come to it.
  const claimant = { worker: "busy", types: [Elsewhere], leaseMillis: 60_000 }
  const claims = yield* RunQueue.use((queue) => queue.claimOne(claimant, given))
  yield* RunLedger.use((ledger) => ledger.returnUnbegun(claims))
  // A worker that stops gives back what it executes.
  yield* Effect.provide(until(given, "running"), Worker.layer(handlerOf(Elsewhere)), { local: true })

  const { sent } = yield* Watched
  const seen = (name: string) => sent.some((each) => each.name === name)
  // The last thing that a worker begins to do: a new one does not know yet what nobody can take.
  yield* Effect.sync(() => seen("RunSweeps.failStale")).pipe(
    Effect.repeat({ until: (isSeen) => isSeen, schedule: Schedule.spaced("50 millis") }),
    Effect.timeout("60 seconds")
  )
})
