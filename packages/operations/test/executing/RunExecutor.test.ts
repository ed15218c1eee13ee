import { assert, layer } from "@effect/vitest"
import { Context, DateTime, Deferred, Effect, Layer, Ref, Schedule, Stream } from "effect"
import { SqlClient } from "effect/sql"
import {
  GraphError,
  Operation,
  type Run,
  RunFailure,
  RunHandler,
  type RunCounts,
  Runs,
  Worker,
  WorkerSettings
} from "../../src/index.ts"
import { RunExecutor } from "../../src/executing/RunExecutor.ts"
import { RunLedger } from "../../src/ledger/RunLedger.ts"
import * as RunHandlers from "../../src/definition/RunHandlers.ts"
import { RunQueue } from "../../src/ledger/RunQueue.ts"
import { DatabaseClock } from "../../src/testing/index.ts"
import { contoso, ledger, operator, Work } from "../Fixture.ts"

class First extends Context.Service<First, ReadonlyArray<string>>()("test/First") {}
class Second extends Context.Service<Second, ReadonlyArray<string>>()("test/Second") {}

type Handle = RunHandler.Handle<Operation.Input<typeof Work>, "tenant", never>

const settings = Layer.succeed(WorkerSettings, { slots: 4, leaseMillis: 60_000, pollMillis: 100, sweepMillis: 100 })
/** For what happens when a lease is to be renewed, or lapses. */
const shortLease = { slots: 4, leaseMillis: 6_000, pollMillis: 100, sweepMillis: 100 }

/** A worker whose handler does what the test says, for as long as the scope lives. */
const worker = (handle: Handle, own = settings) =>
  Worker.layer(Work.toLayer(handle)).pipe(Layer.provide(own), Layer.fresh, Layer.build)

const start = (key: string) => Runs.use((runs) => runs.start(operator, Work, { tenantId: contoso, input: { key } }))

const completed = (run: Pick<Run, "id">) =>
  Runs.use((runs) =>
    runs
      .follow(operator, run.id, 0)
      .pipe(Stream.runDrain, Effect.timeout("90 seconds"), Effect.andThen(runs.get(operator, run.id)))
  )

const kinds = (run: Pick<Run, "id">) =>
  Runs.use((runs) => runs.events(operator, run.id, { after: 0, limit: 200 })).pipe(
    Effect.map((events) => {
      assert.deepStrictEqual(
        events.map(({ seq }) => seq),
        events.map((_, index) => index + 1)
      )
      return events.map(({ kind }) => kind)
    })
  )

