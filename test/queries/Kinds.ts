import { Operation, RunFailure, RunHandler, RunId, StartGate } from "@atlas/operations"
import { Deferred, Effect, Ref, Schema } from "effect"

const Input = Schema.Struct({
  key: Schema.String,
  /** What the handler does; nothing by default. */
  does: Schema.optionalKey(Schema.Literals(["fails", "writes", "waits"])),
  /** The run that the first attempt finds in its way. */
  holder: Schema.optionalKey(RunId)
})
type Input = typeof Input.Type

const answer = Ref.makeUnsafe<StartGate.GateAnswer>(StartGate.open)
const door = StartGate.make("door", () => Ref.get(answer))

/** What the gate `door` answers while something is done. */
export const whileDoor = <A, E, R>(given: StartGate.GateAnswer, work: Effect.Effect<A, E, R>) =>
  Effect.ensuring(Effect.andThen(Ref.set(answer, given), work), Ref.set(answer, StartGate.open))

const asked = new Set<string>()
/** Open for the start, and busy for every attempt. */
const later = StartGate.make("later", ({ input }) =>
  Effect.sync(() => {
    const { holder, key } = input as Input
    if (holder === undefined || !asked.has(key)) {
      asked.add(key)
      return StartGate.open
    }
    return StartGate.busy(holder)
  })
)

/** The gates of the operations below. */
export const gates = [door, later] as const

const common = {
  label: "Test",
  description: "For tests.",
  category: "Test",
  input: Input,
  capabilities: { start: "tenant.test.run", view: "tenant.test.view" },
  retry: { backoff: "10 millis" },
  identity: { rule: "while_active", key: ({ key }: Input) => key },
  records: ({ key }: Input) => ({ schedule: key })
} as const

export const Plain = Operation.make({ ...common, name: "test.plain", gates: ["door"], supersedable: true })
export const Click = Operation.make({
  ...common,
  name: "test.click",
  gates: ["door"],
  identity: { rule: "once", by: "idempotency_key", whileActive: ({ key }) => key }
})
export const Wipe = Operation.make({
  ...common,
  name: "test.wipe",
  exclusive: true,
  identity: { rule: "once", by: "idempotency_key" }
})
/** One at a time, and the next one is overdue at once. */
export const Limited = Operation.make({ ...common, name: "test.limited", concurrency: 1, queueLimit: "1 millis" })
export const Postponed = Operation.make({ ...common, name: "test.postponed", gates: ["later"] })
export const Report = Operation.make({ ...common, name: "test.report", scope: "workspace" })
/** The host's own worker has no handler for it. */
export const Elsewhere = Operation.make({ ...common, name: "test.elsewhere" })
const executed = [Plain, Click, Wipe, Limited, Postponed]
const kept = [
  Operation.make({ ...common, name: "test.kept", retention: { days: 3_650, count: 1_000_000 } }),
  Operation.make({ ...common, name: "test.kept_days", retention: { days: 3_650 } }),
  Operation.make({ ...common, name: "test.kept_count", retention: { count: 1_000_000 } })
]

/** Operations that differ in what the ledger does with their runs. */
export const types: ReadonlyArray<Operation.Any> = [...executed, Report, Elsewhere, ...kept]

const waiting = new Map<string, Deferred.Deferred<void>>()
const turnOf = (key: string) => {
  const turn = waiting.get(key) ?? Deferred.makeUnsafe<void>()
  waiting.set(key, turn)
  return turn
}

/** Lets a run go on that waits. */
export const goOn = (key: string) => Effect.suspend(() => Deferred.succeed(turnOf(key), undefined))

const handle = Effect.fn("Kinds.handle")(function* (run: RunHandler.RunContext<Input>) {
  const { does, key } = run.input
  if (does === "fails" && run.run.attempt === 0) {
    return yield* new RunFailure({ reasonCode: "provider_throttled", message: "Try again.", retryable: true })
  }
  if (does === "waits") yield* Deferred.await(turnOf(key))
  if (does === "writes") {
    // The first is shown, the second comes too soon after it.
    yield* run.transaction(Effect.void, () => ({ processed: 1 }))
    yield* run.transaction(Effect.void, () => ({ processed: 2 }))
    yield* run.report({ kind: "test", version: 1 })
  }
  return RunHandler.succeeded
})

/** What executes an operation of these. */
export const handlerOf = (operation: Operation.Operation<Input, any, "tenant">) => operation.toLayer(handle)

/** What the host's worker executes. */
export const handlers = [...executed.map(handlerOf), Report.toLayer((run) => handle(run as never))]
