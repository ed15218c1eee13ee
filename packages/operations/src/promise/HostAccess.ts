import { Effect, Layer, Option } from "effect"
import * as Ledger from "../Access.ts"
import type { Capability } from "../Capability.ts"
import { TenantId, WorkspaceId } from "../OperationScope.ts"

type Awaitable<A> = A | Promise<A>

/** What a person may do in a workspace, in all of its tenants or in some. */
export interface Grant {
  readonly workspaceId: string
  readonly tenants: "all" | ReadonlyArray<string>
  /** Such as `tenant.reports.export`. */
  readonly capabilities: ReadonlyArray<Capability>
}

/**
 * The host's policy, asked before everything. Without a grant that reaches a tenant, a person gets `NotFound`; with one that
 * lacks the capability, `Forbidden`.
 */
export interface HostAccess {
  /** Every grant of a person, at most one per workspace; none for a stranger. */
  grants(actor: { readonly id: string; readonly name: string }): Awaitable<ReadonlyArray<Grant>>
  /** The workspace that a tenant belongs to; null if there is no such tenant. */
  workspaceOf(tenantId: string): Awaitable<string | null>
}

const toGrant = ({ workspaceId, tenants, capabilities }: Grant): Ledger.Grant => ({
  workspaceId: WorkspaceId.make(workspaceId),
  tenants: tenants === "all" ? "all" : new Set(tenants.map((id) => TenantId.make(id))),
  capabilities: new Set(capabilities)
})

/** The port `Access` on a host's own functions. */
export const layer = (host: HostAccess): Layer.Layer<Ledger.Access> => {
  const grants: Ledger.Access["Service"]["grants"] = (actor) =>
    Effect.map(
      Effect.promise(async () => host.grants(actor)),
      (given) => given.map(toGrant)
    )
  return Layer.succeed(
    Ledger.Access,
    Ledger.Access.of({
      grants,
      tenant: Effect.fnUntraced(function* (actor, tenantId) {
        const workspaceId = yield* Effect.promise(async () => host.workspaceOf(tenantId))
        if (workspaceId === null) return Option.none()
        const scope = { workspaceId: WorkspaceId.make(workspaceId), tenantId: TenantId.make(tenantId) }
        const grant = Ledger.grantFor(yield* grants(actor), scope)
        return Option.map(Option.fromUndefinedOr(grant), ({ capabilities }) => ({ scope, capabilities }))
      })
    })
  )
}
