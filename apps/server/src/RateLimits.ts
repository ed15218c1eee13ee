import { getConnInfo } from "@hono/node-server/conninfo"
import { Duration, Effect, Hash, Layer, Option } from "effect"
import { RateLimiter } from "effect/persistence"
import type { Context, MiddlewareHandler } from "hono"
import { makeRequests } from "./Requests.ts"
import { Settings } from "./Settings.ts"

const window = "1 minute"
const signInsPerMinute = 60

const tooMany = (retryAfter: Duration.Duration) =>
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

/**
 * The address that a request came from: the peer's, or as many steps back in `X-Forwarded-For` as there are proxies of ours.
 * What stands before them anyone may have written.
 *
 * @param c the request
 * @param proxies how many there are between the network and this process
 */
const addressOf = (c: Context, proxies: number): string => {
  const peer = getConnInfo(c).remote.address ?? "unknown"
  if (proxies === 0) return peer
  const forwarded =
    c.req
      .header("x-forwarded-for")
      ?.split(",")
      .map((each) => each.trim()) ?? []
  return forwarded.at(-proxies) || peer
}

// The limiter forgets nobody: as many keys as here, whoever comes. Who has an IPv6 address has its whole /64.
const buckets = 65_536
const bucketOf = (address: string) => {
  const network = address.includes(":") ? address.split(":").slice(0, 4).join(":") : address
  return (Hash.string(network) >>> 0) % buckets
}

/** How often one address may sign in, and one person start operations, in this process. RFC 6585, section 4. */
export const makeRateLimits = Effect.gen(function* () {
  const { startsPerMinute, trustedProxies } = yield* Settings
  const limiter = yield* RateLimiter.RateLimiter
  const { actor } = yield* makeRequests
  const run = Effect.runPromiseWith(yield* Effect.context())

  const limited = (key: string, limit: number) =>
    limiter.consume({ algorithm: "token-bucket", key, limit, window }).pipe(
      Effect.as(Option.none<Response>()),
      Effect.catchTag("RateLimiterError", ({ reason }) =>
        reason._tag === "RateLimitExceeded" ? Effect.succeedSome(tooMany(reason.retryAfter)) : Effect.die(reason)
      )
    )

  const signIn: MiddlewareHandler = async (c, next) => {
    const refused = await run(limited(`sign-in ${bucketOf(addressOf(c, trustedProxies))}`, signInsPerMinute))
    return Option.isSome(refused) ? refused.value : next()
  }

  const start: MiddlewareHandler = async (c, next) => {
    if (c.req.method !== "POST") return next()
    const person = await run(actor(c))
    if (Option.isNone(person)) return next()
    const refused = await run(limited(`start ${person.value.id}`, startsPerMinute))
    return Option.isSome(refused) ? refused.value : next()
  }

  return { signIn, start }
})

/** Limits that this process keeps to itself: with several, each allows as much. */
export const layer = RateLimiter.layer.pipe(Layer.provide(RateLimiter.layerStoreMemory))
