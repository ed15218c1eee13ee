/**
 * Starts: what callers request, what they get back, and the steps in between. In this order, a start is authorised, validated
 * and resolved, its identity is decided, its gates are asked, one statement records it, and workers are woken. `Runs.start` is
 * for people, `SystemRuns.start` for trusted code.
 *
 * @module
 */

import { type DateTime, Duration, Effect, Option, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { type Actor, ActorId, GivenActor, keptActor, systemActor } from "../run/Actor.ts"
import { Authorization, type ScopeGrant, type StartTarget } from "../access/Authorization.ts"
import { argumentsOf, checkIdempotencyKey, invalid } from "../boundary/Decoding.ts"
import { InputResolvers } from "../definition/InputResolvers.ts"
import { identify } from "../definition/Identification.ts"
import type { NewRun } from "../ledger/NewRun.ts"
import * as Metrics from "../ledger/Metrics.ts"
import * as Operation from "../definition/Operation.ts"
import { OperationOrName } from "../definition/DefinitionFields.ts"
import { OperationCatalog } from "../definition/OperationCatalog.ts"
import { GivenScope, type OperationScope } from "../run/OperationScope.ts"
import * as Problems from "../boundary/Problems.ts"
import { type Run, RunId, type RunReceipt, type RunRecordLinks, receiptOf } from "../run/Run.ts"
import type { Json } from "../text/Json.ts"
import { RunSignals } from "../ledger/RunSignals.ts"
import { checkSupersedes, validate } from "./StartInput.ts"
import type { StartResult } from "./StartResult.ts"
import { makeSettleStart } from "./StartSettlement.ts"
import * as Storable from "../text/Storable.ts"
import * as TraceContext from "../run/TraceContext.ts"

/** A request to start an operation. Untrusted. */
export type StartRequest<Input = unknown> = StartTarget & {
  /** JSON for the operation's input schema. */
  readonly input: Input
  /** The caller's own key of this start (`Idempotency-Key`), if the operation's identity needs one. At most 200 characters. */
  readonly idempotencyKey?: string
  /** The id of the active run to replace, if the operation allows it. */
  readonly supersedes?: string
  /** Ids of the host's records that the run belongs to. The host's own code sets it, and never passes it on from outside. */
  readonly context?: RunRecordLinks
}

/** A start by Atlas or the host itself, without an actor's rights. For trusted code only. */
export interface SystemStartRequest<Input = unknown> {
  readonly scope: OperationScope
  readonly input: Input
  /** The time for which a schedule meant the start, if the operation's identity is a fire time. */
  readonly fireTime?: DateTime.Utc
  readonly context?: RunRecordLinks
}

/** Why a start by Atlas or the host itself is refused. */
export type SystemStartProblem = Exclude<StartProblem, Problems.NotFound | Problems.Forbidden>

/** Why a start is refused. */
export type StartProblem =
  | Problems.NotFound
  | Problems.Forbidden
  | Problems.InvalidInput
  | Problems.IdempotencyKeyRequired
  | Problems.IdempotencyKeyReused
  | Problems.NotSupported
  | Problems.OperationBusy

/** An authorised start. Its input is not validated yet. */
interface Authorised {
  readonly actor: Actor
  readonly scope: OperationScope
  readonly type: Operation.Any
  readonly input: unknown
  readonly idempotencyKey?: string | undefined
  readonly fireTime?: DateTime.Utc | undefined
  readonly supersedes?: string | undefined
  readonly retryOf?: RunId | undefined
  readonly context?: RunRecordLinks | undefined
  /** Asked once the input is known: may the actor view what such a run reads? */
  readonly permit?: (viewing: NewRun["viewCapabilities"]) => Effect.Effect<void, Problems.Forbidden>
}

const Links = Schema.optional(Schema.Record(Storable.Text, Storable.Text))
const requestMembers = {
  input: Schema.Unknown,
  idempotencyKey: Schema.optional(Schema.String),
  supersedes: Schema.optional(Schema.String),
  context: Links
}
const isOneTarget = ({ tenantId, workspaceId }: { readonly tenantId?: unknown; readonly workspaceId?: unknown }) =>
  (tenantId === undefined) !== (workspaceId === undefined)
const decodeStart = argumentsOf(
  Schema.Struct({
    actor: GivenActor,
    operation: OperationOrName,
    request: Schema.Struct({
      tenantId: Schema.optional(Schema.String),
      workspaceId: Schema.optional(Schema.String),
      ...requestMembers
    }).check(Schema.makeFilter(isOneTarget, { expected: "either a tenantId or a workspaceId" }))
  })
)
const decodeSystemStart = argumentsOf(
  Schema.Struct({
    part: ActorId,
    operation: OperationOrName,
    request: Schema.Struct({
      scope: GivenScope,
      input: Schema.Unknown,
      fireTime: Schema.optional(Schema.DateTimeUtc),
      context: Links
    })
  })
)

/** Makes `Runs.start`. */
export const makeStart = Effect.gen(function* () {
  const door = yield* Authorization
  const catalog = yield* OperationCatalog
  const beginUnseen = yield* makeBegin

  /** Begins an authorised start, and gives back as much of the run as the actor may view. */
  const begin = Effect.fnUntraced(function* (request: Omit<Authorised, "permit">, { capabilities, scope }: ScopeGrant) {
    const { actor, type } = request
    const result = yield* beginUnseen({
      ...request,
      permit: (viewing) => door.require(actor, { scope, capabilities }, viewing, type.name)
    })
    return (result.removed ? result : { ...result, run: asSeen(result.run, capabilities) }) satisfies StartResult
  })

  const start = Effect.fn("Runs.start")(function* (
    givenActor: Actor,
    givenOperation: Operation.Any | string,
    given: StartRequest
  ) {
    const { actor, operation, request } = yield* decodeStart({
      actor: givenActor,
      operation: givenOperation,
      request: given
    })
    const found = catalog.find(Operation.nameOf(operation))
    const { tenantId, workspaceId = "" } = request
    const target: StartTarget = tenantId === undefined ? { workspaceId } : { tenantId }
    const grant = yield* door.start(actor, target, found)
    const type = yield* Effect.orDie(Effect.fromOption(found))
    return yield* begin({ ...request, actor, scope: grant.scope, type }, grant)
  })

  return { start, begin }
})

/** Makes `SystemRuns.start`, which asks for nobody's rights. */
export const makeSystemStart = Effect.gen(function* () {
  const catalog = yield* OperationCatalog
  const begin = yield* makeBegin

  return Effect.fn("SystemRuns.start")(function* (
    givenPart: string,
    givenOperation: Operation.Any | string,
    given: SystemStartRequest
  ) {
    const { operation, part, request } = yield* decodeSystemStart({
      part: givenPart,
      operation: givenOperation,
      request: given
    })
    const type = Option.getOrUndefined(catalog.find(Operation.nameOf(operation)))
    if (type === undefined) return yield* invalid("/operation", "No operation of this name is registered")
    if ((type.scope === "workspace") !== (request.scope.tenantId === null)) {
      return yield* invalid("/request/scope", `"${type.name}" works in a ${type.scope}`)
    }
    const started = begin({ ...request, actor: systemActor(part), type })
    return yield* Effect.catchTag(started, "Forbidden", Effect.die)
  })
})

/** The run, or its receipt for an actor whose capabilities do not open it. */
export const asSeen = (run: Run, capabilities: ScopeGrant["capabilities"]): Run | RunReceipt =>
  run.viewCapabilities.every((capability) => capabilities.has(capability)) ? run : receiptOf(run)

const makeBegin = Effect.gen(function* () {
  const resolvers = yield* InputResolvers
  const settle = yield* makeSettleStart
  const signals = yield* RunSignals

  return Effect.fnUntraced(function* (request: Authorised) {
    const { actor, scope, type } = request
    const supersedes = request.supersedes === undefined ? null : yield* checkSupersedes(type, request.supersedes)
    const idempotencyKey =
      request.idempotencyKey === undefined ? null : yield* checkIdempotencyKey(request.idempotencyKey)
    const { input, stored } = yield* validate(type, request.input, (given) => resolvers.resolve(type, given, scope))
    const viewing = Operation.viewCapabilities(type, input)
    if (type.capabilities.viewOf !== undefined) yield* request.permit?.(viewing) ?? Effect.void
    const starter = keptActor(actor)
    const extras = { retryOf: request.retryOf ?? null, supersedes }
    const identity = yield* identify({
      type,
      scope,
      actor,
      input,
      stored,
      idempotencyKey,
      fireTime: request.fireTime ?? null,
      extras
    })
    const run = toNewRun(
      { ...request, actor: starter },
      { input, stored, identity, traceparent: yield* TraceContext.current, viewCapabilities: viewing }
    )
    const result = yield* settle({ run, type, input, supersedes }).pipe(
      Effect.tapError((problem) =>
        problem._tag === "OperationBusy" ? Metrics.runStarted(type.name, "busy") : Effect.void
      )
    )
    yield* Metrics.runStarted(type.name, result.disposition)
    if (result.removed) return result
    if (result.disposition === "blocked") yield* Metrics.runCompleted(result.run)
    if (result.disposition !== "created") yield* signals.changed(result.run.id)
    if (supersedes !== null) {
      yield* signals.stopped(supersedes)
      yield* signals.changed(supersedes)
    }
    return result
  })
})

const toNewRun = (
  request: Authorised,
  {
    input,
    stored,
    identity,
    traceparent,
    viewCapabilities
  }: Pick<NewRun, "identity" | "traceparent" | "viewCapabilities"> & { readonly input: unknown; readonly stored: Json }
): NewRun => ({
  id: RunId.make(SecureRandom.uuidV7Unsafe()),
  scope: request.scope,
  type: request.type.name,
  actor: request.actor,
  identity,
  input: stored,
  context: { ...request.type.records(input), ...request.context },
  maxAttempts: request.type.retry.maxAttempts,
  priority: request.type.priority === "interactive" ? 0 : 1,
  exclusive: request.type.exclusive,
  queueLimitMillis: Duration.toMillis(request.type.queueLimit),
  timeLimitMillis: Duration.toMillis(request.type.timeLimit),
  retryOf: request.retryOf ?? null,
  traceparent,
  viewCapabilities
})
