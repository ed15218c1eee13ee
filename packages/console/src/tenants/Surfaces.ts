import {
  type Actor,
  type Operation,
  OperationCatalog,
  type Problems,
  type Run,
  Runs,
  StartGate,
  type TenantGrant
} from "@atlas/operations"
import { Effect, Option, Schema } from "effect"
import { formKey } from "../shell/FormKey.ts"
import { Contributions } from "../shell/Part.ts"
import type { Surface } from "./SurfaceCard.tsx"

/** What a form without fields would send, if the operation accepts that. */
const emptyInput = (type: Operation.Any) => Schema.decodeUnknownOption(Schema.toCodecJson(type.input))({})

const surfaceOf = (
  type: Operation.Any,
  grant: TenantGrant,
  latest: ReadonlyArray<Run>,
  gate: StartGate.GateAnswer,
  startPages: Readonly<Record<string, string>>
): Surface => {
  const ofType = latest.filter((run) => run.type === type.name)
  return {
    type: type.name,
    label: type.label,
    description: type.description,
    startedBy: type.startedBy,
    missingCapability: grant.capabilities.has(type.capabilities.start) ? null : type.capabilities.start,
    idempotencyKey: formKey(type),
    startsAt: Option.isNone(emptyInput(type)) ? (startPages[type.name] ?? "") : null,
    gate,
    active: ofType.find(({ status }) => status !== "completed") ?? null,
    last: ofType.find(({ status }) => status === "completed") ?? null
  }
}

/** The surfaces of a tenant for an actor, with what would block each start now. From the database only. */
export const makeSurfaces = Effect.gen(function* () {
  const catalog = yield* OperationCatalog
  const gatekeeper = yield* StartGate.Gatekeeper
  const runs = yield* Runs
  const startPages = Object.fromEntries((yield* Contributions).flatMap((part) => Object.entries(part.startPages ?? {})))
  const types = catalog.types.filter(({ scope }) => scope === "tenant")

  // Asks with what the form would send. An operation that needs an input has no answer before the input is known.
  const ask = (actor: Actor, { scope }: TenantGrant, type: Operation.Any) =>
    Option.match(emptyInput(type), {
      onNone: () => Effect.succeed(StartGate.open),
      onSome: (input) => gatekeeper.check(type, { scope, input, actor })
    })

  return Effect.fnUntraced(function* (
    actor: Actor,
    grant: TenantGrant
  ): Effect.fn.Return<ReadonlyArray<Surface>, Problems.Refusal> {
    const latest = yield* runs.latest(
      actor,
      grant.scope.tenantId,
      types.map(({ name }) => name)
    )
    return yield* Effect.forEach(types, (type) =>
      Effect.map(ask(actor, grant, type), (answer) => surfaceOf(type, grant, latest, answer, startPages))
    )
  })
})
