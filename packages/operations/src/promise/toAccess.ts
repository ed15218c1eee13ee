import { Effect, Layer, Option, Predicate } from "effect"
import * as Ledger from "../access/Access.ts"
import { TenantId, WorkspaceId } from "../run/OperationScope.ts"
import type { Grant, HostAccess } from "./HostAccess.ts"

const toGrant = ({ workspaceId, tenants, capabilities }: Grant): Ledger.Grant => ({
  workspaceId: WorkspaceId.make(workspaceId),
  tenants: tenants === "all" ? "all" : new Set(tenants.map((id) => TenantId.make(id))),
  capabilities: new Set(capabilities)
})

// JavaScript has no types: without this check, a text would pass as the list of its letters.
const isGrant = (given: unknown): given is Grant =>
  Predicate.isObject(given) &&
  Predicate.isString(given["workspaceId"]) &&
  (given["tenants"] === "all" || Array.isArray(given["tenants"])) &&
  Array.isArray(given["capabilities"])

const toGrants = (given: unknown): ReadonlyArray<Ledger.Grant> => {
  if (Array.isArray(given) && given.every(isGrant)) return given.map(toGrant)
  throw new TypeError(
    'access.grants must return a list of { workspaceId, tenants, capabilities }: a text, "all" or a list, and a list'
  )
}

/** The port `Access`, implemented by a host's own functions. */
export const toAccess = (host: HostAccess): Layer.Layer<Ledger.Access> =>
  Layer.succeed(
    Ledger.Access,
    Ledger.Access.of({
      grants: (actor) => Effect.promise(async () => toGrants(await host.grants(actor))),
      // A `Map` gives `undefined` for a tenant that it does not have.
      workspaceOf: (tenantId) =>
        Effect.map(
          Effect.promise(async () => host.workspaceOf(tenantId)),
          (workspaceId) => Option.map(Option.fromNullishOr(workspaceId), (id) => WorkspaceId.make(id))
        )
    })
  )
