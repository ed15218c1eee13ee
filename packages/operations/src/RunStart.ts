import { type DateTime, Duration, Effect, Option } from "effect"
import { SecureRandom } from "effect/crypto"
import { Access, actingCapabilities, type Grant } from "./Access.ts"
import type { Actor } from "./Actor.ts"
import { AuditLog } from "./AuditLog.ts"
import { identify } from "./Identification.ts"
import type { NewRun } from "./NewRun.ts"
import type { Capability } from "./Capability.ts"
import * as Metrics from "./Metrics.ts"
import { type AnyOperationType, OperationCatalog } from "./OperationCatalog.ts"
import type { OperationScope } from "./OperationScope.ts"
import * as Problems from "./Problems.ts"
import { reasonInfo } from "./ReasonCode.ts"
import { type Run, RunId, type RunRecordLinks } from "./Run.ts"
import type { Json } from "./RunIdentity.ts"
import { type Holder, RunRecorder } from "./RunRecorder.ts"
import { RunSignals } from "./RunSignals.ts"
import { Gatekeeper, open } from "./StartGate.ts"
import { checkNonce, checkSupersedes, validate } from "./StartInput.ts"
import { isStorable, storable } from "./StorableText.ts"
import * as TraceContext from "./TraceContext.ts"

/** Where an operation is to work. */
export type StartTarget = { readonly tenantId: string } | { readonly workspaceId: string }

/** A wish to start an operation. Nothing in it is trusted yet. */
export type StartRequest = StartTarget & {
  /** The operation type's name. */
  readonly type: string
  /** JSON for the type's input schema. */
  readonly input: unknown
  /** The caller's own key of this start (`Idempotency-Key`), for types whose identity needs one. At most 200 characters. */
  readonly nonce?: string
  /** The run that this one replaces while it is active, for types that allow it. */
  readonly supersedes?: string
  /** Ids of the host's records that the run belongs to. From the host's own code, not from outside. */
  readonly context?: RunRecordLinks
}

/** A start by Atlas or the host itself, without an actor's rights: from trusted code only. */
export interface SystemStartRequest {
  readonly scope: OperationScope
  readonly type: string
  readonly input: unknown
  /** For types whose identity is a fire time. */
  readonly fireTime?: DateTime.Utc
  readonly context?: RunRecordLinks
}

/**
 * `created`: a new run, committed. `existing`: an equal start has this run, and this one joined it. `blocked`: somebody
 * must act first; the run is completed, and its reason code and failure say what has to be done.
 */
export interface StartResult {
  readonly disposition: "created" | "existing" | "blocked"
  readonly run: Run
}

/** What a start is refused with. */
export type StartProblem =
  | Problems.NotFound
  | Problems.Forbidden
  | Problems.InvalidInput
  | Problems.IdempotencyKeyRequired
  | Problems.IdempotencyKeyReused
  | Problems.NotSupported
  | Problems.OperationBusy

/**
 * Refuses a member who lacks a capability.
 *
 * @param grant what the member may do
 * @param capability what is needed; the refusal names it
 */
export const requireCapability = (
  grant: Pick<Grant, "capabilities">,
  capability: Capability
): Effect.Effect<void, Problems.Forbidden> =>
  grant.capabilities.has(capability)
    ? Effect.void
    : Effect.fail(
        new Problems.Forbidden({
          requiredCapability: capability,
          detail: `This needs the capability ${capability}, which your role does not have.`
        })
      )

const requireStartable = (
  grant: Pick<Grant, "capabilities">,
  { capabilities, startedBy }: AnyOperationType
): Effect.Effect<void, Problems.Forbidden> =>
  startedBy === "members"
    ? requireCapability(grant, capabilities.start)
    : Effect.fail(
        new Problems.Forbidden({ requiredCapability: "system", detail: "Only Atlas itself starts this operation." })
      )

/** A start that is authorised; its input is still to be validated. */
interface Authorised {
  readonly actor: Actor
  readonly scope: OperationScope
  readonly type: AnyOperationType
  readonly input: unknown
  readonly nonce?: string | undefined
  readonly fireTime?: DateTime.Utc | undefined
  readonly supersedes?: string | undefined
  readonly retryOf?: RunId | undefined
  readonly context?: RunRecordLinks | undefined
}

