import { Effect, Layer, Option } from "effect"
import * as Ledger from "../Access.ts"
import { TenantId, WorkspaceId } from "../OperationScope.ts"
import type { Grant, HostAccess } from "./HostAccess.ts"

const toGrant = ({ workspaceId, tenants, capabilities }: Grant): Ledger.Grant => ({
  workspaceId: WorkspaceId.make(workspaceId),
  tenants: tenants === "all" ? "all" : new Set(tenants.map((id) => TenantId.make(id))),
  capabilities: new Set(capabilities)
})

/** The port `Access` on a host's own functions. */
export const toAccess = (host: HostAccess): Layer.Layer<Ledger.Access> => {
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
