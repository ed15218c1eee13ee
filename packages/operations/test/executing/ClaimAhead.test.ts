import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Layer, Scope, Exit } from "effect"
import { SqlClient } from "effect/sql"
import { type Run, RunHandler, Runs, Worker, WorkerSettings } from "../../src/index.ts"
import { RunQueue } from "../../src/ledger/RunQueue.ts"
import { fenceOf } from "../../src/testing/index.ts"
import { ledger, operator, Work } from "../Fixture.ts"
import * as StartTypes from "../starting/StartTypes.ts"
import {
  awaited,
  completed,
  get,
  type Handle,
  leaseMillis,
  started,
  succeeds,
  takenAway,
  timeline
} from "./ExecutorFixture.ts"

const settingsOf = (slots: number) =>
  Layer.succeed(WorkerSettings, { slots, leaseMillis, pollMillis: 100, sweepMillis: 100 })

/** A queue that changes each claim. */
const queueThat = (
  change: (claim: ReturnType<RunQueue["Service"]["claimer"]>) => ReturnType<RunQueue["Service"]["claimer"]>
) =>
  Layer.effect(
    RunQueue,
    Effect.map(RunQueue, (queue) => RunQueue.of({ ...queue, claimer: (claimant) => change(queue.claimer(claimant)) }))
  )

/** A worker with one slot that claims three runs more than it asks for: as if it had expected to begin them in a moment. */
const greedyWorker = (handle: Handle) =>
  Worker.layer(Work.toLayer(handle)).pipe(
    Layer.provide([settingsOf(1), queueThat((claim) => (limit) => claim(limit + 3))]),
    Layer.fresh,
    Layer.build
  )

const fourStarted = Effect.forEach(["a", "b", "c", "d"], started)

const statusOf = (run: Run) => Effect.map(get(run), ({ status }) => status)

/** Once the greedy worker has claimed all of these. */
const claimed = (runs: ReadonlyArray<Run>) =>
  awaited(Effect.forEach(runs, statusOf), (all) => all.every((status) => status === "running"))

/** What a run is like that a worker has given back before it began. */
const unclaimed = Effect.fnUntraced(function* (run: Run) {
  const { attempt, availableAt, deadline, startedAt, status } = yield* get(run)
  assert.deepStrictEqual([status, attempt, startedAt, deadline], ["queued", 0, null, null])
  assert.deepStrictEqual(availableAt, run.availableAt)
  assert.deepStrictEqual(yield* timeline(run), ["created", "started", "given_back"])
  assert.strictEqual(yield* fenceOf(run.id), 2n)
})

