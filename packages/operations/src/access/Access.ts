/**
 * The port to the host's policy. Atlas has no users and no roles of its own: a host implements `Access`, and `Authorization`
 * asks it anew for each call. Roles map to capabilities in the policy only.
 *
 * @module
 */
import { Context, type Effect, type Option } from "effect"
import type { Actor } from "../run/Actor.ts"
import type { Capability } from "../run/Capability.ts"
import type { OperationScope, TenantId, WorkspaceId } from "../run/OperationScope.ts"

/** What an actor may do in a workspace, in all of its tenants or in some. */
export interface Grant {
  readonly workspaceId: WorkspaceId
  readonly tenants: "all" | ReadonlySet<TenantId>
  readonly capabilities: ReadonlySet<Capability>
}

/**
 * The host's policy. An actor without a grant that reaches a scope is an outsider, for whom the scope does not exist (404). An
 * actor whose grant lacks a capability is a member, who is told which one (403).
 *
 * @example
 * ```ts
 * const access = Layer.succeed(
 *   Access,
 *   Access.of({
 *     workspaceOf: (tenantId) => Effect.succeed(Option.fromUndefinedOr(workspaces.get(tenantId))),
 *     grants: (actor) => Effect.succeed(Option.toArray(Option.fromUndefinedOr(grants.get(actor.id))))
 *   })
 * )
 * ```
 */
export class Access extends Context.Service<
  Access,
  {
    /** The workspace that a tenant belongs to; none if the host does not know the tenant. */
    workspaceOf(tenantId: TenantId): Effect.Effect<Option.Option<WorkspaceId>>
    /** All grants of an actor, at most one per workspace; none if the host does not know the actor. */
    grants(actor: Actor): Effect.Effect<ReadonlyArray<Grant>>
  }
>()("@atlas/operations/Access") {}

/**
 * The grant, among all grants of one actor, that reaches a scope. Every grant in a workspace reaches a scope without a tenant.
 */
export const grantFor = (grants: ReadonlyArray<Grant>, scope: OperationScope): Grant | undefined =>
  grants.find(
    (grant) =>
      grant.workspaceId === scope.workspaceId &&
      (grant.tenants === "all" || scope.tenantId === null || grant.tenants.has(scope.tenantId))
  )

/**
 * The capabilities to start, cancel and retry in a scope. What concerns all tenants of a workspace takes a grant for all of
 * them.
 *
 * @param grant in the scope's workspace
 */
export const actingCapabilities = (
  grant: Pick<Grant, "tenants" | "capabilities">,
  scope: Pick<OperationScope, "tenantId">
): ReadonlySet<Capability> =>
  scope.tenantId !== null || grant.tenants === "all" ? grant.capabilities : new Set<Capability>()

/**
 * A part of the ledger that somebody may see: in one workspace, in all or some tenants, the runs that the capabilities open.
 * Only Atlas itself and the operator of its machine see all runs.
 */
export interface Visible {
  readonly workspaceId: WorkspaceId
  readonly tenants: "all" | ReadonlyArray<TenantId>
  readonly capabilities: "all" | ReadonlyArray<Capability>
}
