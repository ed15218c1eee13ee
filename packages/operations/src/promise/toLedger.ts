import { type Context, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { defined } from "../boundary/Decoding.ts"
import type { RunFailure } from "../definition/RunFailure.ts"
import * as Definition from "../definition/Operation.ts"
import type * as RunHandler from "../definition/RunHandler.ts"
import * as StartGate from "../definition/StartGate.ts"
import * as Host from "./Operation.ts"
import type { HandlerContext, HandlerResult, Operation, Query } from "./Operation.ts"
import { gateAnswerOf, reasonOf, runFailureOf, runResultOf } from "./hostAnswers.ts"
import * as TraceContext from "../run/TraceContext.ts"
import { toRun } from "./toRun.ts"
import { type ValidatedInput, validatedBy } from "./ValidatedInput.ts"

/** How long a handler that must stop may take before it is abandoned. */
const stopWithin = "10 seconds"

/** A definition as the ledger takes it: the operation, its gate and its handler. */
export const toLedger = (operation: Operation) => {
  const { name, input, identity, records, gate, handler, capabilities, ...rest } = operation
  const valueOf = <A>(read: ((input: any) => A) | undefined) =>
    read === undefined ? undefined : (validated: ValidatedInput) => read(validated.value)
  const given = defined({
    key: "key" in identity ? valueOf(identity.key) : undefined,
    whileActive: "whileActive" in identity ? valueOf(identity.whileActive) : undefined
  })
  const gateName = `ready:${name}`
  const type = Definition.make({
    name,
    ...rest,
    ...defined({ records: valueOf(records) }),
    capabilities: { ...capabilities, ...defined({ viewOf: valueOf(capabilities.viewOf) }) },
    input: validatedBy(input),
    identity: { ...identity, ...given } as Definition.Operation<ValidatedInput>["identity"],
    gates: gate === undefined ? [] : [gateName]
  } as Definition.Definition<ValidatedInput, any, "tenant">)
  return {
    type,
    gates: gate === undefined ? [] : [toGate(gateName, gate)],
    handler: type.toLayer((context) => perform(handler, context))
  }
}

const toGate = (name: string, gate: NonNullable<Operation["gate"]>) =>
  StartGate.make(name, ({ scope, input, actor }) =>
    Effect.promise(async () => gateAnswerOf(await gate({ scope, input: (input as ValidatedInput).value, actor })))
  )

const perform = Effect.fnUntraced(function* (
  handler: Operation["handler"],
  context: RunHandler.RunContext<ValidatedInput>
) {
  const services = yield* Effect.context<SqlClient.SqlClient>()
  const traceparent = yield* TraceContext.current
  const result = yield* untilStopped((signal) =>
    handler({ ...toHandlerContext(context, services), signal, traceparent })
  )
  return runResultOf(result)
})

/** Waits for a handler, also when it must stop, so that it does not overlap with another worker's attempt. */
const untilStopped = (work: (signal: AbortSignal) => Promise<HandlerResult | void>) =>
  Effect.callback<HandlerResult | void, RunFailure>((resume) => {
    const controller = new AbortController()
    const settled = (async () => work(controller.signal))().then(
      (result) => resume(Effect.succeed(result)),
      (error: unknown) => resume(failureOf(error))
    )
    return Effect.suspend(() => {
      controller.abort()
      return Effect.ignore(
        Effect.timeoutOption(
          Effect.promise(() => settled),
          stopWithin
        )
      )
    })
  })

const failureOf = (error: unknown): Effect.Effect<never, RunFailure> => {
  if (!(error instanceof Host.RunFailure)) return Effect.die(error)
  // Made within the effect: what throws in here would be a rejection that nobody handles, which ends the process.
  return Effect.suspend(() => Effect.fail(runFailureOf(error)))
}

const toHandlerContext = (
  { run, scope, input, progress, failed, report, transaction }: RunHandler.RunContext<ValidatedInput>,
  services: Context.Context<SqlClient.SqlClient>
): Omit<HandlerContext<any>, "signal" | "traceparent"> => {
  const wait = Effect.runPromiseWith(services)
  const note = Effect.runSyncWith(services)
  return {
    run: toRun(run),
    scope,
    input: input.value,
    progress: (counts) => note(progress(counts)),
    failed: (item) => note(failed({ ...item, reasonCode: reasonOf(item.reasonCode) })),
    report: (found) => wait(report(found as Parameters<typeof report>[0])),
    transaction: <A>(
      work: (query: Query) => Promise<A>,
      counts?: Parameters<typeof transaction<A, unknown, never>>[1]
    ) =>
      wait(
        transaction(
          Effect.flatMap(queryHere, (query) => rejecting(() => work(query))),
          counts
        )
      )
  }
}

/** Runs statements on the connection of the open transaction. */
const queryHere = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const here = yield* Effect.context<never>()
  const query: Query = <Row>(text: string, values: ReadonlyArray<unknown> = []) =>
    // oxlint-disable-next-line sql/constant-text -- the statement of the host's own handler; its values are bound
    Effect.runPromiseWith(here)(sql.unsafe<any>(text, values)) as Promise<ReadonlyArray<Row>>
  return query
})

// A rejection rolls the transaction back, and reaches the handler unchanged.
const rejecting = <A>(work: () => Promise<A>): Effect.Effect<A> =>
  Effect.callback((resume) => {
    work().then(
      (result) => resume(Effect.succeed(result)),
      (error: unknown) => resume(Effect.die(error))
    )
  })