/** What an actor may do where an operation is to work. */
interface ScopeGrant {
  readonly scope: OperationScope
  readonly capabilities: ReadonlySet<Capability>
}

/** `Runs.start`: authorise, validate, decide identity, ask the gates, record, wake; in this order. */
export const makeStart = Effect.gen(function* () {
  const access = yield* Access
  const audit = yield* AuditLog
  const catalog = yield* OperationCatalog
  const begin = yield* makeBegin

  const grantOf = Effect.fnUntraced(function* (
    actor: Actor,
    target: StartTarget
  ): Effect.fn.Return<Option.Option<ScopeGrant>> {
    if ("tenantId" in target) {
      // A text that cannot be stored names nothing that exists.
      return isStorable(target.tenantId) ? yield* access.tenant(actor, target.tenantId) : Option.none()
    }
    const grants = yield* access.grants(actor)
    return Option.map(
      Option.fromUndefinedOr(grants.find(({ workspaceId }) => workspaceId === target.workspaceId)),
      (grant) => {
        const scope = { workspaceId: grant.workspaceId, tenantId: null }
        return { scope, capabilities: actingCapabilities(grant, scope) }
      }
    )
  })

  const start = Effect.fn("Runs.start")(function* (actor: Actor, request: StartRequest) {
    const grant = Option.getOrUndefined(yield* grantOf(actor, request))
    const type = Option.getOrUndefined(catalog.find(request.type))
    if (!grant || !type || (type.scope === "workspace") !== (grant.scope.tenantId === null)) {
      return yield* new Problems.NotFound({})
    }
    const { scope } = grant
    yield* requireStartable(grant, type).pipe(
      Effect.tapError(({ requiredCapability }) =>
        audit.forbidden({ actor, ...scope, type: type.name, capability: requiredCapability })
      )
    )
    return yield* begin({ ...request, actor, scope, type })
  })

  const startAsSystem = Effect.fn("Runs.startAsSystem")(function* (part: string, request: SystemStartRequest) {
    const type = yield* Effect.orDie(Effect.fromOption(catalog.find(request.type)))
    const actor: Actor = { id: part, kind: "system", name: part }
    if ((type.scope === "workspace") !== (request.scope.tenantId === null)) {
      return yield* Effect.die(new Error(`"${type.name}" works in a ${type.scope}: its scope does not fit`))
    }
    // What is wrong with a start by our own code is a defect; that another run is in its way is not.
    return yield* Effect.catchIf(
      begin({ ...request, actor, type }),
      (problem) => problem._tag !== "OperationBusy",
      Effect.die
    ) as Effect.Effect<StartResult, Problems.OperationBusy>
  })

  return { start, startAsSystem, begin }
})

