import { Duration, Effect, Option } from "effect"
import { RateLimiter } from "effect/persistence"
import type { Context, Hono, MiddlewareHandler } from "hono"
import { Host } from "./Host.ts"

type Answer = (c: Context) => Response | Promise<Response>

/** Where a feature registers its pages, by paths below the console's. */
export interface Routes {
  readonly get: (path: string, answer: Answer) => void
  /** What a form is posted to. */
  readonly post: (path: string, answer: Answer) => void
  /** What a form is posted to that starts a run: how many a person may start is limited. */
  readonly start: (path: string, answer: Answer) => void
  readonly all: (path: string, answer: Answer) => void
}

/**
 * @param app that the routes are added to, below its base path
 * @param limitStarts goes before what starts runs
 */
export const routesOf = (app: Hono, limitStarts: MiddlewareHandler): Routes => ({
  get: (path, answer) => void app.get(path, answer),
  post: (path, answer) => void app.post(path, answer),
  start: (path, answer) => void app.post(path, limitStarts, answer),
  all: (path, answer) => void app.all(path, answer)
})

/**
 * The answer to whoever asks too often. RFC 6585, section 4.
 *
 * @param retryAfter when the next request is accepted
 */
export const tooMany = (retryAfter: Duration.Duration): Response =>
  Response.json(
    {
      type: "about:blank",
      status: 429,
      title: "Too many requests.",
      detail: "Wait as long as Retry-After says, in seconds, and try again."
    },
    {
      status: 429,
      headers: {
        "content-type": "application/problem+json",
        "retry-after": String(Math.max(1, Math.ceil(Duration.toSeconds(retryAfter))))
      }
    }
  )

/** How often one person may start operations in this process. */
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
