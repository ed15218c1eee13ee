import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Layer, Option, Ref } from "effect"
import { SqlClient } from "effect/sql"
import { RunHandler, Runs, StartGate, Worker, WorkerSettings } from "../../src/index.ts"
import * as RunHandlers from "../../src/definition/RunHandlers.ts"
import { RunExecutor } from "../../src/executing/RunExecutor.ts"
import { type WorkRefused } from "../../src/executing/WorkRefused.ts"
import { fenceOf, wholeRun, withRun } from "../../src/testing/index.ts"
import {
  assignmentOf,
  Background,
  claim,
  Click,
  complete,
  contosoOnly,
  Gated,
  get,
  kinds,
  ledger,
  Limited,
  owner,
  Plain,
  Report,
  start,
  whileDoor,
  workspace
} from "../starting/StartTypes.ts"

const settings = { slots: 4, leaseMillis: 60_000, pollMillis: 50, sweepMillis: 50 }
const forPlain = (handle: RunHandler.Handle<{ readonly key: string }, "tenant", never>, own = settings) =>
  Worker.layer(Plain.toLayer(handle)).pipe(Layer.provide(Layer.succeed(WorkerSettings, own)), Layer.fresh, Layer.build)

const ended = (run: { readonly id: string }) =>
  get(run as never).pipe(Effect.delay("20 millis"), Effect.repeat({ until: ({ status }) => status === "completed" }))

