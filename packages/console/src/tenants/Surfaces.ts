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
import { Effect } from "effect"
import { formKey } from "../shell/FormKey.ts"
import { Contributions, type TenantPageLink } from "../shell/Part.ts"
import type { Surface } from "./SurfaceCard.tsx"

const surfaceOf = (
  type: Operation.Any,
  grant: TenantGrant,
  latest: ReadonlyArray<Run>,
  gates: ReadonlyMap<string, StartGate.GateAnswer>,
  startPages: Readonly<Record<string, TenantPageLink>>
): Surface => {
  const ofType = latest.filter((run) => run.type === type.name)
  // An operation that needs an input has no answer before the input is known, and is started on a page of its own.
  const gate = gates.get(type.name)
  return {
    type: type.name,
    label: type.label,
    description: type.description,
    missingCapability: grant.capabilities.has(type.capabilities.start) ? null : type.capabilities.start,
    idempotencyKey: formKey(type),
    needsInput: gate === undefined,
    startPage: startPages[type.name] ?? null,
    gate: gate ?? StartGate.open,
    active: ofType.find(({ status }) => status !== "completed") ?? null,
    last: ofType.find(({ status }) => status === "completed") ?? null
  }
}

/**
 * The surfaces of a tenant for an actor, with what would block each start now. What only the system starts has none: nobody can
 * do anything there, and its runs are among the others. From the database only.
 */
export const makeSurfaces = Effect.gen(function* () {
  const catalog = yield* OperationCatalog
  const runs = yield* Runs
  const startPages = Object.fromEntries((yield* Contributions).flatMap((part) => Object.entries(part.startPages ?? {})))
  const types = catalog.operations.filter(({ scope, startedBy }) => scope === "tenant" && startedBy === "members")
  const names = types.map(({ name }) => name)

  return Effect.fnUntraced(function* (
    actor: Actor,
    grant: TenantGrant
  ): Effect.fn.Return<ReadonlyArray<Surface>, Problems.Refusal> {
    const { tenantId } = grant.scope
    const latest = yield* runs.latest(actor, tenantId, names)
    const gates = yield* runs.gates(actor, tenantId, names)
    return types.map((type) => surfaceOf(type, grant, latest, gates, startPages))
  })
})
