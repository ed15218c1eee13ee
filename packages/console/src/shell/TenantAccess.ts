import { type Actor, Authorization, Problems } from "@atlas/operations"
import { Effect } from "effect"
import type { Context } from "hono"
import { Host } from "./Host.ts"

/** The tenant in a request's path, and what the actor may do there; `NotFound` for outsiders. */
export const makeTenantAccess = Effect.gen(function* () {
  const door = yield* Authorization
  const host = yield* Host

  return Effect.fnUntraced(function* (actor: Actor, c: Context) {
    const id = c.req.param("tenant") ?? ""
    const grant = yield* door.member(actor, id)
    const tenant = (yield* host.tenantsOf(actor)).find((entitled) => entitled.id === id)
    return tenant ? { grant, tenant } : yield* new Problems.NotFound({})
  })
})
