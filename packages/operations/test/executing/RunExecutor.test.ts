import { assert, describe, layer } from "@effect/vitest"
import { Context, Deferred, Effect, Layer, Ref } from "effect"
import { SqlClient } from "effect/sql"
import { Operation, RunHandler, Runs } from "../../src/index.ts"
import { RunExecutor } from "../../src/executing/RunExecutor.ts"
import { RunLedger } from "../../src/ledger/RunLedger.ts"
import { contoso, operator, Work } from "../Fixture.ts"
import { Check, ledgerOfKinds } from "../Kinds.ts"
import {
  awaited,
  completed,
  executed,
  executorOf,
  get,
  type Handle,
  leftByDeadWorker,
  shutdownMoments,
  started,
  succeeds,
  timeline,
  worker,
  workerOf,
  workerThatShutsDown
} from "./ExecutorFixture.ts"

layer(ledgerOfKinds, { excludeTestServices: true })("Who executes a run", (it) => {
  describe("a queued run", () => {
    it.effect("is executed, and keeps its counts", () =>
      Effect.gen(function* () {
        const run = yield* executed(({ progress }) =>
          Effect.as(progress({ total: 3, processed: 3 }), RunHandler.succeeded)
        )

        assert.deepStrictEqual(
          [run.outcome, run.summaryCounts, run.attempt],
          ["succeeded", { total: 3, processed: 3 }, 0]
        )
        assert.deepStrictEqual(yield* timeline(run), ["created", "started", "completed"])
      })
    )

    it.effect("reaches its handler with the input that was validated", () =>
      Effect.gen(function* () {
        const seen = yield* Deferred.make<string>()
        yield* worker(({ input }) => Effect.as(Deferred.succeed(seen, input.key), RunHandler.succeeded))

        yield* started("the input")

        assert.strictEqual(yield* Deferred.await(seen), "the input")
      })
    )

    it.effect("waits while no worker has a handler for its operation", () =>
      Effect.gen(function* () {
        const run = yield* started()
        yield* workerOf(Check.toLayer(succeeds))

        // Of another operation, and behind it in the queue.
        const later = yield* Runs.use((runs) => runs.start(operator, Check, { tenantId: contoso, input: { key: "c" } }))
        yield* completed(later.run)

        assert.strictEqual((yield* get(run)).status, "queued")
      })
    )

    it.effect("is executed once, although it is handed out twice", () =>
      Effect.gen(function* () {
        const executions = yield* Ref.make(0)
        const counts: Handle = () =>
          Effect.as(
            Ref.update(executions, (n) => n + 1),
            RunHandler.succeeded
          )
        const { id, type, workspaceId, tenantId } = yield* started()

        yield* RunExecutor.use(({ attempt }) =>
          Effect.repeat(attempt({ id, type, workspaceId, tenantId }), { times: 1 })
        ).pipe(Effect.provide(executorOf(Work.toLayer(counts))))

        assert.strictEqual(yield* Ref.get(executions), 1)
        assert.strictEqual((yield* get({ id })).outcome, "succeeded")
      })
    )

    it.effect("is never with two workers at once", () =>
      Effect.gen(function* () {
        const executions = yield* Ref.make<Record<string, number>>({})
        const most = yield* Ref.make(0)
        const counts: Handle = ({ input: { key } }) =>
          Effect.gen(function* () {
            const all = yield* Ref.updateAndGet(executions, (all) => ({ ...all, [key]: (all[key] ?? 0) + 1 }))
            yield* Ref.update(most, (n) => Math.max(n, all[key] ?? 0))
            return RunHandler.succeeded
          })
        // Four workers with four slots each would take sixteen runs at once.
        const runs = yield* Effect.forEach(
          Array.from({ length: 60 }, (_, n) => `race-${n}`),
          (key) => started(key),
          { concurrency: 8 }
        )
        yield* Effect.all(Array.from({ length: 4 }, () => worker(counts)))

        const done = yield* Effect.forEach(runs, completed, { concurrency: 8 })

        assert.isTrue(done.every(({ outcome, attempt }) => outcome === "succeeded" && attempt === 0))
        assert.strictEqual(yield* Ref.get(most), 1)
        assert.strictEqual(Object.keys(yield* Ref.get(executions)).length, 60)
      })
    )
  })

  describe("a run whose worker shuts down", () => {
    it.effect("is interrupted, given back without costing an attempt, and executed by the next worker", () =>
      Effect.gen(function* () {
        const [running, interrupted] = [yield* Deferred.make<void>(), yield* Ref.make(false)]
        const run = yield* started()
        const waits: Handle = () =>
          Deferred.succeed(running, undefined).pipe(
            Effect.andThen(Effect.never),
            Effect.onInterrupt(() => Ref.set(interrupted, true))
          )

        yield* Effect.scoped(Effect.andThen(worker(waits), Deferred.await(running)))

        assert.isTrue(yield* Ref.get(interrupted))
        const waiting = yield* get(run)
        assert.deepStrictEqual([waiting.status, waiting.attempt], ["queued", 0])
        yield* worker(succeeds)
        assert.strictEqual((yield* completed(run)).outcome, "succeeded")
        assert.deepStrictEqual(yield* timeline(run), ["created", "started", "given_back", "started", "completed"])
      })
    )

    for (const moment of shutdownMoments) {
      it.effect(`goes back to the queue also if the shutdown begins as the worker ${moment}`, () =>
        Effect.gen(function* () {
          const runs = yield* Effect.forEach(["1", "2", "3"], (key) => started(key))

          yield* workerThatShutsDown(moment)

          const left = yield* Effect.forEach(runs, get)
          assert.deepStrictEqual(
            left.map(({ status, attempt }) => [status, attempt]),
            runs.map(() => ["queued", 0])
          )
        })
      )
    }

    it.effect("goes back to the queue whenever the shutdown begins", () =>
      Effect.gen(function* () {
        for (let round = 0; round < 25; round++) {
          const runs = yield* Effect.forEach(["1", "2", "3"], (key) => started(`${round} ${key}`))

          yield* Effect.scoped(
            Effect.andThen(
              worker(() => Effect.never),
              Effect.sleep(round % 5)
            )
          )

          const left = yield* Effect.forEach(runs, get)
          assert.deepStrictEqual(
            left.map(({ status, attempt }) => [status, attempt]),
            runs.map(() => ["queued", 0]),
            `round ${round}`
          )
        }
      })
    )
  })

  describe("a run whose worker died", () => {
    it.effect("is rescued once its lease has lapsed, as one failed attempt", () =>
      Effect.gen(function* () {
        const run = yield* started()
        yield* leftByDeadWorker(run)

        yield* worker(succeeds)

        const done = yield* completed(run)
        assert.deepStrictEqual([done.outcome, done.attempt], ["succeeded", 1])
        assert.deepStrictEqual(yield* timeline(run), ["created", "started", "rescued", "completed"])
      })
    )

    it.effect("takes no late write of that worker, and shows that it was refused", () =>
      Effect.gen(function* () {
        const ledger = yield* RunLedger
        const run = yield* started()
        const dead = yield* leftByDeadWorker(run)
        const goOn = yield* Deferred.make<void>()
        yield* worker(() => Effect.as(Deferred.await(goOn), RunHandler.succeeded))
        yield* awaited(get(run), ({ attempt }) => attempt === 1)

        const late = { outcome: "failed", reasonCode: null, counts: {}, failures: [] } as const
        const isTaken = yield* ledger.complete(dead, late)
        yield* ledger.refuseStaleWrite(dead, "dead")
        yield* Deferred.succeed(goOn, undefined)

        assert.isFalse(isTaken)
        assert.strictEqual((yield* completed(run)).outcome, "succeeded")
        const ends = ["rescued", "stale_write_refused", "completed"]
        assert.deepStrictEqual(yield* timeline(run), ["created", "started", ...ends])
      })
    )

    it.effect("fails, naming that, if it may not be attempted again", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const run = yield* started()
        yield* leftByDeadWorker(run)
        yield* sql`UPDATE operation_runs SET attempt = max_attempts - 1 WHERE id = ${run.id}::uuid`

        yield* worker(succeeds)

        const done = yield* completed(run)
        // `Work` may be attempted three times.
        assert.deepStrictEqual([done.outcome, done.reasonCode, done.attempt], ["failed", "worker_lost", 3])
        const [failure] = done.failureSummary
        assert.deepStrictEqual([failure?.reasonCode, failure?.count], ["worker_lost", 1])
        assert.deepStrictEqual(failure?.firstAt, failure?.lastAt)
        assert.isNotNull(failure?.firstAt)
      })
    )
  })

  describe("a run that another version of Atlas has written to", () => {
    const writtenByNewerVersion = Effect.fnUntraced(function* () {
      const sql = yield* SqlClient.SqlClient
      const run = yield* started()
      yield* sql`UPDATE operation_runs SET reason_code = 'run_vanished', last_event = 2 WHERE id = ${run.id}::uuid`
      yield* sql`INSERT INTO operation_run_events (run_id, seq, kind) VALUES (${run.id}::uuid, 2, 'superseded')`
      return run
    })

    it.effect("is shown with a reason code and an event that only a newer version writes", () =>
      Effect.gen(function* () {
        const run = yield* writtenByNewerVersion()

        assert.strictEqual((yield* get(run)).reasonCode, "run_vanished" as never)
        assert.deepStrictEqual(yield* timeline(run), ["created", "superseded"])
      })
    )

    it.effect("is executed all the same", () =>
      Effect.gen(function* () {
        const run = yield* writtenByNewerVersion()

        yield* worker(succeeds)

        assert.strictEqual((yield* completed(run)).outcome, "succeeded")
      })
    )

    it.effect("is shown with today's reason code where an older version wrote its own", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const run = yield* started()
        yield* sql`UPDATE operation_runs SET reason_code = 'throttled', last_event = 2,
          failure_summary = '[{"reasonCode": "throttled", "message": "Slow.", "count": 2, "requestId": "r-1"}]'
          WHERE id = ${run.id}::uuid`
        yield* sql`INSERT INTO operation_run_events (run_id, seq, kind, data)
          VALUES (${run.id}::uuid, 2, 'attempt_failed', '{"reasonCode": "throttled", "attempt": 1}')`

        const { reasonCode, failureSummary } = yield* get(run)
        const [, event] = yield* Runs.use((runs) => runs.events(operator, run.id, { after: 0, limit: 9 }))

        assert.strictEqual(reasonCode, "provider_throttled")
        assert.deepStrictEqual(failureSummary, [
          {
            reasonCode: "provider_throttled",
            message: "Slow.",
            count: 2,
            firstAt: null,
            lastAt: null,
            samples: [{ message: "Slow.", requestId: "r-1" }]
          }
        ])
        assert.deepStrictEqual(event?.data, { reasonCode: "provider_throttled", attempt: 1 })
      })
    )
  })

  describe("a worker", () => {
    const handler = Work.toLayer(succeeds)
    const refusalOf = (...handlers: ReadonlyArray<Operation.HandlerLayer>) =>
      Effect.map(Effect.flip(workerOf(...handlers)), ({ _tag }) => _tag)

    it.effect("does not begin with a handler of an operation that the catalog lacks", () =>
      Effect.gen(function* () {
        const { toLayer: _, ...definition } = Work
        const stranger = Operation.make({ ...definition, name: "test.stranger" })

        assert.strictEqual(yield* refusalOf(stranger.toLayer(succeeds)), "UnregisteredOperation")
      })
    )

    it.effect("does not begin with two handlers of one operation", () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* refusalOf(handler, handler), "DuplicateOperation")
      })
    )

    it.effect("has its handler although another one is built together with it", () =>
      Effect.gen(function* () {
        class First extends Context.Service<First, ReadonlyArray<string>>()("test/First") {}
        class Second extends Context.Service<Second, ReadonlyArray<string>>()("test/Second") {}
        const typesOf = RunExecutor.use(({ types }) => Effect.succeed(types.map(({ name }) => name)))
        const both = Layer.merge(
          Layer.effect(First, typesOf).pipe(Layer.provide(executorOf(handler))),
          Layer.effect(Second, typesOf).pipe(Layer.provide(executorOf(handler)))
        )

        const found = yield* Effect.all([First, Second]).pipe(Effect.provide(both))

        assert.deepStrictEqual(found, [[Work.name], [Work.name]])
      })
    )
  })
})
