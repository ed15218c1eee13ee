// What the compiler reports is expected here; the Effect checker reports it once more.
// @effect-diagnostics missingEffectContext:off
import { describe, expectTypeOf, it } from "@effect/vitest"
import { Context, Effect, Layer, Schema } from "effect"
import {
  type AuditLog,
  Graph,
  Operation,
  type RemovedStart,
  type Run,
  RunHandler,
  type RunReceipt,
  Runs,
  type Started,
  StartGate,
  type StartResult,
  SystemRuns,
  type TenantId,
  Worker
} from "../../src/index.ts"
import type { Identity } from "../../src/definition/RunIdentity.ts"
import { TestOperations } from "../../src/testing/index.ts"
import { type RunExecutor } from "../../src/executing/RunExecutor.ts"
import { type RunQueries } from "../../src/ledger/reads/RunQueries.ts"

const { tester } = TestOperations
const common = {
  label: "Typed",
  description: "Proves what does not compile.",
  category: "Test",
  capabilities: { start: "tenant.typed.run", view: "tenant.typed.view" },
  identity: { rule: "while_active" }
} as const

const Counted = Operation.make({ name: "typed.counted", ...common, input: Schema.Struct({ count: Schema.Int }) })
const Everywhere = Operation.make({
  name: "typed.everywhere",
  ...common,
  scope: "workspace",
  input: Operation.NoInput
})

const Clicked = Operation.make({
  name: "typed.clicked",
  ...common,
  identity: { rule: "once", by: "idempotency_key" },
  input: Operation.NoInput
})

class Calendar extends Context.Service<Calendar, { readonly isOpen: Effect.Effect<boolean> }>()("test/Calendar") {}

const openingHours = StartGate.make("opening_hours", () =>
  Calendar.use(({ isOpen }) =>
    Effect.map(isOpen, (yes) => (yes ? StartGate.open : StartGate.blocked("ext.calendar.closed", "Come back later.")))
  )
)

// The compiler is the test: each line below an expected error fails the type check once it compiles.
describe("types", () => {
  it("a handler has the input of its definition", () => {
    Counted.toLayer(({ input }) => {
      expectTypeOf(input).toEqualTypeOf<{ readonly count: number }>()
      return Effect.succeed(RunHandler.succeeded)
    })
    // @ts-expect-error the input has a count, not a name
    Counted.toLayer(({ input }: RunHandler.RunContext<{ readonly name: string }>) =>
      Effect.as(Effect.log(input.name), RunHandler.succeeded)
    )
  })

  it("a handler of workspace scope has no tenant, one of tenant scope always has", () => {
    Everywhere.toLayer(({ scope }) => {
      expectTypeOf(scope.tenantId).toEqualTypeOf<TenantId | null>()
      return Effect.succeed(RunHandler.succeeded)
    })
    Counted.toLayer(({ scope }) => {
      expectTypeOf(scope.tenantId).toEqualTypeOf<TenantId>()
      return Effect.succeed(RunHandler.succeeded)
    })
  })

  it("a start takes the input of its operation, and anything where only a name is known", () => {
    expectTypeOf<Operation.Given<typeof Counted>>().toEqualTypeOf<{ readonly count: number }>()
    expectTypeOf<Operation.Given<string>>().toEqualTypeOf<unknown>()
    void Runs.use((runs) => runs.start(tester, Counted, { tenantId: "contoso", input: { count: 1 } }))
    void Runs.use((runs) => runs.start(tester, Counted.name, { tenantId: "contoso", input: { name: "one" } }))
    // @ts-expect-error the input has a count, not a name
    void Runs.use((runs) => runs.start(tester, Counted, { tenantId: "contoso", input: { name: "one" } }))
    // @ts-expect-error the input has a count, not a name
    void TestOperations.start(Counted, { tenantId: "contoso", input: { name: "one" } })
    const scope = { workspaceId: TestOperations.workspaceId, tenantId: null }
    // @ts-expect-error the input has a count, not a name
    void SystemRuns.use((runs) => runs.start("test", Counted, { scope, input: { name: "one" } }))
  })

  it("a start has a run, unless the operation's identity may outlive its run", () => {
    type RunOf<Started> = Started extends { readonly run: infer Seen } ? Seen : never
    expectTypeOf<StartResult<typeof Counted>>().toEqualTypeOf<Started>()
    expectTypeOf<StartResult<typeof Clicked>>().toEqualTypeOf<Started | RemovedStart>()
    expectTypeOf<StartResult>().toEqualTypeOf<Started | RemovedStart>()
    expectTypeOf<RunOf<StartResult<Operation.Any>>>().toEqualTypeOf<Run | RunReceipt>()
    const read = (result: StartResult<typeof Clicked>) => {
      // @ts-expect-error retention may have removed the run
      void result.run
      // @ts-expect-error a removed run has an id and an end, and nothing else
      if (result.removed) void result.run
      return result.removed ? result.endedAt : result.run.queuedAt
    }
    void read
  })

  it("a gate asks for what its host has to bring", () => {
    const gates = StartGate.layer(openingHours)
    expectTypeOf<Layer.Services<typeof gates>>().toEqualTypeOf<Calendar>()
    // @ts-expect-error nobody brings the calendar
    void (() => Effect.runPromise(Layer.launch(gates)))
    const calendar = Layer.succeed(Calendar, Calendar.of({ isOpen: Effect.succeed(true) }))
    void (() => Effect.runPromise(Layer.launch(Layer.provide(gates, calendar))))
  })

  it("an identity that is taken while active knows no idempotency key and no fire time", () => {
    expectTypeOf<Extract<Identity<unknown>, { rule: "while_active" }>>().not.toHaveProperty("by")
    void (() =>
      Operation.make({
        name: "typed.confused",
        ...common,
        input: Operation.NoInput,
        // @ts-expect-error only a `once` identity is told apart by something
        identity: { rule: "while_active", by: "idempotency_key" }
      }))
  })

  it("what shows runs needs no Graph; only a handler that asks for it does", () => {
    expectTypeOf<Extract<Layer.Services<typeof Runs.layer>, Graph | RunExecutor>>().toEqualTypeOf<never>()
    expectTypeOf<Extract<Layer.Services<typeof RunQueries.layer>, Graph>>().toEqualTypeOf<never>()
    expectTypeOf<Extract<Layer.Services<typeof AuditLog.layer>, Graph>>().toEqualTypeOf<never>()
    const reading = Counted.toLayer(() => Graph.use(() => Effect.succeed(RunHandler.succeeded)))
    const worker = Worker.layer(reading)
    expectTypeOf<Extract<Layer.Services<typeof worker>, Graph>>().toEqualTypeOf<Graph>()
  })
})
