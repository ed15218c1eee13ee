import * as Pg from "../../src/pg.ts"
import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Layer, type Result, Schema } from "effect"
import { SqlClient } from "effect/sql"
import {
  Operation,
  Operations,
  type Run,
  Runs,
  StartGate,
  type StartProblem,
  type StartResult,
  SystemRuns,
  TenantId
} from "../../src/index.ts"
import { RunHours } from "../../src/ledger/reads/RunHours.ts"
import { RunRecorder } from "../../src/ledger/RunRecorder.ts"
import { RunRetention } from "../../src/ledger/RunRetention.ts"
import { makeSystemStart } from "../../src/starting/RunStart.ts"
import { InputResolvers } from "../../src/definition/InputResolvers.ts"
import { TestOperations, wholeRun, withRun } from "../../src/testing/index.ts"
import { claim, complete, doorGate, whileDoor } from "./StartTypes.ts"

const definition = {
  label: "Removed",
  description: "Only the newest run of a tenant is kept.",
  category: "Test",
  input: Schema.Struct({ key: Schema.String }),
  capabilities: { start: "tenant.test.run", view: "tenant.test.view" },
  retention: { count: 1 }
} as const

const Click = Operation.make({
  ...definition,
  name: "removed.click",
  identity: { rule: "once", by: "idempotency_key", whileActive: ({ key }) => key }
})
const Slot = Operation.make({
  ...definition,
  name: "removed.slot",
  startedBy: "system",
  gates: ["door"],
  identity: { rule: "once", by: "fire_time" }
})

const host = Operations.layer(Click, Slot).pipe(
  Layer.provide(StartGate.layer(doorGate)),
  Layer.provideMerge(Layer.merge(TestOperations.openAccess(Click, Slot), Pg.listener))
)
const ledger = host.pipe(Layer.provideMerge(TestDatabase.layer))
const otherHost = Layer.build(Layer.fresh(host.pipe(Layer.provideMerge(TestDatabase.client))))

const { tester, workspaceId } = TestOperations

const click = (tenantId: string, key: string, idempotencyKey: string) =>
  Runs.use((runs) => runs.start(tester, Click, { tenantId, input: { key }, idempotencyKey }))

const slot = (tenantId: string, day: number) =>
  SystemRuns.use((runs) =>
    runs.start("scheduler", Slot, {
      scope: { workspaceId, tenantId: TenantId.make(tenantId) },
      input: { key: "nightly" },
      fireTime: DateTime.makeUnsafe({ year: 2026, month: 11, day })
    })
  )

const succeeded = Effect.fnUntraced(function* (type: Operation.Any, run: Run) {
  yield* complete(yield* claim(type, run))
  return wholeRun(yield* Runs.use((runs) => runs.get(tester, run.id)))
})

/** A run of the key `first` that has succeeded, and a newer one after it, so that retention removes the first. */
const removable = Effect.fnUntraced(function* (tenantId: string) {
  const started = withRun(yield* click(tenantId, "a", "first"))
  const run = yield* succeeded(Click, wholeRun(started.run))
  const newer = withRun(yield* click(tenantId, "b", "newer"))
  yield* succeeded(Click, wholeRun(newer.run))
  yield* RunHours.use(({ count }) => count)
  return run
})

const retain = RunRetention.use(({ remove }) => remove)

const answerOf = ({ id, outcome, completedAt }: Run) => ({
  disposition: "existing",
  removed: true,
  id,
  outcome,
  endedAt: completedAt
})

/** Every run that there ever was in a tenant: those that are there, and those that the audit knows. */
const everIn = (tenantId: string) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ id: string }>`
      SELECT id FROM operation_runs WHERE tenant_id = ${tenantId}
      UNION SELECT run_id FROM operation_audit WHERE tenant_id = ${tenantId} AND action = 'started'`
  )

layer(ledger, { excludeTestServices: true })("a start whose run was removed", (it) => {
  it.effect("is told how and when that run ended, and starts nothing", () =>
    Effect.gen(function* () {
      const run = yield* removable("told")
      assert.strictEqual(yield* retain, 1)

      for (let times = 0; times < 2; times++) {
        assert.deepEqual(yield* click("told", "a", "first"), answerOf(run) as never)
      }

      assert.strictEqual((yield* Effect.flip(Runs.use((runs) => runs.get(tester, run.id))))._tag, "NotFound")
      const other = yield* Effect.flip(click("told", "another request", "first"))
      assert.deepInclude(other, { _tag: "IdempotencyKeyReused", runId: run.id })
      assert.lengthOf(yield* everIn("told"), 2)
    })
  )

  it.effect("is told so with each key that stood for the run", () =>
    Effect.gen(function* () {
      const { run } = withRun(yield* click("joined", "a", "first"))
      assert.strictEqual(withRun(yield* click("joined", "a", "second")).run.id, run.id)
      const ended = yield* removable("joined")
      assert.strictEqual(ended.id, run.id)
      assert.strictEqual(yield* retain, 1)
      assert.deepEqual(yield* click("joined", "a", "second"), answerOf(ended) as never)
    })
  )

  it.effect("of a fire time is told so, whether it had run or was blocked", () =>
    Effect.gen(function* () {
      const first = yield* succeeded(Slot, withRun(yield* slot("slots", 1)).run)
      const closed = StartGate.blocked("provider_connection_missing", "There is no connection.")
      const blocked = withRun(yield* whileDoor(closed, slot("slots", 2))).run
      yield* succeeded(Slot, withRun(yield* slot("slots", 3)).run)
      yield* RunHours.use(({ count }) => count)
      assert.strictEqual(yield* retain, 2)

      assert.deepEqual(yield* slot("slots", 1), answerOf(first) as never)
      assert.deepEqual(yield* slot("slots", 2), answerOf(blocked) as never)
      assert.strictEqual(blocked.outcome, "blocked")
      assert.lengthOf(yield* everIn("slots"), 3)
    })
  )

  it.effect("is told so if the run goes while the start is on its way", () =>
    Effect.gen(function* () {
      const first = yield* succeeded(Slot, withRun(yield* slot("between", 1)).run)
      yield* succeeded(Slot, withRun(yield* slot("between", 2)).run)
      yield* RunHours.use(({ count }) => count)
      const recorder = yield* RunRecorder
      const retention = yield* RunRetention
      const removing = RunRecorder.of({
        ...recorder,
        joinBound: (run, id) => Effect.andThen(retention.remove, recorder.joinBound(run, id))
      })
      const start = yield* makeSystemStart.pipe(
        Effect.provideService(RunRecorder, removing),
        Effect.provide(InputResolvers.layer)
      )
      const answer = yield* start("scheduler", Slot, {
        scope: { workspaceId, tenantId: TenantId.make("between") },
        input: { key: "nightly" },
        fireTime: DateTime.makeUnsafe({ year: 2026, month: 11, day: 1 })
      })
      assert.deepEqual(answer, answerOf(first) as never)
    })
  )
})