layer(ledger, { excludeTestServices: true, timeout: "60 seconds" })("a run that is claimed and has not begun", (it) => {
  it.effect("is given back when its worker shuts down, as if nobody had claimed it", () =>
    Effect.gen(function* () {
      const [first, ...others] = yield* fourStarted
      const scope = yield* Scope.make()
      yield* greedyWorker(() => Effect.never).pipe(Scope.provide(scope))
      yield* claimed([first!, ...others])
      yield* Scope.close(scope, Exit.void)
      for (const run of others) yield* unclaimed(run)
      assert.deepStrictEqual(yield* timeline(first!), ["created", "started", "given_back"])
      assert.isNotNull((yield* get(first!)).startedAt)
      yield* greedyWorker(succeeds)
      for (const run of [first!, ...others]) {
        assert.deepInclude({ ...(yield* completed(run)) }, { outcome: "succeeded", attempt: 0 })
      }
    }).pipe(Effect.scoped)
  )

  it.effect("is given back when no slot becomes free for it, so that another worker executes it", () =>
    Effect.gen(function* () {
      const end = yield* Deferred.make<void>()
      const [first, ...others] = yield* fourStarted
      yield* greedyWorker(() => Effect.as(Deferred.await(end), RunHandler.succeeded))
      yield* claimed([first!, ...others])
      yield* awaited(Effect.forEach(others, statusOf), (all) => all.every((status) => status === "queued"))
      for (const run of others) yield* unclaimed(run)
      yield* greedyWorker(succeeds)
      for (const run of others) assert.strictEqual((yield* completed(run)).outcome, "succeeded")
      assert.strictEqual(yield* statusOf(first!), "running")
      yield* Deferred.succeed(end, undefined)
      assert.strictEqual((yield* completed(first!)).outcome, "succeeded")
    }).pipe(Effect.scoped)
  )

  it.effect("ends instead of being given back if it was asked to stop, and stays as it is if it was taken away", () =>
    Effect.gen(function* () {
      const [first, stopped, taken, other] = yield* fourStarted
      yield* greedyWorker(() => Effect.never)
      yield* claimed([first!, stopped!, taken!, other!])
      yield* Runs.use((runs) => runs.cancel(operator, stopped!.id))
      yield* takenAway(taken!)
      yield* awaited(statusOf(other!), (status) => status === "queued")
      assert.strictEqual((yield* completed(stopped!)).outcome, "cancelled")
      assert.deepStrictEqual(yield* timeline(stopped!), ["created", "started", "cancel_requested", "completed"])
      assert.deepStrictEqual([yield* statusOf(taken!), yield* fenceOf(taken!.id)], ["running", 2n])
      assert.deepStrictEqual(yield* timeline(taken!), ["created", "started"])
    }).pipe(Effect.scoped)
  )

  it.effect("begins in the order of its claim when slots become free", () =>
    Effect.gen(function* () {
      const began: Array<string> = []
      const runs = yield* fourStarted
      yield* greedyWorker(({ run }) =>
        Effect.as(
          Effect.sync(() => began.push(run.id)),
          RunHandler.succeeded
        )
      )
      for (const run of runs) assert.deepInclude({ ...(yield* completed(run)) }, { outcome: "succeeded", attempt: 0 })
      assert.deepStrictEqual(
        began,
        runs.map(({ id }) => id)
      )
      for (const run of runs) assert.deepStrictEqual(yield* timeline(run), ["created", "started", "completed"])
    }).pipe(Effect.scoped)
  )
})

layer(StartTypes.ledger, { excludeTestServices: true, timeout: "60 seconds" })("a worker with quick runs", (it) => {
  /** The most runs that a worker with four slots had claimed and not done. */
  const mostClaimed = Effect.fnUntraced(function* (type: typeof StartTypes.Plain) {
    let [open, most] = [0, 0]
    const counted = queueThat(
      (claim) => (limit) =>
        Effect.tap(claim(limit), (claims) =>
          Effect.sync(() => {
            open += claims.length
            most = Math.max(most, open)
          })
        )
    )
    const keys = Array.from({ length: 400 }, (_, n) => `quick ${n}`)
    yield* Effect.forEach(keys, (key) => StartTypes.start(type, key), { concurrency: "unbounded" })
    const done = type.toLayer(() => Effect.sync(() => ((open -= 1), RunHandler.succeeded)))
    yield* Worker.layer(done).pipe(Layer.provide([settingsOf(4), counted]), Layer.fresh, Layer.build)
    const left = SqlClient.SqlClient.use(
      (sql) => sql`SELECT FROM operation_runs WHERE type = ${type.name} AND outcome <> 'succeeded' LIMIT 1`
    )
    yield* awaited(left, (rows) => rows.length === 0)
    return most
  }, Effect.scoped)

  it.effect("claims more of them than it has slots", () =>
    Effect.gen(function* () {
      const most = yield* mostClaimed(StartTypes.Plain)
      assert.isAbove(most, 4)
      assert.isAtMost(most, 4 + 3 * 4)
    })
  )

  it.effect("claims no run ahead that has only one attempt, which the worker's death would cost it", () =>
    Effect.gen(function* () {
      assert.isAtMost(yield* mostClaimed(StartTypes.Once), 4)
    })
  )
})
