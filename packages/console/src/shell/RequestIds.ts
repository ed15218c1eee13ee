import { RequestId } from "@atlas/operations"
import { Context, References } from "effect"
import { SecureRandom } from "effect/crypto"
import type { Context as Request, MiddlewareHandler } from "hono"

// What somebody else chose ends up in the log and on record.
const acceptable = /^[\w.=-]{1,100}$/

/** Names every request, as its `X-Request-Id` does if that is acceptable, otherwise anew; the answer carries the name. */
export const nameRequests: MiddlewareHandler = async (c, next) => {
  const given = c.req.header("x-request-id") ?? ""
  const id = acceptable.test(given) ? given : SecureRandom.uuidV4Unsafe()
  c.set("requestId", id)
  await next()
  c.header("x-request-id", id)
}

/** What effects that serve a request are run with: its name, for audit records and for every line of the log. */
export const requestServices = (c: Request): Context.Context<never> => {
  const id: string = c.get("requestId")
  return Context.make(RequestId, id).pipe(Context.add(References.CurrentLogAnnotations, { requestId: id }))
}