layer(ledger, { excludeTestServices: true })("RunExecutor", (it) => {
  it.effect("executes a queued run and stores its counts", () =>
    Effect.gen(function* () {
      yield* worker((run) => run.progress({ total: 3, processed: 3 }).pipe(Effect.as(RunHandler.succeeded)))
      const { run } = yield* start("simple")
      const done = yield* completed(run)
      assert.deepStrictEqual(
        [done.outcome, done.summaryCounts, done.attempt],
        ["succeeded", { total: 3, processed: 3 }, 0]
      )
      assert.deepStrictEqual(yield* kinds(run), ["created", "started", "completed"])
    }).pipe(Effect.scoped)
  )

  it.effect("hands the handler its validated input", () =>
    Effect.gen(function* () {
      const seen = yield* Deferred.make<string>()
      yield* worker(({ input }) => Deferred.succeed(seen, input.key).pipe(Effect.as(RunHandler.succeeded)))
      yield* start("the input")
      assert.strictEqual(yield* Deferred.await(seen), "the input")
    }).pipe(Effect.scoped)
  )

  it.effect("counts the items that failed by reason, and calls the run partially succeeded for the most frequent", () =>
    Effect.gen(function* () {
      yield* worker((run) =>
        Effect.gen(function* () {
          yield* Effect.forEach([1, 2, 3], (n) =>
            run.failed({ reasonCode: "provider_conflict", message: "Was busy.", item: `group ${n}` })
          )
          yield* run.failed(new GraphError({ reasonCode: "provider_throttled", message: "Slow.", requestId: "r-1" }))
          return run.input.key === "explicit"
            ? RunHandler.partiallySucceeded("provider_throttled")
            : RunHandler.succeeded
        })
      )
      const done = yield* completed((yield* start("partial")).run)
      assert.deepStrictEqual([done.outcome, done.reasonCode], ["partially_succeeded", "provider_conflict"])
      assert.deepStrictEqual(
        done.failureSummary.map(({ reasonCode, count, samples }) => ({ reasonCode, count, samples })),
        [
          {
            reasonCode: "provider_conflict",
            count: 3,
            samples: [1, 2, 3].map((n) => ({ message: "Was busy.", item: `group ${n}` }))
          },
          { reasonCode: "provider_throttled", count: 1, samples: [{ message: "Slow.", requestId: "r-1" }] }
        ]
      )
      const explicit = yield* completed((yield* start("explicit")).run)
      assert.deepStrictEqual([explicit.outcome, explicit.reasonCode], ["partially_succeeded", "provider_throttled"])
    }).pipe(Effect.scoped)
  )

  it.effect("shows a report at once, replaces it, keeps it over attempts, and lets nothing secret through", () =>
    Effect.gen(function* () {
      const said = yield* Deferred.make<void>()
      const goOn = yield* Deferred.make<void>()
      const tries = yield* Ref.make(0)
      yield* worker((run) =>
        Effect.gen(function* () {
          if ((yield* Ref.updateAndGet(tries, (count) => count + 1)) > 1) return RunHandler.succeeded
          yield* run.report({ kind: "work", version: 1, checks: [{ note: "Bearer abc1234567890" }] })
          yield* Deferred.succeed(said, undefined)
          yield* Deferred.await(goOn)
          yield* run.report({ kind: "work", version: 1, checks: [{ note: "done" }], more: null })
          return yield* new RunFailure({ reasonCode: "provider_unavailable", message: "Try again." })
        })
      )
      const { run } = yield* start("reported")
      assert.isNull(run.report)
      yield* Deferred.await(said)
      const first = yield* Runs.use((runs) => runs.get(operator, run.id))
      assert.deepStrictEqual(first.report, {
        kind: "work",
        version: 1,
        checks: [{ note: "Bearer [removed: bearer token]" }]
      })
      yield* Deferred.succeed(goOn, undefined)
      const done = yield* completed(run)
      assert.deepStrictEqual(done.report, { kind: "work", version: 1, checks: [{ note: "done" }], more: null })
      assert.deepStrictEqual([done.outcome, done.attempt], ["succeeded", 1])
    }).pipe(Effect.scoped)
  )

  it.effect("refuses a report that is too large, and one of a worker that lost the run", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* worker((run) =>
        run.input.key === "large"
          ? Effect.as(
              run.report({ kind: "work", version: 1, text: Array.from({ length: 40 }, () => "x".repeat(1_999)) }),
              RunHandler.succeeded
            )
          : sql`UPDATE operation_runs SET fence = fence + 1 WHERE id = ${run.run.id}::uuid`.pipe(
              Effect.orDie,
              Effect.andThen(run.report({ kind: "work", version: 1 })),
              Effect.as(RunHandler.succeeded)
            )
      )
      const large = yield* completed((yield* start("large")).run)
      assert.deepStrictEqual([large.outcome, large.report], ["failed", null])
      const { run } = yield* start("lost")
      yield* Effect.addFinalizer(() => Effect.orDie(sql`DELETE FROM operation_runs WHERE id = ${run.id}::uuid`))
      yield* Runs.use((runs) => runs.events(operator, run.id, { after: 0, limit: 50 })).pipe(
        Effect.repeat({
          until: (events) => events.some(({ kind }) => kind === "stale_write_refused"),
          schedule: Schedule.spaced("50 millis")
        }),
        Effect.timeout("90 seconds")
      )
      assert.isNull((yield* Runs.use((runs) => runs.get(operator, run.id))).report)
    }).pipe(Effect.scoped)
  )

  it.effect("stores failed items with the progress, and lets nothing secret through", () =>
    Effect.gen(function* () {
      yield* worker((run) =>
        run
          .failed({
            reasonCode: "provider_conflict",
            message: "Refused Bearer abc1234567890",
            item: "password=hunter2"
          })
          .pipe(Effect.andThen(Effect.never))
      )
      const { run } = yield* start("noted")
      yield* Effect.addFinalizer(() =>
        Effect.orDie(SqlClient.SqlClient.use((sql) => sql`DELETE FROM operation_runs WHERE id = ${run.id}::uuid`))
      )
      const noted = yield* Runs.use((runs) => runs.get(operator, run.id)).pipe(
        Effect.repeat({
          until: ({ failureSummary }) => failureSummary.length > 0,
          schedule: Schedule.spaced("50 millis")
        }),
        Effect.timeout("90 seconds")
      )
      assert.deepStrictEqual(noted.failureSummary[0]?.samples, [
        { message: "Refused Bearer [removed: bearer token]", item: "password=[removed: password]" }
      ])
    }).pipe(Effect.scoped)
  )

  it.effect("adds an attempt's failures to those of the attempts before it", () =>
    Effect.gen(function* () {
      yield* worker((run) =>
        Effect.gen(function* () {
          yield* run.failed({ reasonCode: "provider_conflict", message: "Busy.", item: `${run.run.attempt}` })
          if (run.run.attempt === 2) return RunHandler.succeeded
          return yield* new RunFailure({ reasonCode: "provider_unavailable", message: `Down ${run.run.attempt}.` })
        })
      )
      const done = yield* completed((yield* start("added up")).run)
      assert.deepStrictEqual(
        done.failureSummary.map(({ reasonCode, message, count }) => [reasonCode, message, count]),
        [
          ["provider_conflict", "Busy.", 3],
          ["provider_unavailable", "Down 1.", 2]
        ]
      )
      assert.deepStrictEqual([done.outcome, done.reasonCode], ["partially_succeeded", "provider_conflict"])
      for (const { firstAt, lastAt } of done.failureSummary) {
        assert.isTrue(firstAt !== null && lastAt !== null && DateTime.isLessThan(firstAt, lastAt))
      }
    }).pipe(Effect.scoped)
  )

  it.effect("fails at once for a reason that is not worth retrying, with Graph's request id", () =>
    Effect.gen(function* () {
      yield* worker(() =>
        Effect.fail(new GraphError({ reasonCode: "provider_permission_denied", message: "No.", requestId: "r-1" }))
      )
      const done = yield* completed((yield* start("denied")).run)
      assert.deepStrictEqual([done.outcome, done.reasonCode, done.attempt], ["failed", "provider_permission_denied", 1])
      const [failure, ...others] = done.failureSummary
      assert.deepStrictEqual(others, [])
      assert.deepStrictEqual(failure?.samples, [{ message: "No.", requestId: "r-1" }])
    }).pipe(Effect.scoped)
  )

  it.effect("repeats an attempt that is worth it, and gives up after the last", () =>
    Effect.gen(function* () {
      yield* worker(() => Effect.fail(new RunFailure({ reasonCode: "provider_unavailable", message: "Down." })))
      const { run } = yield* start("retried")
      const done = yield* completed(run)
      assert.deepStrictEqual([done.outcome, done.reasonCode, done.attempt], ["failed", "provider_unavailable", 3])
      assert.deepStrictEqual(
        (yield* kinds(run)).filter((kind) => kind !== "progress"),
        ["created", "started", "attempt_failed", "started", "attempt_failed", "started", "completed"]
      )
    }).pipe(Effect.scoped)
  )

  it.effect("keeps the text of an unexpected error off the run", () =>
    Effect.gen(function* () {
      yield* worker(() => Effect.die(new Error("client_secret=hunter2")))
      const done = yield* completed((yield* start("defect")).run)
      assert.strictEqual(done.reasonCode, "internal_error")
      assert.notInclude(JSON.stringify(done.failureSummary), "hunter2")
    }).pipe(Effect.scoped)
  )

  it.effect("renews the lease of a run that takes longer than it", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const attempts = yield* Ref.make(0)
      // Done when the lease reaches further than the one that it was claimed with.
      const renewed = ({ id }: Run) =>
        sql`SELECT FROM operation_runs WHERE id = ${id}::uuid
          AND lease_until > started_at + ${1.2 * shortLease.leaseMillis} * interval '1 millisecond'`.pipe(
          Effect.repeat({ until: (rows) => rows.length > 0, schedule: Schedule.spaced("50 millis") }),
          Effect.orDie
        )
      const handle: Handle = ({ run }) =>
        Ref.update(attempts, (n) => n + 1).pipe(Effect.andThen(renewed(run)), Effect.as(RunHandler.succeeded))
      yield* worker(handle, Layer.succeed(WorkerSettings, shortLease))
      yield* worker(handle, Layer.succeed(WorkerSettings, shortLease))
      const done = yield* completed((yield* start("long")).run)
      assert.deepStrictEqual([done.outcome, done.attempt, yield* Ref.get(attempts)], ["succeeded", 0, 1])
    }).pipe(Effect.scoped)
  )

  it.effect("coalesces chatty progress to about one event a second", () =>
    Effect.gen(function* () {
      yield* worker((run) =>
        Effect.forEach(
          Array.from({ length: 120 }, (_, n): RunCounts => ({ processed: n + 1 })),
          (counts) => run.progress(counts).pipe(Effect.andThen(Effect.sleep("10 millis"))),
          { discard: true }
        ).pipe(Effect.as(RunHandler.succeeded))
      )
      const { run } = yield* start("chatty")
      const done = yield* completed(run)
      assert.deepStrictEqual(done.summaryCounts, { processed: 120 })
      const progress = (yield* kinds(run)).filter((kind) => kind === "progress").length
      const seconds = (done.completedAt!.epochMilliseconds - done.startedAt!.epochMilliseconds) / 1_000
      assert.isTrue(progress >= 1 && progress <= seconds + 1, `${progress} progress events in ${seconds} s`)
    }).pipe(Effect.scoped)
  )

  it.effect("gives a run back without costing an attempt when its worker shuts down", () =>
    Effect.gen(function* () {
      const interrupted = yield* Ref.make(false)
      const running = yield* Deferred.make<void>()
      const { run } = yield* start("given back")
      yield* Effect.scoped(
        Effect.andThen(
          worker(() =>
            Deferred.succeed(running, undefined).pipe(
              Effect.andThen(Effect.never),
              Effect.onInterrupt(() => Ref.set(interrupted, true))
            )
          ),
          Deferred.await(running)
        )
      )
      assert.isTrue(yield* Ref.get(interrupted))
      const waiting = yield* Runs.use((runs) => runs.get(operator, run.id))
      assert.deepStrictEqual([waiting.status, waiting.attempt], ["queued", 0])
      yield* worker(() => Effect.succeed(RunHandler.succeeded))
      assert.strictEqual((yield* completed(run)).outcome, "succeeded")
      assert.deepStrictEqual(yield* kinds(run), ["created", "started", "given_back", "started", "completed"])
    }).pipe(Effect.scoped)
  )

  it.effect("leaves types without a handler here alone", () =>
    Effect.gen(function* () {
      const { run } = yield* start("not mine")
      yield* Worker.layer().pipe(Layer.provide(settings), Layer.fresh, Layer.build)
      yield* Effect.sleep("300 millis")
      const waiting = yield* Runs.use((runs) => runs.get(operator, run.id))
      assert.strictEqual(waiting.status, "queued")
    }).pipe(Effect.scoped)
  )

  it.effect("rescues the run of a dead worker as one failed attempt, and refuses its late writes", () =>
    Effect.gen(function* () {
      const writes = yield* RunLedger
      const { run } = yield* start("rescued")
      const [dead] = yield* (yield* RunQueue).claimOne({ worker: "dead", types: [Work], leaseMillis: 60_000 }, run)
      assert.isDefined(dead)
      yield* DatabaseClock.advance("1 minute")
      const [rescued, refused] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      yield* worker(() =>
        Deferred.succeed(rescued, undefined).pipe(
          Effect.andThen(Deferred.await(refused)),
          Effect.as(RunHandler.succeeded)
        )
      )
      yield* Deferred.await(rescued)
      const late = { outcome: "failed", reasonCode: null, counts: {}, failures: [] } as const
      assert.isFalse(yield* writes.complete(dead, late))
      yield* writes.refuseStaleWrite(dead, "dead")
      yield* Deferred.succeed(refused, undefined)
      const done = yield* completed(run)
      assert.deepStrictEqual([done.outcome, done.attempt], ["succeeded", 1])
      assert.deepStrictEqual(yield* kinds(run), ["created", "started", "rescued", "stale_write_refused", "completed"])
    }).pipe(Effect.scoped)
  )

  it.effect("fails a run whose workers died as often as it may be attempted", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { run } = yield* start("lost")
      yield* (yield* RunQueue).claimOne({ worker: "dead", types: [Work], leaseMillis: 60_000 }, run)
      yield* sql`UPDATE operation_runs SET attempt = max_attempts - 1 WHERE id = ${run.id}::uuid`
      yield* DatabaseClock.advance("1 minute")
      yield* worker(() => Effect.succeed(RunHandler.succeeded))
      const done = yield* completed(run)
      assert.deepStrictEqual([done.outcome, done.reasonCode, done.attempt], ["failed", "worker_lost", 3])
      const [failure] = done.failureSummary
      assert.deepStrictEqual([failure?.reasonCode, failure?.count], ["worker_lost", 1])
      assert.deepStrictEqual(failure?.firstAt, failure?.lastAt)
      assert.isNotNull(failure?.firstAt)
    }).pipe(Effect.scoped)
  )

  it.effect("commits a handler's transaction only while the run is still its own", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE IF NOT EXISTS pages (n int PRIMARY KEY)`
      const stolen = yield* Deferred.make<void>()
      const outcome = yield* Deferred.make<string>()
      const context = yield* worker((run) =>
        Effect.gen(function* () {
          yield* run.transaction(sql`INSERT INTO pages VALUES (1)`, () => ({ processed: 1 }))
          yield* sql`UPDATE operation_runs SET fence = fence + 1 WHERE id = ${run.run.id}::uuid`
          yield* Deferred.succeed(stolen, undefined)
          yield* run.transaction(sql`INSERT INTO pages VALUES (2)`, () => ({ processed: 2 }))
          return RunHandler.succeeded
        }).pipe(
          Effect.orDie,
          Effect.onExit((exit) => Deferred.succeed(outcome, exit._tag))
        )
      )
      assert.isDefined(context)
      const { run } = yield* start("stolen")
      yield* Deferred.await(stolen)
      assert.strictEqual(yield* Deferred.await(outcome), "Failure")
      const rows = yield* sql<{ n: number }>`SELECT n FROM pages ORDER BY n`
      assert.deepStrictEqual(
        rows.map(({ n }) => n),
        [1]
      )
      const after = yield* Runs.use((runs) => runs.get(operator, run.id))
      assert.deepStrictEqual([after.status, after.summaryCounts], ["running", { processed: 1 }])
    }).pipe(Effect.scoped)
  )

  it.effect("executes one run by id, and nothing when it is not due", () =>
    Effect.gen(function* () {
      const executed = yield* Ref.make(0)
      const executor = Layer.fresh(
        RunExecutor.layer.pipe(
          Layer.provide(
            RunHandlers.layer(
              Work.toLayer(() => Ref.update(executed, (n) => n + 1).pipe(Effect.as(RunHandler.succeeded)))
            )
          ),
          Layer.provide(settings)
        )
      )
      const { run } = yield* start("by id")
      const { id, type, workspaceId, tenantId } = run
      const assignment = { id, type, workspaceId, tenantId }
      yield* RunExecutor.use(({ attempt }) => Effect.andThen(attempt(assignment), attempt(assignment))).pipe(
        Effect.provide(executor)
      )
      assert.strictEqual(yield* Ref.get(executed), 1)
      assert.strictEqual((yield* Runs.use((runs) => runs.get(operator, run.id))).outcome, "succeeded")
    })
  )

  it.effect("never executes a run on two workers at once", () =>
    Effect.gen(function* () {
      const running = yield* Ref.make<Record<string, number>>({})
      const most = yield* Ref.make(0)
      const handle: Handle = ({ input }) =>
        Effect.gen(function* () {
          const now = yield* Ref.updateAndGet(running, (all) => ({ ...all, [input.key]: (all[input.key] ?? 0) + 1 }))
          yield* Ref.update(most, (n) => Math.max(n, now[input.key] ?? 0))
          return RunHandler.succeeded
        })
      const runs = yield* Effect.forEach(
        Array.from({ length: 60 }, (_, n) => `race-${n}`),
        start,
        { concurrency: 8 }
      )
      yield* Effect.all(Array.from({ length: 4 }, () => worker(handle)))
      const done = yield* Effect.forEach(runs, ({ run }) => completed(run), { concurrency: 8 })
      assert.isTrue(done.every(({ outcome, attempt }) => outcome === "succeeded" && attempt === 0))
      assert.strictEqual(yield* Ref.get(most), 1)
      assert.strictEqual(Object.keys(yield* Ref.get(running)).length, 60)
    }).pipe(Effect.scoped)
  )

  it.effect("counts a handler that interrupts itself as failed, and does not repeat it for ever", () =>
    Effect.gen(function* () {
      yield* worker(() => Effect.interrupt)
      const done = yield* completed((yield* start("self-interrupted")).run)
      assert.deepStrictEqual([done.outcome, done.reasonCode, done.attempt], ["failed", "internal_error", 1])
    }).pipe(Effect.scoped)
  )

  it.effect("stores how a run ended even if its handler reports what cannot be stored", () =>
    Effect.gen(function* () {
      yield* worker(({ input, progress }) =>
        input.key === "fraction"
          ? progress({ processed: 1.5 }).pipe(Effect.as(RunHandler.succeeded))
          : Effect.fail(
              new RunFailure({ reasonCode: "provider_conflict", message: `bad \0 \ud83d ${"long ".repeat(500)}` })
            )
      )
      const fraction = yield* completed((yield* start("fraction")).run)
      assert.deepStrictEqual([fraction.reasonCode, fraction.attempt], ["internal_error", 1])
      const text = yield* completed((yield* start("text")).run)
      assert.deepStrictEqual([text.reasonCode, text.attempt], ["provider_conflict", 1])
      assert.isAtMost(text.failureSummary[0]?.message.length ?? 0, 500)
    }).pipe(Effect.scoped)
  )

  it.effect("leaves no run behind that was claimed while its worker shut down", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      for (let round = 0; round < 25; round++) {
        yield* Effect.forEach([1, 2, 3], (n) => start(`shutdown-${round}-${n}`))
        yield* Effect.scoped(
          Effect.andThen(
            worker(() => Effect.never),
            Effect.sleep(round % 5)
          )
        )
        const held = yield* sql`SELECT id FROM operation_runs WHERE status = 'running' AND type = ${Work.name}
          AND identity_key LIKE '%shutdown-%'`
        assert.deepStrictEqual(held, [], `round ${round}`)
      }
      // What is still queued would occupy the workers of other tests.
      yield* sql`DELETE FROM operation_runs WHERE identity_key LIKE '%shutdown-%'`
    }).pipe(Effect.scoped)
  )

  it.effect("interrupts a handler whose lease lapsed although its heartbeat hangs", () =>
    Effect.gen(function* () {
      const writes = yield* RunLedger
      const hanging = Layer.succeed(RunLedger, {
        ...writes,
        heartbeat: () => Effect.never,
        progress: () => Effect.never
      })
      const interrupted = yield* Deferred.make<void>()
      yield* Worker.layer(
        Work.toLayer(() => Effect.never.pipe(Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined))))
      ).pipe(
        Layer.provide(Layer.merge(Layer.succeed(WorkerSettings, { ...shortLease, leaseMillis: 2_000 }), hanging)),
        Layer.fresh,
        Layer.build
      )
      const { run } = yield* start("hanging")
      const sql = yield* SqlClient.SqlClient
      yield* Effect.addFinalizer(() => Effect.orDie(sql`DELETE FROM operation_runs WHERE id = ${run.id}::uuid`))
      // Nothing else ends it: its time limit is far away.
      yield* Deferred.await(interrupted).pipe(Effect.timeout("90 seconds"))
    }).pipe(Effect.scoped)
  )

  it.effect("keeps what is reported while progress is being stored", () =>
    Effect.gen(function* () {
      const writes = yield* RunLedger
      const slow = Layer.succeed(RunLedger, {
        ...writes,
        progress: (...args) => Effect.tap(writes.progress(...args), () => Effect.sleep("300 millis"))
      })
      const seen = yield* Deferred.make<void>()
      yield* Worker.layer(
        Work.toLayer((run) =>
          Effect.forEach(
            Array.from({ length: 28 }, (_, n) => n + 1),
            (processed) => Effect.andThen(run.progress({ processed }), Effect.sleep("30 millis")),
            { discard: true }
          ).pipe(Effect.andThen(Deferred.await(seen)), Effect.as(RunHandler.succeeded))
        )
      ).pipe(Layer.provide(Layer.mergeAll(settings, slow)), Layer.fresh, Layer.build)
      const { run } = yield* start("reported late")
      yield* Runs.use((runs) => runs.get(operator, run.id)).pipe(
        Effect.repeat({
          until: ({ summaryCounts }) => summaryCounts.processed === 28,
          schedule: Schedule.spaced("50 millis")
        }),
        Effect.timeout("90 seconds")
      )
      yield* Deferred.succeed(seen, undefined)
    }).pipe(Effect.scoped)
  )

  it.effect("reads runs and events that a newer version wrote, and executes what stands beside them", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { run } = yield* start("from the future")
      yield* sql`UPDATE operation_runs SET reason_code = 'run_vanished', last_event = 2 WHERE id = ${run.id}::uuid`
      yield* sql`INSERT INTO operation_run_events (run_id, seq, kind) VALUES (${run.id}::uuid, 2, 'superseded')`
      assert.strictEqual((yield* Runs.use((runs) => runs.get(operator, run.id))).reasonCode, "run_vanished" as never)
      assert.deepStrictEqual(yield* kinds(run), ["created", "superseded"])
      yield* worker(() => Effect.succeed(RunHandler.succeeded))
      assert.strictEqual((yield* completed(run)).outcome, "succeeded")
    }).pipe(Effect.scoped)
  )

  it.effect("reads the reason codes of older runs and events as today's", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { run } = yield* start("from the past")
      yield* Effect.addFinalizer(() => Effect.orDie(sql`DELETE FROM operation_runs WHERE id = ${run.id}::uuid`))
      yield* sql`UPDATE operation_runs SET reason_code = 'throttled', last_event = 2,
        failure_summary = '[{"reasonCode": "throttled", "message": "Slow.", "count": 2, "requestId": "r-1"}]'
        WHERE id = ${run.id}::uuid`
      yield* sql`INSERT INTO operation_run_events (run_id, seq, kind, data)
        VALUES (${run.id}::uuid, 2, 'attempt_failed', '{"reasonCode": "throttled", "attempt": 1}')`
      const runs = yield* Runs
      const { reasonCode, failureSummary } = yield* runs.get(operator, run.id)
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
      const [, event] = yield* runs.events(operator, run.id, { after: 0, limit: 9 })
      assert.deepStrictEqual(event?.data, { reasonCode: "provider_throttled", attempt: 1 })
    }).pipe(Effect.scoped)
  )

  it.effect("refuses to start with a handler for a type that the catalog does not have, or with two for one", () =>
    Effect.gen(function* () {
      const handle = Work.toLayer(() => Effect.succeed(RunHandler.succeeded))
      const { toLayer: _, ...definition } = Work
      const stranger = Operation.make({ ...definition, name: "test.stranger" }).toLayer(handle.handle)
      const refused = (layer: ReturnType<typeof Worker.layer<Array<typeof handle>>>) =>
        Effect.flip(Layer.build(Layer.fresh(layer)))
      assert.strictEqual((yield* refused(Worker.layer(stranger)))._tag, "UnregisteredOperation")
      assert.strictEqual((yield* refused(Worker.layer(handle, handle)))._tag, "DuplicateOperation")
    }).pipe(Effect.scoped)
  )

  it.effect("gives a handler to each of two workers that are built together", () =>
    Effect.gen(function* () {
      const handler = Work.toLayer(() => Effect.succeed(RunHandler.succeeded))
      const typesOf = RunExecutor.use(({ types }) => Effect.succeed(types.map(({ name }) => name)))
      const executorOf = () => Layer.fresh(RunExecutor.layer).pipe(Layer.provide(RunHandlers.layer(handler)))
      const both = Layer.merge(
        Layer.effect(First, typesOf).pipe(Layer.provide(executorOf())),
        Layer.effect(Second, typesOf).pipe(Layer.provide(executorOf()))
      )
      const found = yield* Effect.all([First, Second]).pipe(Effect.provide(both))
      assert.deepStrictEqual(found, [[Work.name], [Work.name]])
    }).pipe(Effect.scoped)
  )
})
