/**
 * App-only access tokens for connections, kept in memory until shortly before their end. Parallel callers share one request. A
 * valid token is served while its successor is fetched, and if that fails. `LiveGraph.layer` provides the service to the client
 * and to `ConnectionCheck`.
 *
 * @module
 */
import type { GraphError } from "@atlas/operations"
import { Clock, Context, Deferred, Effect, Layer, type Option, type Redacted } from "effect"
import { SecureRandom } from "effect/crypto"
import type { HttpClient } from "effect/http"
import { type GraphCloud, GraphClouds, named } from "../wire/GraphCloud.ts"
import { GraphLimits } from "../wire/GraphLimits.ts"
import type { UsableConnection } from "../connections/ProviderConnections.ts"
import type * as TokenClaims from "./TokenClaims.ts"
import * as TokenRequest from "./TokenRequest.ts"

interface Entry {
  /** The connection's revision: a changed credential starts afresh. */
  readonly revision: number
  token: TokenRequest.Token | undefined
  pending: Pending | undefined
}

interface Pending {
  /** What a claims challenge asked for. A request without claims answers no challenge. */
  readonly claims: string | undefined
  readonly token: Deferred.Deferred<TokenRequest.Token, GraphError>
}

/** Milliseconds before its end when a token is no longer used: the request that carries it takes time too. */
const lastUse = 10_000

/** Milliseconds to the next refresh after one failed while the old token still served. */
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

/** Postpones the next refresh after a failed one, but never beyond the token's end. */
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

  // Runs in the layer's scope: a caller that gives up must not fail others that wait for the same token.
  const start = (entry: Entry, usable: UsableConnection, cloud: GraphCloud, claims?: string) => {
    const pending: Pending = { claims, token: Deferred.makeUnsafe() }
    entry.pending = pending
    // A request that another one overtook changes nothing.
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

  /** Joins the pending request if it answers the claims, else starts one. */
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

/** One token at a time for each connection. */
export class GraphTokens extends Context.Service<
  GraphTokens,
  {
    /**
     * A token for a connection in its cloud. Fails with the reason of the sign-in service's refusal, or with
     * `provider_tenant_mismatch`.
     */
    acquire(usable: UsableConnection, cloud: GraphCloud): Effect.Effect<Redacted.Redacted, GraphError>

    /**
     * A token in place of one that Graph rejected. If another has already replaced that, the other is served.
     *
     * @param claims what a challenge asked for, as JSON
     */
    renew(
      usable: UsableConnection,
      cloud: GraphCloud,
      rejected: Redacted.Redacted,
      claims?: string
    ): Effect.Effect<Redacted.Redacted, GraphError>

    /**
     * Asks for a new token, whatever is kept, and returns its claims; none if it is opaque. Keeps the token for later. Fails
     * as `acquire` does, or with `provider_cloud_mismatch`.
     */
    inspect(usable: UsableConnection): Effect.Effect<Option.Option<TokenClaims.TokenClaims>, GraphError>
  }
>()("@atlas/graph/GraphTokens") {
  /** Requests tokens through msal from the login service of each connection's cloud. */
  static readonly layer: Layer.Layer<GraphTokens, never, HttpClient.HttpClient> = Layer.effect(GraphTokens, make).pipe(
    Layer.provide(SecureRandom.layerWebCrypto)
  )
}
