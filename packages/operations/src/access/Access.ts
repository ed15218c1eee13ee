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
 * The host's policy. An actor without a grant is an outsider, for whom the scope does not exist (404); an actor with a
 * grant that lacks a capability is a member who is told which one (403).
 */
export class Access extends Context.Service<
  Access,
  {
    /** The workspace that a tenant belongs to; none for a tenant that the host does not know. */
    workspaceOf(tenantId: TenantId): Effect.Effect<Option.Option<WorkspaceId>>
    /** Every grant of an actor, at most one per workspace; none for somebody whom the host does not know. */
    grants(actor: Actor): Effect.Effect<ReadonlyArray<Grant>>
  }
>()("@atlas/operations/Access") {}

/**
 * The grant that reaches a scope.
 *
 * @param grants all grants of one actor
 * @param scope where the record lives; one without a tenant is reached by every grant in its workspace
 */
export const grantFor = (grants: ReadonlyArray<Grant>, scope: OperationScope): Grant | undefined =>
  grants.find(
    (grant) =>
      grant.workspaceId === scope.workspaceId &&
      (grant.tenants === "all" || scope.tenantId === null || grant.tenants.has(scope.tenantId))
  )

/**
 * What a grant allows to start, stop and repeat in a scope: what concerns all tenants is not for those who may reach some.
 *
 * @param grant of an actor, in the scope's workspace
 * @param scope where it is to be done
 */
export const actingCapabilities = (
  grant: Pick<Grant, "tenants" | "capabilities">,
  scope: Pick<OperationScope, "tenantId">
): ReadonlySet<Capability> =>
  scope.tenantId !== null || grant.tenants === "all" ? grant.capabilities : new Set<Capability>()

/**
 * A part of the ledger that somebody may see: in one workspace, some or all tenants, the runs that these capabilities open. Only
 * Atlas itself and the operator of its machine see all.
 */
export interface Visible {
  readonly workspaceId: WorkspaceId
  readonly tenants: "all" | ReadonlyArray<TenantId>
  readonly capabilities: "all" | ReadonlyArray<Capability>
}
