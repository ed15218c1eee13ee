import type { GraphError } from "@atlas/operations"
import { Clock, Context, Deferred, Effect, Layer, type Option, type Redacted } from "effect"
import { SecureRandom } from "effect/crypto"
import type { HttpClient } from "effect/http"
import { type GraphCloud, GraphClouds, named } from "./GraphCloud.ts"
import { GraphLimits } from "./GraphLimits.ts"
import type { UsableConnection } from "./ProviderConnections.ts"
import type * as TokenClaims from "./TokenClaims.ts"
import * as TokenRequest from "./TokenRequest.ts"

interface Entry {
  /** Of the connection that the token was issued for: a changed credential starts afresh. */
  readonly revision: number
  token: TokenRequest.Token | undefined
  pending: Pending | undefined
}

interface Pending {
  /** What a claims challenge asked for; a request without it answers no challenge. */
  readonly claims: string | undefined
  readonly token: Deferred.Deferred<TokenRequest.Token, GraphError>
}

/** A token is not used in its last seconds: the request it goes with takes time too. */
const lastUse = 10_000

/** Pause after a refresh that failed while the old token still served. */
const refreshPause = 30_000

/** What is kept for each connection, least recently used first. */
const makeEntries = (capacity: number) => {
  const entries = new Map<string, Entry>()
  return ({ connection }: UsableConnection): Entry => {
    const revision = connection.updatedAt.epochMilliseconds
    const known = entries.get(connection.id)
    const entry = known?.revision === revision ? known : { revision, token: undefined, pending: undefined }
    entries.delete(connection.id)
    entries.set(connection.id, entry)
    const [oldest] = entries.keys()
    if (entries.size > capacity && oldest !== undefined) entries.delete(oldest)
    return entry
  }
}

/** After a refresh that failed: no other one for a while, but never beyond the token's end. */
const postpone = (entry: Entry) =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const { token } = entry
    if (token === undefined) return
    entry.token = { ...token, refreshAt: Math.min(now + refreshPause, token.expiresAt - lastUse) }
  })

const make = Effect.gen(function* () {
  const scope = yield* Effect.scope
  const clouds = yield* GraphClouds
  const request = yield* TokenRequest.make
  const entryOf = makeEntries((yield* GraphLimits).tokenCapacity)

  // In the layer's scope: a caller who gives up must not fail the others who wait for the same token.
  const start = (entry: Entry, usable: UsableConnection, cloud: GraphCloud, claims?: string) => {
    const pending: Pending = { claims, token: Deferred.makeUnsafe() }
    entry.pending = pending
    // A request that another one overtook changes nothing here any more.
    const ifCurrent = (change: () => void) =>
      Effect.sync(() => {
        if (entry.pending === pending) change()
      })
    return Effect.interruptible(request(usable, cloud, claims)).pipe(
      Effect.tap((token) => ifCurrent(() => (entry.token = token))),
      Effect.tapError(() => postpone(entry)),
      Effect.ensuring(ifCurrent(() => (entry.pending = undefined))),
      Deferred.into(pending.token),
      Effect.forkIn(scope),
      Effect.as(pending)
    )
  }

  /** What is under way, if it answers the claims; else a request of its own. */
  const join = (entry: Entry, usable: UsableConnection, cloud: GraphCloud, claims?: string) =>
    entry.pending === undefined || (claims !== undefined && entry.pending.claims !== claims)
      ? start(entry, usable, cloud, claims)
      : Effect.succeed(entry.pending)

  const acquire = Effect.fnUntraced(function* (usable: UsableConnection, cloud: GraphCloud, claims?: string) {
    const now = yield* Clock.currentTimeMillis
    return yield* Effect.uninterruptibleMask((restore) => {
      const entry = entryOf(usable)
      const { token } = entry
      if (token !== undefined && now < token.refreshAt) return Effect.succeed(token.value)
      return Effect.flatMap(join(entry, usable, cloud, claims), (pending) =>
        token !== undefined && now < token.expiresAt - lastUse
          ? Effect.succeed(token.value)
          : Effect.map(restore(Deferred.await(pending.token)), ({ value }) => value)
      )
    })
  })

  const renew = (usable: UsableConnection, cloud: GraphCloud, rejected: Redacted.Redacted, claims?: string) =>
    Effect.suspend(() => {
      const entry = entryOf(usable)
      if (entry.token?.value === rejected) entry.token = undefined
      return acquire(usable, cloud, claims)
    })

  const inspect = (usable: UsableConnection) =>
    Effect.flatMap(named(clouds, usable.connection.cloud), (cloud) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(
          Effect.suspend(() => join(entryOf(usable), usable, cloud)),
          (pending) => Effect.map(restore(Deferred.await(pending.token)), ({ claims }) => claims)
        )
      )
    )

  return GraphTokens.of({ acquire, renew, inspect })
})

/** App-only access tokens, one at a time for each connection, kept in memory until shortly before their end. */
export class GraphTokens extends Context.Service<
  GraphTokens,
  {
    /**
     * A token for a connection. Parallel callers share one request; a token that is still valid is served while its
     * successor is fetched, or when that fails.
     *
     * @param usable the connection and its credential
     * @param cloud the connection's cloud
     * @returns the token; fails with the reason codes of `AadErrors`, or `provider_tenant_mismatch`
     */
    acquire(usable: UsableConnection, cloud: GraphCloud): Effect.Effect<Redacted.Redacted, GraphError>

    /**
     * A token in place of one that Graph rejected.
     *
     * @param usable the connection and its credential
     * @param cloud the connection's cloud
     * @param rejected the token that was rejected; if another took its place already, that one is served
     * @param claims what a challenge asked for, as JSON
     */
    renew(
      usable: UsableConnection,
      cloud: GraphCloud,
      rejected: Redacted.Redacted,
      claims?: string
    ): Effect.Effect<Redacted.Redacted, GraphError>

    /**
     * Asks for a new token, whatever is kept, and tells what it says about itself; the token is kept for later.
     *
     * @param usable the connection and its credential
     * @returns its claims, none of an opaque token; fails as `acquire` does, or with `provider_cloud_mismatch`
     */
    inspect(usable: UsableConnection): Effect.Effect<Option.Option<TokenClaims.TokenClaims>, GraphError>
  }
>()("@atlas/graph/GraphTokens") {
  /** Tokens from the login service of each connection's cloud, by msal. */
  static readonly layer: Layer.Layer<GraphTokens, never, HttpClient.HttpClient> = Layer.effect(GraphTokens, make).pipe(
    Layer.provide(SecureRandom.layerWebCrypto)
  )
}
