/**
 * The one door to everything that belongs to a workspace. Services ask it before they answer people, and only it asks `Access`.
 * It resolves the scope, checks the capability and puts the refusal on record. Outsiders get `NotFound`, exactly as for what
 * does not exist; members without the capability get `Forbidden`, which names it. An invalid actor is an `InvalidInput`.
 *
 * @module
 */
import { Context, Effect, Layer, Option, Schema } from "effect"
import { type Access, actingCapabilities, type Grant, grantFor } from "./Access.ts"
import { type Actor, GivenActor } from "../run/Actor.ts"
import { AuditLog } from "./AuditLog.ts"
import type { Capability } from "../run/Capability.ts"
import { argumentsOf } from "../boundary/Decoding.ts"
import type * as Operation from "../definition/Operation.ts"
import { GivenScope, type OperationScope, TenantId, type TenantScope } from "../run/OperationScope.ts"
import * as Problems from "../boundary/Problems.ts"
import type { Run } from "../run/Run.ts"
import type { Visible } from "./Access.ts"
import { hostPolicy } from "./hostPolicy.ts"
import * as Storable from "../text/Storable.ts"

/** Where to start an operation: in a tenant, or in a workspace as a whole. */
export type StartTarget = { readonly tenantId: string } | { readonly workspaceId: string }

/** What an actor may do in a scope. */
export interface ScopeGrant {
  readonly scope: OperationScope
  readonly capabilities: ReadonlySet<Capability>
}

/** What an actor may do in one tenant. */
export interface TenantGrant extends ScopeGrant {
  readonly scope: TenantScope
}

/** Authorises actors. */
export class Authorization extends Context.Service<
  Authorization,
  {
    /**
     * A tenant, for an actor who has the capability there.
     *
     * @param about what the audit record of a refusal names: an operation, or a kind of record such as `backup_schedule`
     */
    tenant(
      actor: Actor,
      tenantId: string,
      capability: Capability,
      about: string
    ): Effect.Effect<TenantScope, Problems.Refusal>
    /** A tenant and what the actor may do there, for anybody with a grant there. For pages that show what is possible. */
    member(actor: Actor, tenantId: string): Effect.Effect<TenantGrant, Problems.NotFound | Problems.InvalidInput>
    /**
     * The capabilities by which an actor may start, cancel and retry in a scope; none for outsiders. For pages: it refuses
     * nobody.
     */
    acting(actor: Actor, scope: OperationScope): Effect.Effect<ReadonlySet<Capability>, Problems.InvalidInput>
    /** The parts of the ledger that an actor may see. */
    visible(actor: Actor): Effect.Effect<ReadonlyArray<Visible>, Problems.InvalidInput>
    /**
     * The scope of a start, for an actor who may start the operation there. Actor and target must be decoded already.
     *
     * @param type the operation; an unknown one, or one of the other kind of scope, is `NotFound`
     */
    start(
      actor: Actor,
      target: StartTarget,
      type: Option.Option<Operation.Any>
    ): Effect.Effect<ScopeGrant, Problems.Refusal>
    /**
     * A run, for an actor who may view it.
     *
     * @param run as it is in the ledger; none is `NotFound`
     */
    view(actor: Actor, run: Option.Option<Run>): Effect.Effect<Run, Problems.Refusal>
    /**
     * A run with its operation, for an actor who may start that operation in the run's scope, and therefore may cancel and
     * retry the run.
     *
     * @param run as it is in the ledger; none is `NotFound`
     * @param type its operation; `NotSupported` if it is not registered any more
     */
    act(
      actor: Actor,
      run: Option.Option<Run>,
      type: Option.Option<Operation.Any>
    ): Effect.Effect<
      { readonly run: Run; readonly type: Operation.Any; readonly capabilities: ReadonlySet<Capability> },
      Problems.Refusal | Problems.NotSupported
    >
    /** Refuses an actor who lacks one of the capabilities, and puts that on record. */
    require(
      actor: Actor,
      grant: ScopeGrant,
      needed: ReadonlyArray<Capability>,
      about: string
    ): Effect.Effect<void, Problems.Forbidden>
  }
>()("@atlas/operations/Authorization") {
  static readonly layer: Layer.Layer<Authorization, never, Access | AuditLog> = Layer.effect(
    Authorization,
    Effect.suspend(() => make)
  )
}

const Name = Storable.Text.check(Schema.isNonEmpty(), Schema.isMaxLength(200))
const decodeNeed = argumentsOf(Schema.Struct({ capability: Name, about: Name }))
const decodeActor = argumentsOf(Schema.Struct({ actor: GivenActor }))
const decodeActing = argumentsOf(Schema.Struct({ actor: GivenActor, scope: GivenScope }))
const decodeTenant = argumentsOf(Schema.Struct({ actor: GivenActor, tenantId: Schema.String }))
const isTenantId = Schema.is(TenantId.check(Storable.check))

const forbidden = (capability: Capability) =>
  new Problems.Forbidden({
    requiredCapability: capability,
    detail: `This needs the capability ${capability}, which your role does not have.`
  })

