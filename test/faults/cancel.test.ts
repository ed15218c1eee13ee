import { Runs } from "@atlas/operations"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  attempts,
  begun,
  cancel,
  completed,
  figures,
  fixture,
  lapse,
  pages,
  settings,
  shortLease,
  start,
  startWorker,
  timeline,
  workHere
} from "./Fixture.ts"
import { operator } from "./Probe.ts"

const cancels = 24

/** Its heartbeats are so rare that nothing but a signal stops a run. */
const rareHeartbeats = { ...settings, slots: cancels, leaseMillis: 3_600_000 }

/** Starts a probe that waits for ever. */
const endless = Effect.tap(start({ gate: "never" }), (id) => begun(id))

/** Cancels a probe, and yields how long its run took from then to its end, by the database's clock. */
const stopped = Effect.fnUntraced(function* (id: Effect.Success<typeof endless>) {
  yield* cancel(id)
  const done = yield* completed(id)
  assert.deepStrictEqual([done.outcome, done.reasonCode, done.attempt], ["cancelled", "operation_cancelled", 0])
  const sql = yield* SqlClient.SqlClient
  const [took] = yield* sql<{ millis: number }>`
    SELECT (extract(epoch FROM completed_at - cancel_requested_at) * 1000)::float8 AS millis
    FROM operation_runs WHERE id = ${id}::uuid`
  return took?.millis ?? Number.NaN
})

layer(fixture, { excludeTestServices: true, timeout: "60 seconds" })("a running run that is cancelled", (it) => {
  it.effect("stops by a signal, in another process and in this one", () =>
    Effect.gen(function* () {
      const measure = Effect.gen(function* () {
        const ids = yield* Effect.all(Array.from({ length: cancels }, () => endless))
        return yield* Effect.forEach(ids, stopped)
      })
      const elsewhere = yield* Effect.scoped(Effect.andThen(startWorker({ settings: rareHeartbeats }), measure))
      const here = yield* Effect.scoped(Effect.andThen(workHere(rareHeartbeats), measure))
      console.log(`Cancelled to completed, in another process: ${figures(elsewhere)}; in this one: ${figures(here)}`)
    })
  )

  it.effect("is completed only when its handler's finalizers are done, and is nobody else's until then", () =>
    Effect.gen(function* () {
      yield* startWorker({ settings: shortLease })
      yield* workHere(shortLease)
      const id = yield* start({ gate: "never", finalizerMillis: 1.5 * shortLease.leaseMillis })
      yield* begun(id)
      yield* stopped(id)
      const [only, ...others] = yield* attempts(id)
      assert.deepStrictEqual(others, [])
      const { completedAt } = yield* Runs.use((runs) => runs.get(operator, id))
      assert.isAtMost(only?.finalizedAt?.getTime() ?? Number.NaN, completedAt ? DateTime.toEpochMillis(completedAt) : 0)
      assert.deepStrictEqual(yield* timeline(id), ["created", "started", "cancel_requested", "completed"])
      assert.deepStrictEqual(yield* pages(id), [1n])
    }).pipe(Effect.scoped)
  )

  it.effect("keeps its outcome if its handler finished first", () =>
    Effect.gen(function* () {
      const worker = yield* startWorker({ at: "completing", fault: "wait" })
      const id = yield* start()
      yield* worker.struck
      assert.strictEqual((yield* cancel(id)).status, "running")
      yield* worker.goOn
      assert.strictEqual((yield* completed(id)).outcome, "succeeded")
      assert.deepStrictEqual(yield* timeline(id), ["created", "started", "cancel_requested", "completed"])
    }).pipe(Effect.scoped)
  )

  it.effect("is not repeated if its worker died", () =>
    Effect.gen(function* () {
      const doomed = yield* startWorker({ at: "handling", fault: "SIGKILL" })
      const id = yield* start()
      yield* doomed.ended
      assert.strictEqual((yield* cancel(id)).status, "running")
      yield* lapse
      // It looks for runs to repeat far more often than for runs to end.
      yield* workHere({ pollMillis: 50, sweepMillis: 2_000 })
      const done = yield* completed(id)
      assert.deepStrictEqual([done.outcome, done.reasonCode, done.attempt], ["cancelled", "operation_cancelled", 0])
      assert.strictEqual((yield* attempts(id)).length, 1)
    }).pipe(Effect.scoped)
  )

  it.effect("stops with the next heartbeat if its worker hears nothing", () =>
    Effect.gen(function* () {
      const leaseMillis = 12_000
      yield* startWorker({ deaf: true, settings: { ...settings, leaseMillis } })
      const took = yield* stopped(yield* endless)
      // A heartbeat is due after a third of the lease, and looked for once in a second.
      assert.isBelow(took, leaseMillis)
    }).pipe(Effect.scoped)
  )
})
