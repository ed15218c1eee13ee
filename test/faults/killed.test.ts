import { fenceOf } from "@atlas/operations/testing"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import {
  attempts,
  begun,
  completed,
  fixture,
  lapse,
  openGate,
  pages,
  settings,
  shortLease,
  start,
  startWorker,
  timeline,
  workHere
} from "./Fixture.ts"
import type { Step } from "./Probe.ts"

layer(fixture, { excludeTestServices: true, timeout: "60 seconds" })("a worker killed", (it) => {
  const killedAt = Effect.fnUntraced(function* (at: Step) {
    const doomed = yield* startWorker({ at, fault: "SIGKILL" })
    const id = yield* start()
    assert.strictEqual(yield* doomed.ended, "SIGKILL")
    yield* lapse
    return id
  })

  const rescued: ReadonlyArray<{ readonly at: Step; readonly when: string; readonly fences: ReadonlyArray<bigint> }> = [
    { at: "claimed", when: "after its claim, before the handler", fences: [2n] },
    { at: "handling", when: "in the handler", fences: [1n, 2n] },
    { at: "writing", when: "in a transaction, before the fenced update", fences: [1n, 2n] },
    { at: "fenced", when: "in a transaction, after the fenced update", fences: [1n, 2n] },
    { at: "completing", when: "right before completion", fences: [1n, 2n] }
  ]
  for (const { at, when, fences } of rescued) {
    it.effect(`${when} leaves a run that another completes, once`, () =>
      Effect.gen(function* () {
        const id = yield* killedAt(at)
        // A page of a transaction that was not committed is not there; at the other steps, none or both.
        assert.deepStrictEqual(yield* pages(id), at === "completing" ? [1n, 1n] : [])
        yield* workHere()
        const done = yield* completed(id)
        assert.deepStrictEqual([done.outcome, done.attempt, yield* fenceOf(id)], ["succeeded", 1, 2n])
        assert.deepStrictEqual(yield* timeline(id), ["created", "started", "rescued", "completed"])
        const executed = (yield* attempts(id)).map(({ fence }) => fence)
        assert.deepStrictEqual(executed, fences)
        assert.deepStrictEqual(yield* pages(id), [2n, 2n])
      }).pipe(Effect.scoped)
    )
  }
  it.effect("right after completion leaves nothing to do", () =>
    Effect.gen(function* () {
      const id = yield* killedAt("completed")
      yield* workHere()
      // Whoever takes this one has looked for what is to be rescued.
      yield* completed(yield* start())
      assert.deepStrictEqual(yield* timeline(id), ["created", "started", "completed"])
      assert.strictEqual((yield* attempts(id)).length, 1)
      assert.deepStrictEqual(yield* pages(id), [1n, 1n])
    }).pipe(Effect.scoped)
  )

  it.effect("with more claimed than begun leaves runs that another completes, each once", () =>
    Effect.gen(function* () {
      const ids = yield* Effect.all([start(), start(), start(), start()])
      const oneSlot = { ...settings, slots: 1 }
      const doomed = yield* startWorker({ at: "handling", fault: "SIGKILL", greed: 3, settings: oneSlot })
      assert.strictEqual(yield* doomed.ended, "SIGKILL")
      yield* lapse
      yield* workHere()
      for (const [place, id] of ids.entries()) {
        const done = yield* completed(id)
        assert.deepStrictEqual([done.outcome, done.attempt, yield* fenceOf(id)], ["succeeded", 1, 2n])
        assert.deepStrictEqual(yield* timeline(id), ["created", "started", "rescued", "completed"])
        const executed = (yield* attempts(id)).map(({ fence }) => fence)
        assert.deepStrictEqual(executed, place === 0 ? [1n, 2n] : [2n])
        assert.deepStrictEqual(yield* pages(id), [2n, 2n])
      }
    }).pipe(Effect.scoped)
  )

  const shuttingDown = [
    { at: "giving back", when: "while it gives back", events: ["started", "rescued"], costs: 1 },
    { at: "given back", when: "when it has given back", events: ["started", "given_back", "started"], costs: 0 }
  ] as const
  for (const { at, when, events, costs } of shuttingDown) {
    it.effect(`${when} leaves a run that another completes, once`, () =>
      Effect.gen(function* () {
        const doomed = yield* startWorker({ at, fault: "SIGKILL" })
        const id = yield* start({ gate: at })
        yield* begun(id)
        yield* doomed.kill("SIGTERM")
        assert.strictEqual(yield* doomed.ended, "SIGKILL")
        yield* lapse
        yield* openGate(at)
        yield* workHere()
        const done = yield* completed(id)
        assert.deepStrictEqual([done.outcome, done.attempt], ["succeeded", costs])
        assert.deepStrictEqual(yield* timeline(id), ["created", ...events, "completed"])
        assert.strictEqual((yield* attempts(id)).length, 2)
        const fence = yield* fenceOf(id)
        assert.deepStrictEqual(yield* pages(id), [fence, fence])
      }).pipe(Effect.scoped)
    )
  }
})

layer(fixture, { excludeTestServices: true, timeout: "60 seconds" })("a worker that shuts down", (it) => {
  it.effect("keeps its run until its handler's finalizers are done", () =>
    Effect.gen(function* () {
      const worker = yield* startWorker({ settings: shortLease })
      const id = yield* start({ gate: "later", finalizerMillis: 1.5 * shortLease.leaseMillis })
      yield* begun(id)
      yield* workHere()
      yield* worker.kill("SIGTERM")
      yield* begun(id, 2)
      const [first, second] = yield* attempts(id)
      assert.isAtMost(first?.finalizedAt?.getTime() ?? Number.NaN, second?.beganAt.getTime() ?? Number.NaN)
      yield* openGate("later")
      assert.deepInclude(yield* completed(id), { outcome: "succeeded", attempt: 0 })
      assert.deepStrictEqual(yield* timeline(id), ["created", "started", "given_back", "started", "completed"])
    }).pipe(Effect.scoped)
  )
})
