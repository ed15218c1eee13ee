import { RequestId } from "@atlas/operations"
import { Context, References } from "effect"
import { SecureRandom } from "effect/crypto"
import type { Context as Request, MiddlewareHandler } from "hono"

// An id that the caller chose ends up in the log and in the audit.
const acceptable = /^[\w.=-]{1,100}$/

/** Names every request: by its `X-Request-Id` if that is acceptable, otherwise by a new id. The answer carries the name. */
export const nameRequests: MiddlewareHandler = async (c, next) => {
  const given = c.req.header("x-request-id") ?? ""
  const id = acceptable.test(given) ? given : SecureRandom.uuidV4Unsafe()
  c.set("requestId", id)
  await next()
  c.header("x-request-id", id)
}

/** The services of effects that answer a request: its name, for audit records and every line of the log. */
export const requestServices = (c: Request): Context.Context<never> => {
  const id: string = c.get("requestId")
  return Context.make(RequestId, id).pipe(Context.add(References.CurrentLogAnnotations, { requestId: id }))
}
