import { RunQueue } from "@atlas/operations/testing"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { completed, fixture, pages, shortLease, start, startWorker, timeline, workHere } from "./Fixture.ts"
import { Probe, tenantId } from "./Probe.ts"

layer(fixture, { excludeTestServices: true, timeout: "60 seconds" })("a wall clock that jumps by hours", (it) => {
  it.effect("takes no lease from its worker, and gives it none of another's", () =>
    Effect.gen(function* () {
      yield* startWorker({ clockJumps: true, settings: { ...shortLease, slots: 4 } })
      yield* workHere(shortLease)
      const long = { statements: (1.5 * shortLease.leaseMillis) / 50 }
      const ids = yield* Effect.all(Array.from({ length: 12 }, () => start(long)))
      for (const id of ids) {
        const done = yield* completed(id)
        assert.deepStrictEqual([done.outcome, done.attempt], ["succeeded", 0])
        assert.deepStrictEqual(yield* timeline(id), ["created", "started", "completed"])
        assert.deepStrictEqual(yield* pages(id), [1n, 1n])
      }
    }).pipe(Effect.scoped)
  )

  it.effect("does not move the time at which its worker takes the run of a dead one", () =>
    Effect.gen(function* () {
      const id = yield* start()
      const queue = yield* RunQueue
      const dead = { worker: "dead", types: [Probe], leaseMillis: 3_000 }
      yield* queue.claimOne(dead, { id, type: Probe.name, workspaceId: "northwind" as never, tenantId })
      yield* startWorker({ clockJumps: true })
      const done = yield* completed(id)
      assert.deepStrictEqual([done.outcome, done.attempt], ["succeeded", 1])
      const [started, ended] = [done.startedAt, done.completedAt].map((at) => (at ? DateTime.toEpochMillis(at) : 0))
      const took = (ended ?? 0) - (started ?? 0)
      // The clock jumps by hours.
      assert.isTrue(took >= dead.leaseMillis && took < 3_600_000, `${took} ms`)
    }).pipe(Effect.scoped)
  )
})
