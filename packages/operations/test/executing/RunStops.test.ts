import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Operation, Runs, WorkerSettings } from "../../src/index.ts"
import { RunExecutor } from "../../src/executing/RunExecutor.ts"
import { RunQueue } from "../../src/ledger/RunQueue.ts"
import { assertRun, TestOperations } from "../../src/testing/index.ts"

const Endless = Operation.make({
  name: "test.endless",
  label: "Endless",
  description: "Works until it is stopped.",
  category: "Test",
  input: Operation.NoInput,
  capabilities: { start: "tenant.work.run", view: "tenant.work.view" },
  identity: { rule: "while_active" }
})

// Heartbeats notice a stop as well, every third of a lease: this one is too long to wait for.
const settings = Layer.succeed(WorkerSettings, { ...WorkerSettings.defaultValue(), leaseMillis: 300_000 })
const host = TestOperations.layer(Endless.toLayer(() => Effect.never)).pipe(
  Layer.provideMerge(settings),
  Layer.provideMerge(TestDatabase.layer)
)

layer(host, { excludeTestServices: true })("A run that is asked to stop between its claim and its execution", (it) => {
  it.effect("stops at once", () =>
    Effect.gen(function* () {
      const { worker, types, execute } = yield* RunExecutor
      const claim = (yield* RunQueue).claimer({ worker, types, leaseMillis: 300_000 })
      const { id } = yield* TestOperations.start(Endless, { tenantId: "contoso", input: {} })
      const [claimed] = yield* claim(1)
      yield* Runs.use((runs) => runs.cancel(TestOperations.tester, id))
      // The signal has its turn.
      yield* Effect.sleep("50 millis")
      yield* execute(claimed!).pipe(Effect.timeout("90 seconds"))
      const run = yield* assertRun(id, { outcome: "cancelled", reasonCode: "operation_cancelled" })
      assert.isNotNull(run.cancelRequestedAt)
    })
  )
})
