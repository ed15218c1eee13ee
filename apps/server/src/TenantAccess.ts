import { Access, type Actor, isStorable, Problems } from "@atlas/operations"
import { Effect, Option } from "effect"
import type { Context } from "hono"
import { Accounts } from "./Accounts.ts"

/** The tenant of a request's path, and what its visitor may do there; `NotFound` for outsiders. */
export const makeTenantAccess = Effect.gen(function* () {
  const access = yield* Access
  const accounts = yield* Accounts

  return Effect.fnUntraced(function* (actor: Actor, c: Context) {
    const id = c.req.param("tenant") ?? ""
    const grant = isStorable(id) ? Option.getOrUndefined(yield* access.tenant(actor, id)) : undefined
    const tenant = (yield* accounts.tenantsOf(actor)).find((entitled) => entitled.id === id)
    return grant && tenant ? { grant, tenant } : yield* new Problems.NotFound({})
  })
})
