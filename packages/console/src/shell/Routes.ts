/**
 * Where features register their pages, and the limit on how often a person may start runs. The console passes `Routes` to each
 * part; `tooMany` is the answer of every limit, also of a host's own.
 *
 * @module
 */

import { Duration, Effect, Option } from "effect"
import { RateLimiter } from "effect/persistence"
import type { Context, Hono, MiddlewareHandler } from "hono"
import { Host } from "./Host.ts"

type Answer = (c: Context) => Response | Promise<Response>

/** Where a feature registers its pages, with paths below the console's. */
export interface Routes {
  readonly get: (path: string, answer: Answer) => void
  /** Answers a form. */
  readonly post: (path: string, answer: Answer) => void
  /** Answers a form that starts a run. How many runs a person may start is limited. */
  readonly start: (path: string, answer: Answer) => void
  readonly all: (path: string, answer: Answer) => void
}

/**
 * Makes the registry of an application.
 *
 * @param app with the console's base path
 * @param limitStarts goes before whatever starts runs
 */
export const routesOf = (app: Hono, limitStarts: MiddlewareHandler): Routes => ({
  get: (path, answer) => void app.get(path, answer),
  post: (path, answer) => void app.post(path, answer),
  start: (path, answer) => void app.post(path, limitStarts, answer),
  all: (path, answer) => void app.all(path, answer)
})

/**
 * The answer to a request above a limit. RFC 6585, section 4.
 *
 * @param retryAfter when the next request is accepted
 */
export const tooMany = (retryAfter: Duration.Duration): Response =>
  Response.json(
    {
      type: "about:blank",
      status: 429,
      title: "Too many requests.",
      detail: "Wait as many seconds as Retry-After says, then try again."
    },
    {
      status: 429,
      headers: {
        "content-type": "application/problem+json",
        "retry-after": String(Math.max(1, Math.ceil(Duration.toSeconds(retryAfter))))
      }
    }
  )

/** Makes the limit on how many runs a person may start through this process. */
export const makeStartLimit = Effect.gen(function* () {
  const { actorOf, startsPerMinute } = yield* Host
  const limiter = yield* RateLimiter.RateLimiter
  const run = Effect.runPromiseWith(yield* Effect.context())

  const refusalOf = Effect.fn("StartLimit.refusalOf")(function* (request: Request) {
    const person = yield* actorOf(request)
    if (Option.isNone(person)) return null
    const key = `start ${person.value.id}`
    return yield* limiter.consume({ algorithm: "token-bucket", key, limit: startsPerMinute, window: "1 minute" }).pipe(
      Effect.as(null),
      Effect.catchTag("RateLimiterError", ({ reason }) =>
        reason._tag === "RateLimitExceeded" ? Effect.succeed(tooMany(reason.retryAfter)) : Effect.die(reason)
      )
    )
  })

  const limit: MiddlewareHandler = async (c, next) => {
    if (c.req.method !== "POST") return next()
    return (await run(refusalOf(c.req.raw))) ?? next()
  }
  return limit
})