const makeBegin = Effect.gen(function* () {
  const gates = yield* Gatekeeper
  const recorder = yield* RunRecorder
  const signals = yield* RunSignals

  const insert = (run: NewRun, supersedes: RunId | null) =>
    supersedes === null ? recorder.insert(run) : recorder.insertSuperseding(run, supersedes)

  const joinEqual = Effect.fnUntraced(function* (run: NewRun, evenOverdue: boolean) {
    const first = yield* recorder.join(run, "first", evenOverdue)
    if (Option.isSome(first) || run.identity.rule !== "once" || run.identity.activeKey === null) return first
    return yield* recorder.join(run, "active", evenOverdue)
  })

  // Whoever is in the way may be gone when it is looked for: then all is asked again.
  const settle = Effect.fnUntraced(function* (run: NewRun, type: AnyOperationType, request: Authorised) {
    const question = { scope: run.scope, input: request.input, actor: run.actor }
    const supersedes = (request.supersedes ?? null) as RunId | null
    for (let round = 0; round < 10; round++) {
      if (round > 1) yield* Effect.sleep("20 millis")
      const gate = type.gates.length === 0 ? open : yield* gates.check(type, question)
      if (gate._tag === "Open") {
        const created = yield* insert(run, supersedes)
        if (Option.isSome(created)) return answer("created", created.value)
      }
      const equal = yield* joinEqual(run, gate._tag !== "Open" || round > 0)
      if (Option.isSome(equal)) {
        const { run: existing, sameRequest, overdue } = equal.value
        if (!sameRequest) return yield* new Problems.IdempotencyKeyReused({ runId: existing.id })
        if (!overdue || gate._tag !== "Open" || round > 0) return answer("existing", existing)
        const created = yield* recorder.insertForStale(run)
        if (Option.isSome(created)) {
          yield* Metrics.runCompleted({ type: type.name, outcome: "failed", reasonCode: "run_stale" })
          return answer("created", created.value)
        }
        continue
      }
      if (gate._tag === "Blocked") {
        const blocked = yield* recorder.insertBlocked(run, gate)
        if (Option.isSome(blocked)) return answer("blocked", blocked.value)
        continue
      }
      const holder = yield* recorder.refuseBusy(run, gate._tag === "Busy" ? gate.holder : null)
      if (Option.isSome(holder)) return yield* busy(holder.value)
    }
    // A gate that goes on naming a run that has ended: for the caller the scope is busy.
    const gate = yield* gates.check(type, question)
    if (gate._tag === "Busy") return yield* busy({ id: gate.holder, type: type.name, status: "completed" })
    return yield* Effect.die(new Error("What was in the way kept ending and beginning again"))
  })

  return Effect.fnUntraced(function* (request: Authorised) {
    const { actor, scope, type } = request
    if (request.supersedes !== undefined) yield* checkSupersedes(type, request.supersedes)
    const nonce = request.nonce === undefined ? null : yield* checkNonce(request.nonce)
    const { input, stored } = yield* validate(type, request.input)
    const starter = { ...actor, name: storable(actor.name).slice(0, 200) || actor.id }
    const extras = { retryOf: request.retryOf ?? null, supersedes: request.supersedes ?? null }
    const identity = yield* identify({
      type,
      scope,
      actor,
      input,
      stored,
      nonce,
      fireTime: request.fireTime ?? null,
      extras
    })
    const run = toNewRun(
      { ...request, actor: starter },
      { input, stored, identity, traceparent: yield* TraceContext.current }
    )
    const result = yield* settle(run, type, { ...request, actor: starter, input }).pipe(
      Effect.tapError((problem) =>
        problem._tag === "OperationBusy" ? Metrics.runStarted(type.name, "busy") : Effect.void
      )
    )
    yield* Metrics.runStarted(type.name, result.disposition)
    if (result.disposition === "blocked") yield* Metrics.runCompleted(result.run)
    yield* result.disposition === "created" ? signals.queued : signals.changed(result.run.id)
    if (request.supersedes !== undefined && result.disposition === "created") {
      yield* Metrics.runCompleted({ type: type.name, outcome: "cancelled", reasonCode: "run_superseded" })
    }
    if (request.supersedes !== undefined) {
      yield* signals.stopped(RunId.make(request.supersedes))
      yield* signals.changed(RunId.make(request.supersedes))
    }
    return result
  })
})

const answer = (disposition: StartResult["disposition"], run: Run): StartResult => ({ disposition, run })

const toNewRun = (
  request: Authorised,
  {
    input,
    stored,
    identity,
    traceparent
  }: Pick<NewRun, "identity" | "traceparent"> & { readonly input: unknown; readonly stored: Json }
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
  exclusive: request.type.class === "exclusive_write",
  queueLimitMillis: Duration.toMillis(request.type.queueLimit),
  timeLimitMillis: Duration.toMillis(request.type.timeLimit),
  retryOf: request.retryOf ?? null,
  traceparent
})

const busy = (holder: Holder) =>
  new Problems.OperationBusy({
    disposition: "busy",
    reasonCode: "operation_busy",
    nextStep: reasonInfo("operation_busy").nextStep,
    holder,
    detail: `The run ${holder.id} (${holder.type}) is ${holder.status}.`
  })
