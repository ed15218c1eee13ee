import { assert } from "@effect/vitest"
import { Clock, Context, Deferred, type Duration, Effect, Fiber, Layer, Schedule, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { type Operation, type Run, RunHandler, Runs, Worker, WorkerSettings } from "../../src/index.ts"
import * as RunHandlers from "../../src/definition/RunHandlers.ts"
import { RunExecutor } from "../../src/executing/RunExecutor.ts"
import { RunLedger } from "../../src/ledger/RunLedger.ts"
import { RunQueue } from "../../src/ledger/RunQueue.ts"
import { DatabaseClock, wholeRun } from "../../src/testing/index.ts"
import { contoso, operator, Work } from "../Fixture.ts"

/** What a worker of these tests does with a run of `Work`. */
export type Handle = RunHandler.Handle<Operation.Input<typeof Work>, "tenant", never>

export const succeeds: Handle = () => Effect.succeed(RunHandler.succeeded)

/** Ten minutes: longer than any pause of a busy machine. A test that lets a lease lapse moves the clocks. */
export const leaseMillis = 600_000

/** What each worker of these tests goes by. */
const settings = Layer.succeed(WorkerSettings, { slots: 4, leaseMillis, pollMillis: 100, sweepMillis: 100 })

/** A worker with these handlers, until the test ends. */
export const workerOf = (...handlers: ReadonlyArray<Operation.HandlerLayer>) =>
  Worker.layer(...handlers).pipe(Layer.provide(settings), Layer.fresh, Layer.build)

/** A worker that executes `Work` so, until the test ends. */
export const worker = (handle: Handle) => workerOf(Work.toLayer(handle))

/** An executor without a worker: it executes what it is handed. */
export const executorOf = (handler: Operation.HandlerLayer) =>
  RunExecutor.layer.pipe(Layer.provide([RunHandlers.layer(handler), settings]), Layer.fresh)

/** When a worker is told to shut down, as far as a run is concerned. */
export const shutdownMoments = ["is about to claim it", "has claimed it", "executes it"] as const

/** A worker whose handler never ends, and that shuts down at a moment: what it does then is done while it shuts down. */
export const workerThatShutsDown = Effect.fnUntraced(function* (moment: (typeof shutdownMoments)[number]) {
  const queue = yield* RunQueue
  const [reached, closing] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
  const at = (here: typeof moment) =>
    here === moment ? Effect.andThen(Deferred.succeed(reached, undefined), Deferred.await(closing)) : Effect.void
  const claimer: typeof queue.claimer = (claimant) => {
    const claim = queue.claimer(claimant)
    return (limit) =>
      at("is about to claim it").pipe(
        Effect.andThen(claim(limit)),
        Effect.tap((claims) => (claims.length > 0 ? at("has claimed it") : Effect.void))
      )
  }
  yield* Worker.layer(Work.toLayer(() => Effect.andThen(at("executes it"), Effect.never))).pipe(
    Layer.provide(Layer.merge(settings, Layer.succeed(RunQueue, { ...queue, claimer }))),
    Layer.fresh,
    Layer.build
  )
  // The last finalizer that is added is the first that runs.
  yield* Effect.addFinalizer(() => Deferred.succeed(closing, undefined))
  yield* Deferred.await(reached)
}, Effect.scoped)

/** A queued run of `Work`. It goes when the test ends, so that no worker of another test takes it. */
export const started = Effect.fnUntraced(function* (key = "work") {
  const sql = yield* SqlClient.SqlClient
  const { run } = yield* Runs.use((runs) => runs.start(operator, Work, { tenantId: contoso, input: { key } }))
  yield* Effect.addFinalizer(() => Effect.orDie(sql`DELETE FROM operation_runs WHERE id = ${run.id}::uuid`))
  return wholeRun(run)
})

type Which = Pick<Run, "id">

/** The run as it is now. */
export const get = ({ id }: Which) => Runs.use((runs) => runs.get(operator, id))

/** The run once it is completed. */
export const completed = ({ id }: Which) =>
  Runs.use((runs) => Stream.runDrain(runs.follow(operator, id, 0))).pipe(
    Effect.timeout("90 seconds"),
    Effect.andThen(get({ id }))
  )

/** A run from its start to its end, on a worker that executes it so. */
export const executed = Effect.fnUntraced(function* (handle: Handle) {
  yield* worker(handle)
  return yield* completed(yield* started())
})

/** The kinds of a run's events, which have no gap between them. */
export const timeline = ({ id }: Which) =>
  Effect.map(
    Runs.use((runs) => runs.events(operator, id, { after: 0, limit: 200 })),
    (events) => {
      assert.deepStrictEqual(
        events.map(({ seq }) => seq),
        events.map((_, index) => index + 1)
      )
      return events.map(({ kind }) => kind)
    }
  )

/** Reads again and again until what is read is as awaited. */
export const awaited = <A, E, R>(read: Effect.Effect<A, E, R>, until: (found: A) => boolean) =>
  read.pipe(Effect.repeat({ until, schedule: Schedule.spaced("50 millis") }), Effect.timeout("90 seconds"))

/** As if another worker had taken the run meanwhile: whoever holds it has an outdated fence from now on. */
export const takenAway = ({ id }: Which) =>
  SqlClient.SqlClient.use((sql) => sql`UPDATE operation_runs SET fence = fence + 1 WHERE id = ${id}::uuid`).pipe(
    Effect.orDie
  )

/** Claims a run for a worker that dies at once. Its lease has lapsed. */
export const leftByDeadWorker = Effect.fnUntraced(function* (run: Run) {
  const [claim] = yield* (yield* RunQueue).claimOne({ worker: "dead", types: [Work], leaseMillis }, run)
  assert.isDefined(claim)
  yield* DatabaseClock.advance(leaseMillis)
  return claim
})

type Ledger = RunLedger["Service"]

/**
 * Claims a run and executes the attempt on a clock that only the test moves.
 *
 * @param run a queued one
 * @param handle what the attempt does; its sleeps go by that clock, too
 * @param replaced what the attempt finds in place of some of the ledger's methods
 * @returns `pass` lets time pass for attempt and database alike; `ended` waits for the attempt
 */
export const executedOnTestClock = Effect.fnUntraced(function* (
  run: Run,
  handle: Handle,
  replaced: (ledger: Ledger) => Partial<Ledger> = () => ({})
) {
  const time = yield* Layer.build(TestClock.layer({ warningDelay: "1 minute" }))
  // A connection pool under a test clock would wait for ever.
  const realClock = yield* Clock.Clock
  const inRealTime = (call: (...given: ReadonlyArray<any>) => Effect.Effect<unknown>) =>
    ((...given: ReadonlyArray<any>) => Effect.provideService(call(...given), Clock.Clock, realClock)) as any
  const real = Object.fromEntries(
    Object.entries(yield* RunLedger).map(([name, call]) => [name, inRealTime(call)])
  ) as unknown as Ledger

  const begun = yield* Deferred.make<void>()
  const handler = Work.toLayer((attempt) => Effect.andThen(Deferred.succeed(begun, undefined), handle(attempt)))
  const executor = yield* executorOf(handler).pipe(
    Layer.provide(Layer.succeed(RunLedger, { ...real, ...replaced(real) })),
    Layer.build
  )
  const [claim] = yield* (yield* RunQueue).claimOne({ worker: "here", types: [Work], leaseMillis }, run)
  assert.isDefined(claim)
  const attempt = yield* (
    Context.get(executor, RunExecutor)
      // The test clock begins at 0.
      .execute({ ...claim, claimedAt: 0 })
      .pipe(Effect.provideContext(time), Effect.forkScoped)
  )
  yield* Deferred.await(begun)
  return {
    pass: (duration: Duration.Input) =>
      Effect.andThen(DatabaseClock.advance(duration), Effect.provideContext(TestClock.adjust(duration), time)),
    ended: Fiber.join(attempt)
  }
})
