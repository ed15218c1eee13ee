/**
 * The registered gates, and the service that asks them: before a start is recorded, again before each attempt, and for pages
 * that show what would block a start now.
 *
 * @module
 */
import { Context, Effect, Layer, Schema } from "effect"
import { answerOf } from "../boundary/HostAnswers.ts"
import { GivenReasonCode } from "../run/ReasonCode.ts"
import { RunId } from "../run/Run.ts"
import type * as Operation from "./Operation.ts"
import { OperationCatalog } from "./OperationCatalog.ts"
import type { GateAnswer, GateRequest, StartGate } from "./StartGate.ts"

/** An operation names a gate that the host did not register. */
export class UnregisteredStartGate extends Schema.TaggedError<UnregisteredStartGate>()("UnregisteredStartGate", {
  name: Schema.String,
  type: Schema.String
}) {
  override get message(): string {
    return `The operation "${this.type}" needs the start gate "${this.name}", which is not registered: provide it with StartGate.layer.`
  }
}

const decodeAnswer = answerOf(
  Schema.Union([
    Schema.TaggedStruct("Open", {}),
    Schema.TaggedStruct("Blocked", { reasonCode: GivenReasonCode, message: Schema.String }),
    Schema.TaggedStruct("Busy", { holder: RunId })
  ])
)

/** The gates of this host; none by default. */
export const RegisteredGates = Context.Reference<ReadonlyMap<string, StartGate>>(
  "@atlas/operations/StartGate/RegisteredGates",
  {
    defaultValue: () => new Map()
  }
)

/** Asks the gates that operations name. */
export class Gatekeeper extends Context.Service<
  Gatekeeper,
  {
    /** Asks an operation's gates in order. The first one that is not open answers. */
    check(type: Operation.Any, request: Omit<GateRequest, "type">): Effect.Effect<GateAnswer>
  }
>()("@atlas/operations/StartGate/Gatekeeper") {
  /** Fails at startup if an operation names a gate that is not registered, because it could never start. */
  static readonly layer: Layer.Layer<Gatekeeper, UnregisteredStartGate, OperationCatalog> = Layer.effect(
    Gatekeeper,
    Effect.gen(function* () {
      const registered = yield* RegisteredGates
      const { operations } = yield* OperationCatalog
      const gatesOf = new Map<string, ReadonlyArray<StartGate>>()
      for (const { name: type, gates } of operations) {
        const missing = gates.find((name) => !registered.has(name))
        if (missing !== undefined) return yield* new UnregisteredStartGate({ name: missing, type })
        gatesOf.set(
          type,
          gates.flatMap((name) => registered.get(name) ?? [])
        )
      }
      const check = Effect.fn("Gatekeeper.check")(function* (type: Operation.Any, request: Omit<GateRequest, "type">) {
        for (const gate of gatesOf.get(type.name) ?? []) {
          const answer = decodeAnswer(
            `What the gate "${gate.name}" answered`,
            yield* gate.check({ ...request, type: type.name })
          )
          if (answer._tag !== "Open") return answer
        }
        return { _tag: "Open" } satisfies GateAnswer
      })
      return Gatekeeper.of({ check })
    })
  )
}