const make = Effect.gen(function* () {
  const policy = yield* hostPolicy
  const audit = yield* AuditLog

  // A text that is not an id names nothing, so hosts never see it. Unknown and hidden tenants take the same path, so that
  // the time of an answer tells an outsider nothing.
  const tenantGrant = Effect.fnUntraced(function* (actor: Actor, tenantId: string) {
    if (!isTenantId(tenantId)) return Option.none<TenantGrant>()
    const workspace = yield* policy.workspaceOf(tenantId)
    const grants = yield* policy.grants(actor)
    return Option.flatMap(workspace, (workspaceId): Option.Option<TenantGrant> => {
      const scope = { workspaceId, tenantId }
      const grant = grantFor(grants, scope)
      return grant === undefined ? Option.none() : Option.some({ scope, capabilities: grant.capabilities })
    })
  })

  const orNotFound = <A>(found: Option.Option<A>) =>
    Option.match(found, { onNone: () => Effect.fail(new Problems.NotFound({})), onSome: Effect.succeed })

  const onRecord =
    (actor: Actor, { tenantId, workspaceId }: OperationScope, about: string) =>
    <A>(refused: Effect.Effect<A, Problems.Forbidden>) =>
      Effect.tapError(refused, ({ requiredCapability: capability }) =>
        audit.forbidden({ actor, workspaceId, tenantId, type: about, capability })
      )

  const require = (
    actor: Actor,
    { capabilities, scope }: ScopeGrant,
    needed: ReadonlyArray<Capability>,
    about: string
  ): Effect.Effect<void, Problems.Forbidden> => {
    const missing = needed.find((capability) => !capabilities.has(capability))
    return missing === undefined ? Effect.void : onRecord(actor, scope, about)(Effect.fail(forbidden(missing)))
  }

  const member = Effect.fnUntraced(function* (actor: Actor, tenantId: string) {
    const given = yield* decodeTenant({ actor, tenantId })
    return yield* orNotFound(yield* tenantGrant(given.actor, given.tenantId))
  })

  const tenant = Effect.fnUntraced(function* (actor: Actor, tenantId: string, capability: Capability, about: string) {
    yield* decodeNeed({ capability, about })
    const grant = yield* member(actor, tenantId)
    yield* require(actor, grant, [capability], about)
    return grant.scope
  })

  const grants = Effect.fnUntraced(function* (given: Actor) {
    const { actor } = yield* decodeActor({ actor: given })
    return yield* policy.grants(actor)
  })

  const acting = Effect.fnUntraced(function* (givenActor: Actor, givenScope: OperationScope) {
    const { actor, scope } = yield* decodeActing({ actor: givenActor, scope: givenScope })
    const grant = grantFor(yield* policy.grants(actor), scope)
    return grant === undefined ? new Set<Capability>() : actingCapabilities(grant, scope)
  })

  const visible = Effect.fnUntraced(function* (actor: Actor) {
    return (yield* grants(actor)).map(toVisible)
  })

  const workspaceGrant = (actor: Actor, workspaceId: string) =>
    Effect.map(policy.grants(actor), (all) =>
      Option.map(
        Option.fromUndefinedOr(all.find((grant) => grant.workspaceId === workspaceId)),
        (grant): ScopeGrant => {
          const scope = { workspaceId: grant.workspaceId, tenantId: null }
          return { scope, capabilities: actingCapabilities(grant, scope) }
        }
      )
    )

  const start = Effect.fnUntraced(function* (actor: Actor, target: StartTarget, type: Option.Option<Operation.Any>) {
    const grant: Option.Option<ScopeGrant> = yield* "tenantId" in target
      ? tenantGrant(actor, target.tenantId)
      : workspaceGrant(actor, target.workspaceId)
    const fits = Option.filter(type, ({ scope }) => (scope === "workspace") === "workspaceId" in target)
    if (Option.isNone(grant) || Option.isNone(fits)) return yield* new Problems.NotFound({})
    const found = grant.value
    const { capabilities, name, startedBy } = fits.value
    if (startedBy === "system") {
      const refused = new Problems.Forbidden({
        requiredCapability: "system",
        detail: "Only Atlas itself starts this operation."
      })
      return yield* onRecord(actor, found.scope, name)(Effect.fail(refused))
    }
    yield* require(actor, found, [capabilities.start], name)
    return found
  })

  // One path for unknown and hidden runs: both read the run and the grants, and get the same answer.
  const reached = Effect.fnUntraced(function* (actor: Actor, run: Option.Option<Run>) {
    const all = yield* grants(actor)
    return yield* orNotFound(
      Option.flatMap(run, (found) =>
        Option.map(Option.fromUndefinedOr(grantFor(all, found)), (grant) => ({ run: found, grant }))
      )
    )
  })

  const view = Effect.fnUntraced(function* (actor: Actor, found: Option.Option<Run>) {
    const { grant, run } = yield* reached(actor, found)
    yield* require(actor, { scope: run, capabilities: grant.capabilities }, run.viewCapabilities, run.type)
    return run
  })

  const act = Effect.fnUntraced(function* (
    actor: Actor,
    found: Option.Option<Run>,
    registered: Option.Option<Operation.Any>
  ) {
    const { grant, run } = yield* reached(actor, found)
    if (Option.isNone(registered)) {
      yield* require(actor, { scope: run, capabilities: grant.capabilities }, run.viewCapabilities, run.type)
      const detail = `The operation "${run.type}" is not registered any more, so nobody can cancel or retry its runs.`
      return yield* new Problems.NotSupported({ detail })
    }
    const type = registered.value
    const capabilities = actingCapabilities(grant, run)
    yield* require(actor, { scope: run, capabilities }, [type.capabilities.start], run.type)
    return { run, type, capabilities: grant.capabilities }
  })

  return Authorization.of({ tenant, member, acting, visible, start, view, act, require })
})

const toVisible = ({ capabilities, tenants, workspaceId }: Grant): Visible => ({
  workspaceId,
  tenants: tenants === "all" ? "all" : [...tenants],
  capabilities: [...capabilities]
})
