/**
 * Microsoft Graph over HTTP: the adapter of the port `Graph` that hosts give to their workers. It sends registered contracts
 * only, waits as Graph asks, retries what is safe, follows only Graph's own links, and fails with reasons that say whether
 * another attempt helps. No error, span or metric holds a token, a secret or an address.
 *
 * @module
 */
import { Graph, GraphContract, type GraphCursor, GraphError, type TenantScope } from "@atlas/operations"
import { Effect, Layer, Schema, Stream } from "effect"
import { SecureRandom } from "effect/crypto"
import type { HttpClient } from "effect/http"
import { CircuitBreaker } from "effect/persistence"
import * as GraphBatch from "./requests/GraphBatch.ts"
import { firstLink, headersOf, knownCursor, queryOf, resourcePath } from "./requests/GraphLinks.ts"
import * as GraphListings from "./requests/GraphListings.ts"
import { type Ask, make as makeRequests, readJson } from "./requests/GraphRequests.ts"
import * as GraphTarget from "./requests/GraphTarget.ts"
import { GraphTokens } from "./tokens/GraphTokens.ts"
import type { ProviderConnections } from "./connections/ProviderConnections.ts"

type Params = Readonly<Record<string, string>>
type Listed<A> = GraphContract.GraphList<string, A> | GraphContract.GraphDelta<string, A>

/** Encodes the body of a write. A body that the contract cannot encode is refused before anything is sent. */
const encodeBody = <Path extends string, Body, A>(contract: GraphContract.GraphWrite<Path, Body, A>, body: unknown) =>
  Schema.encodeUnknownEffect(contract.body)(body).pipe(
    Effect.mapError(
      () =>
        new GraphError({
          reasonCode: "provider_request_invalid",
          message: `The body of ${contract.name} does not match the contract's schema.`,
          contract: contract.name
        })
    )
  )

const make = Effect.gen(function* () {
  const requests = yield* makeRequests
  const sendBatch = yield* GraphBatch.make(requests)
  const targetOf = yield* GraphTarget.make

  const listingOf = Effect.fnUntraced(function* <A>(
    tenant: TenantScope,
    contract: Listed<A>,
    params: Params,
    from: GraphCursor | undefined
  ) {
    yield* GraphTarget.permit(contract)
    const path = yield* resourcePath(contract, params)
    const target = yield* targetOf(tenant)
    const { cloud } = target
    const beginning = firstLink(cloud, contract, path)
    const first = from === undefined ? beginning : yield* knownCursor(cloud, contract, from)
    return { perform: requests.perform, target, contract, first, beginning } satisfies GraphListings.ListingRequest
  })

  const askOf = Effect.fnUntraced(function* <A>(
    contract: GraphContract.GraphRequest<A>["contract"],
    params: Params,
    body: unknown
  ) {
    yield* GraphTarget.permit(contract)
    return {
      contract,
      method: GraphContract.methodOf(contract),
      path: yield* resourcePath(contract, params),
      body: "body" in contract ? yield* encodeBody(contract, body) : undefined,
      replay: "replay" in contract ? contract.replay : ("safe" as const),
      read: readJson(contract, Schema.decodeUnknownEffect(contract.schema))
    }
  })

  const one = Effect.fnUntraced(function* <A>(
    tenant: TenantScope,
    contract: GraphContract.GraphRequest<A>["contract"],
    params: Params,
    body?: unknown
  ) {
    const { path, read, ...asked } = yield* askOf(contract, params, body)
    const target = yield* targetOf(tenant)
    const link = firstLink(target.cloud, contract, path)
    const ask: Ask = { ...asked, link, headers: headersOf(contract), cost: contract.cost ?? 1 }
    return yield* requests.perform(target, ask, read)
  })

  const batch = Effect.fnUntraced(function* (
    tenant: TenantScope,
    wanted: ReadonlyArray<GraphContract.GraphRequest<unknown>>
  ) {
    const items = yield* Effect.forEach(wanted, ({ body, contract, params }) =>
      Effect.map(askOf(contract, params, body), ({ path, ...asked }) => ({
        ...asked,
        url: `${path.slice(contract.version.length + 1)}${queryOf(contract)}`
      }))
    )
    return yield* sendBatch(yield* targetOf(tenant), items)
  })

  return Graph.of({
    get: (tenant, contract, params) => Effect.withSpan(one(tenant, contract, params), "Graph.get"),
    list: (tenant, contract, params, from) =>
      Stream.unwrap(
        Effect.map(listingOf(tenant, contract, params, from), (listing) => GraphListings.list(listing, contract.schema))
      ),
    delta: (tenant, contract, params, from) =>
      Stream.unwrap(
        Effect.map(listingOf(tenant, contract, params, from), (listing) =>
          GraphListings.delta(listing, contract.schema)
        )
      ),
    write: (tenant, contract, params, body) => Effect.withSpan(one(tenant, contract, params, body), "Graph.write"),
    // The contract at its index decoded each answer.
    batch: ((tenant, wanted) => batch(tenant, wanted)) as Graph["Service"]["batch"]
  })
})

/**
 * The live client, and the tokens that it uses, for verification. Reads the references `GraphClouds` and `GraphLimits` when
 * it is built.
 *
 * @example
 * ```ts
 * const connections = Layer.merge(ProviderConnections.layer, ConnectionAdministration.layer).pipe(
 *   Layer.provide([CredentialVault.layer(secret), AuditLog.layer])
 * )
 * const client = LiveGraph.layer.pipe(Layer.provideMerge(connections), Layer.provide(FetchHttpClient.layer))
 * ```
 */
export const layer: Layer.Layer<Graph | GraphTokens, never, HttpClient.HttpClient | ProviderConnections> = Layer.effect(
  Graph,
  make
).pipe(
  Layer.provide([SecureRandom.layerWebCrypto, CircuitBreaker.layerStoreMemory()]),
  Layer.provideMerge(GraphTokens.layer)
)