layer(ledger, { excludeTestServices: true })("controlling runs", (it) => {
  it.effect("ends a queued run at once when it is cancelled", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const { run } = yield* start(Plain, "queued")
      const cancelled = yield* runs.cancel(owner, run.id)
      assert.deepStrictEqual(
        [cancelled.status, cancelled.outcome, cancelled.reasonCode, cancelled.cancelRequestedBy?.id],
        ["completed", "cancelled", "operation_cancelled", owner.id]
      )
      const refused = yield* Effect.flip(runs.cancel(owner, run.id))
      assert.deepStrictEqual(refused._tag === "RunConflict" && [refused.runStatus, refused.runOutcome], [
        "completed",
        "cancelled"
      ])
      assert.strictEqual((yield* start(Plain, "queued")).disposition, "created")
    })
  )

  it.effect("interrupts the handler of a running one, whose finalizers run before it is completed", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const finalized = yield* Ref.make(false)
      const { run } = yield* start(Plain, "running")
      yield* forPlain(() =>
        Effect.never.pipe(
          Effect.onInterrupt(() => Ref.set(finalized, true).pipe(Effect.delay("100 millis"), Effect.uninterruptible))
        )
      )
      yield* get(run).pipe(Effect.delay("10 millis"), Effect.repeat({ until: ({ status }) => status === "running" }))
      const asked = yield* runs.cancel(owner, run.id)
      assert.strictEqual(asked.status, "running")
      assert.strictEqual((yield* runs.cancel(owner, run.id)).id, run.id)
      const done = yield* ended(run)
      assert.deepStrictEqual([done.outcome, yield* Ref.get(finalized)], ["cancelled", true])
      assert.deepStrictEqual(yield* kinds(run), ["created", "started", "cancel_requested", "completed"])
    }).pipe(Effect.scoped)
  )

  it.effect("stops a run whose time is up", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { run } = yield* start(Plain, "slow")
      yield* sql`UPDATE operation_runs SET time_limit_millis = 150 WHERE id = ${run.id}::uuid`
      yield* forPlain(() => Effect.never)
      const done = yield* ended(run)
      assert.deepStrictEqual([done.outcome, done.reasonCode, done.attempt], ["failed", "time_limit_exceeded", 1])
    }).pipe(Effect.scoped)
  )

  it.effect("does not begin a run whose time was up before", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const begun = yield* Ref.make(false)
      const { run } = yield* start(Plain, "too late")
      yield* sql`UPDATE operation_runs SET deadline = now() - interval '1 hour' WHERE id = ${run.id}::uuid`
      yield* forPlain(({ input }) =>
        Ref.update(begun, (was) => was || input.key === "too late").pipe(Effect.as(RunHandler.succeeded))
      )
      const done = yield* ended(run)
      assert.deepStrictEqual(
        [done.outcome, done.reasonCode, yield* Ref.get(begun)],
        ["failed", "time_limit_exceeded", false]
      )
    }).pipe(Effect.scoped)
  )

  it.effect("ends a cancelled run whose handler does not stop, a lease later", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const release = yield* Deferred.make<void>()
      const { run } = yield* start(Plain, "deaf")
      yield* forPlain(() => Effect.uninterruptible(Deferred.await(release)).pipe(Effect.as(RunHandler.succeeded)), {
        ...settings,
        leaseMillis: 1_500
      })
      yield* get(run).pipe(Effect.delay("10 millis"), Effect.repeat({ until: ({ status }) => status === "running" }))
      yield* runs.cancel(owner, run.id)
      assert.strictEqual((yield* ended(run).pipe(Effect.timeout("90 seconds"))).outcome, "cancelled")
      yield* Deferred.succeed(release, undefined)
    }).pipe(Effect.scoped)
  )

  it.effect("lets a run wait for the one in its way without costing an attempt", () =>
    Effect.gen(function* () {
      const { run: holder } = yield* start(Plain, "in the way")
      const { run } = yield* start(Gated, "waits")
      yield* whileDoor(
        StartGate.busy(holder.id),
        Effect.scoped(
          Effect.andThen(
            Worker.layer(Gated.toLayer(() => Effect.succeed(RunHandler.succeeded))).pipe(
              Layer.provide(Layer.succeed(WorkerSettings, settings)),
              Layer.fresh,
              Layer.build
            ),
            fenceOf(run.id).pipe(Effect.delay("20 millis"), Effect.repeat({ until: (fence) => fence > 1n }))
          )
        )
      )
      const waiting = yield* get(run)
      assert.deepStrictEqual([waiting.status, waiting.attempt, waiting.reasonCode], ["queued", 0, "operation_busy"])
      yield* Runs.use((runs) => Effect.andThen(runs.cancel(owner, run.id), runs.cancel(owner, holder.id)))
    })
  )

  it.effect("stops a run for somebody whose name Postgres could not store", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const { run } = yield* start(Plain, "odd name")
      const cancelled = yield* runs.cancel({ ...owner, name: "Ol\0ivia \ud83d" }, run.id)
      assert.strictEqual(cancelled.outcome, "cancelled")
    })
  )

  it.effect("ends a lapsed run that was asked to stop, or that is out of time, instead of trying it again", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { run: asked } = yield* claim(Plain, (yield* start(Plain, "asked")).run)
      const { run: late } = yield* claim(Plain, (yield* start(Plain, "late")).run)
      yield* Runs.use((runs) => runs.cancel(owner, asked.id))
      yield* sql`UPDATE operation_runs SET lease_until = now() - interval '1 second',
        deadline = CASE WHEN id = ${late.id}::uuid THEN now() - interval '1 second' ELSE deadline END
        WHERE id IN (${asked.id}::uuid, ${late.id}::uuid)`
      yield* forPlain(() => Effect.succeed(RunHandler.succeeded))
      assert.strictEqual((yield* ended(asked)).outcome, "cancelled")
      assert.strictEqual((yield* ended(late)).reasonCode, "time_limit_exceeded")
    }).pipe(Effect.scoped)
  )

  it.effect("starts again as a new run that knows where it comes from, both ways", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const { run: first } = yield* start(Plain, "again", { context: { schedule: "s-1" } })
      assert.strictEqual((yield* Effect.flip(runs.retry(owner, first.id)))._tag, "RunConflict")
      yield* runs.cancel(owner, first.id)
      const { run: second } = withRun(yield* runs.retry(owner, first.id))
      assert.deepStrictEqual(
        [second.retryOf, second.input, second.context],
        [first.id, first.input, { schedule: "s-1" }]
      )
      yield* runs.cancel(owner, second.id)
      const { run: third } = withRun(yield* runs.retry(owner, second.id))
      assert.deepStrictEqual(
        [(yield* runs.lineage(owner, third.id)).retryOf, (yield* runs.lineage(owner, first.id)).retriedBy],
        [
          [second.id, first.id],
          [second.id, third.id]
        ]
      )
      yield* complete(yield* claim(Plain, wholeRun(third)))
      assert.strictEqual((yield* Effect.flip(runs.retry(owner, third.id)))._tag, "RunConflict")
    })
  )

  it.effect("lets nobody stop or repeat for all tenants who may reach some, though they see it", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const request = { workspaceId: workspace, input: { key: "all" } }
      const { run } = yield* runs.start(owner, Report, request)
      assert.strictEqual((yield* runs.get(contosoOnly, run.id)).id, run.id)
      assert.strictEqual((yield* Effect.flip(runs.start(contosoOnly, Report, request)))._tag, "Forbidden")
      assert.strictEqual((yield* Effect.flip(runs.cancel(contosoOnly, run.id)))._tag, "Forbidden")
      yield* runs.cancel(owner, run.id)
      assert.strictEqual((yield* Effect.flip(runs.retry(contosoOnly, run.id)))._tag, "Forbidden")
      assert.strictEqual((yield* runs.retry(owner, run.id)).disposition, "created")
    })
  )

  it.effect("starts again once for each click", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const { run } = yield* start(Click, "clicked", { idempotencyKey: "1" })
      yield* runs.cancel(owner, run.id)
      assert.strictEqual((yield* Effect.flip(runs.retry(owner, run.id)))._tag, "IdempotencyKeyRequired")
      const one = withRun(yield* runs.retry(owner, run.id, "2"))
      const same = withRun(yield* runs.retry(owner, run.id, "2"))
      assert.deepStrictEqual([one.disposition, same.disposition, same.run.id], ["created", "existing", one.run.id])
      // The key of the first start cannot stand for its retry.
      assert.strictEqual((yield* Effect.flip(runs.retry(owner, run.id, "1")))._tag, "IdempotencyKeyReused")
    })
  )

  it.effect("says what a queued run waits for", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const sql = yield* SqlClient.SqlClient
      const why = (id: string) => Effect.map(runs.whyWaiting(owner, id), Option.getOrThrow)
      const { run } = yield* start(Limited, "waits")
      assert.deepStrictEqual([(yield* why(run.id)).reason, (yield* why(run.id)).since], ["no_worker", null])
      yield* sql`INSERT INTO operation_workers (id, types, slots, last_seen)
        VALUES ('gone', ${[Limited.name]}::text[], 1, now() - interval '1 hour')`
      assert.isNotNull((yield* why(run.id)).since)
      yield* sql`UPDATE operation_workers SET last_seen = now()`
      assert.strictEqual((yield* why(run.id)).reason, "in_line")
      const { run: second } = yield* start(Limited, "waits too")
      assert.strictEqual((yield* why(second.id)).position, 2)
      const busy = [yield* claim(Limited, run), yield* claim(Limited, (yield* start(Limited, "third")).run)].map(
        ({ run: { id } }) => id
      )
      assert.deepStrictEqual([(yield* why(second.id)).reason, (yield* why(second.id)).runs], ["concurrency", busy])
      yield* sql`UPDATE operation_runs SET available_at = now() + interval '1 hour' WHERE id = ${second.id}::uuid`
      const later = yield* why(second.id)
      assert.deepStrictEqual([later.reason, later.at !== null], ["next_attempt", true])
      assert.isTrue(Option.isNone(yield* runs.whyWaiting(owner, run.id)))
    })
  )

  it.effect("refuses work that does not fit its run, says so on the run, and creates none", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const executed = yield* Ref.make(0)
      const executor = Layer.fresh(
        RunExecutor.layer.pipe(
          Layer.provide(
            RunHandlers.layer(
              Plain.toLayer(() => Ref.update(executed, (n) => n + 1).pipe(Effect.as(RunHandler.succeeded)))
            )
          ),
          Layer.provide(Layer.succeed(WorkerSettings, settings))
        )
      )
      const { run } = yield* start(Plain, "assigned")
      const { run: elsewhere } = yield* start(Background, "assigned")
      const fits = assignmentOf(run)
      const count = sql<{ n: number }>`SELECT count(*)::int AS n FROM operation_runs`
      const before = yield* count
      const assigned: ReadonlyArray<readonly [WorkRefused["reason"], typeof fits & { readonly fence?: bigint }]> = [
        ["no_such_run", { ...fits, id: "01900000-0000-7000-8000-000000000000" as never }],
        ["other_type", { ...fits, type: Background.name }],
        ["other_scope", { ...fits, tenantId: "fabrikam" as never }],
        ["other_scope", { ...fits, workspaceId: "fourth-coffee" as never }],
        ["stale_fence", { ...fits, fence: 7n }],
        ["no_handler", assignmentOf(elsewhere)]
      ]
      yield* RunExecutor.use((worker) =>
        Effect.gen(function* () {
          for (const [reason, work] of assigned) {
            assert.strictEqual((yield* Effect.flip(worker.attempt(work))).reason, reason)
          }
          assert.deepStrictEqual([yield* Ref.get(executed), yield* count], [0, before])
          yield* worker.attempt({ ...fits, fence: yield* fenceOf(run.id) })
        })
      ).pipe(Effect.provide(executor))
      assert.strictEqual(yield* Ref.get(executed), 1)
      assert.deepStrictEqual(yield* kinds(run), [
        "created",
        ...Array.from({ length: 4 }, () => "work_refused"),
        "started",
        "completed"
      ])
    })
  )
})
