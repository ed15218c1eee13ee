import { tooMany } from "@atlas/console/shell"
import { getConnInfo } from "@hono/node-server/conninfo"
import { Effect, Hash, Layer } from "effect"
import { RateLimiter } from "effect/persistence"
import type { Context, MiddlewareHandler } from "hono"
import { Settings } from "./Settings.ts"

const window = "1 minute"
const signInsPerMinute = 60

/**
 * The address from which a request came: the peer's, or as many steps back in `X-Forwarded-For` as there are proxies of ours.
 * Anyone may have written what stands before those.
 *
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

// The limiter never forgets a key, so addresses share a fixed number of keys. An IPv6 address counts as its whole /64.
const buckets = 65_536
const bucketOf = (address: string) => {
  const network = address.includes(":") ? address.split(":").slice(0, 4).join(":") : address
  return (Hash.string(network) >>> 0) % buckets
}

/** Makes the limit on how often an address may sign in through this process. */
export const makeSignInLimit = Effect.gen(function* () {
  const { trustedProxies } = yield* Settings
  const limiter = yield* RateLimiter.RateLimiter
  const run = Effect.runPromiseWith(yield* Effect.context())

  const refusalOf = (c: Context) => {
    const key = `sign-in ${bucketOf(addressOf(c, trustedProxies))}`
    return limiter.consume({ algorithm: "token-bucket", key, limit: signInsPerMinute, window }).pipe(
      Effect.as(null),
      Effect.catchTag("RateLimiterError", ({ reason }) =>
        reason._tag === "RateLimitExceeded" ? Effect.succeed(tooMany(reason.retryAfter)) : Effect.die(reason)
      )
    )
  }

  const limit: MiddlewareHandler = async (c, next) => (await run(refusalOf(c))) ?? next()
  return limit
})

/** The limiter keeps its counts in this process: with several processes, each allows as much. */
export const layer = RateLimiter.layer.pipe(Layer.provide(RateLimiter.layerStoreMemory))