layer(ledger, { excludeTestServices: true, timeout: "60 seconds" })("retention", (it) => {
  it.effect("leaves a run whose key a start holds, and waits for nobody", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const run = yield* removable("held")
      const elsewhere = yield* otherHost
      yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* Effect.flip(click("held", "another request", "first"))
          const removing = retain.pipe(Effect.provideContext(elsewhere), Effect.timeout("5 seconds"))
          const [removed, started] = yield* Effect.all([removing, Effect.delay(click("held", "a", "first"), 100)], {
            concurrency: "unbounded"
          })
          assert.deepStrictEqual([removed, withRun(started).run.id], [0, run.id])
        })
      )
      assert.strictEqual(yield* retain, 1)
    }).pipe(Effect.scoped)
  )

  let rounds = 0
  it.effect.prop(
    "and equal starts at the same time: one run ever, and every answer is true",
    [Schema.Array(Schema.Literals(["equal", "equal, too", "other", "removal"])).check(Schema.isMaxLength(60))],
    ([sent]) =>
      Effect.gen(function* () {
        const tenant = `round ${rounds++}`
        const run = yield* removable(tenant)
        const hosts = yield* Effect.all([otherHost, otherHost, otherHost, otherHost])
        const send = (
          what: string
        ): Effect.Effect<Result.Result<StartResult, StartProblem> | null, never, RunRetention | Runs> =>
          what === "removal"
            ? Effect.as(retain, null)
            : Effect.result(click(tenant, what === "other" ? "another request" : "a", "first"))
        const answers = yield* Effect.forEach(
          [...sent, "removal", "equal", "equal"],
          (what, n) => Effect.map(Effect.provideContext(send(what), hosts[n % 4]!), (answer) => ({ what, answer })),
          { concurrency: "unbounded" }
        )
        for (const { answer, what } of answers) {
          if (answer === null) continue
          if (answer._tag === "Failure") {
            assert.deepInclude(answer.failure, { _tag: "IdempotencyKeyReused", runId: run.id })
            assert.strictEqual(what, "other")
          } else if (answer.success.removed) {
            assert.deepEqual(answer.success, answerOf(run) as never)
          } else {
            const { disposition, run: there } = answer.success
            assert.deepStrictEqual([disposition, there.id, there.outcome], ["existing", run.id, "succeeded"])
          }
        }
        yield* retain
        assert.deepEqual(yield* click(tenant, "a", "first"), answerOf(run) as never)
        assert.lengthOf(yield* everIn(tenant), 2)
      }).pipe(Effect.scoped),
    { timeout: 60_000, arbitrary: { runs: 10 } }
  )
})

layer(ledger, { excludeTestServices: true })("the database", (it) => {
  it.effect("lets a key keep the end of its run once, whole, and no other one", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const run = yield* removable("guarded")
      assert.strictEqual(yield* retain, 1)
      const ofRemoved = sql`run_id = ${run.id}::uuid`
      const refused = [
        sql`UPDATE operation_keys SET outcome = 'failed' WHERE ${ofRemoved}`,
        sql`UPDATE operation_keys SET ended_at = now() WHERE ${ofRemoved}`,
        sql`UPDATE operation_keys SET outcome = NULL, ended_at = NULL WHERE ${ofRemoved}`,
        sql`DELETE FROM operation_keys WHERE ${ofRemoved}`
      ]
      for (const change of refused) assert.include(JSON.stringify((yield* Effect.flip(change)).reason), "23001")

      yield* click("guarded", "active", "third")
      const ofOthers = sql`outcome IS NULL`
      const incomplete = [
        sql`UPDATE operation_keys SET outcome = 'failed' WHERE ${ofOthers}`,
        sql`UPDATE operation_keys SET ended_at = now() WHERE ${ofOthers}`,
        sql`UPDATE operation_keys SET outcome = 'pending', ended_at = now() WHERE ${ofOthers}`
      ]
      for (const change of incomplete) assert.strictEqual((yield* Effect.flip(change)).reason._tag, "ConstraintError")
    })
  )

  it.effect("lets nobody remove a run that a key stands for before it has ended", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { run } = withRun(yield* click("active", "a", "first"))
      const removal = sql`DELETE FROM operation_runs WHERE id = ${run.id}::uuid`
      assert.include(JSON.stringify((yield* Effect.flip(removal)).reason), "23001")
      yield* Runs.use((runs) => runs.cancel(tester, run.id))
      yield* removal
      assert.deepInclude({ ...(yield* click("active", "a", "first")) }, { removed: true, outcome: "cancelled" })
    })
  )
})
