import { Graph, type GraphContract, GraphError, type GraphPage, type TenantScope } from "@atlas/operations"
import { Effect, Fiber, Layer, Option, Schema, Stream } from "effect"
import { SecureRandom } from "effect/crypto"
import type { HttpClient } from "effect/http"
import { trustedLink } from "./GraphLinks.ts"
import * as GraphReads from "./GraphReads.ts"
import { GraphTokens } from "./GraphTokens.ts"
import type { ProviderConnections } from "./ProviderConnections.ts"

const Page = Schema.Struct({
  value: Schema.Array(Schema.Unknown),
  "@odata.count": Schema.optionalKey(Schema.NullOr(Schema.Int)),
  "@odata.nextLink": Schema.optionalKey(Schema.NullOr(Schema.String))
})
const decodePage = Schema.decodeUnknownEffect(Page)

/** The next page's address, once it is trusted and new. */
const makeNext = (target: GraphReads.Target) => {
  const seen = new Set([target.link])
  const { cloud, contract } = target
  return Effect.fnUntraced(function* (link: string) {
    if (seen.has(link)) {
      return yield* new GraphError({
        reasonCode: "provider_pagination_loop",
        message: `The pages of ${contract.name} lead back to an earlier one.`,
        contract: contract.name
      })
    }
    seen.add(link)
    return yield* trustedLink(cloud, contract, link)
  })
}

/** The pages of one listing. */
const pagesOf = Effect.fnUntraced(function* <A>(
  read: GraphReads.Read,
  target: GraphReads.Target,
  schema: Schema.Decoder<A>
) {
  const scope = yield* Effect.scope
  const next = makeNext(target)
  const decodeItems = Schema.decodeUnknownEffect(Schema.Array(schema))
  const decode = (body: unknown) =>
    Effect.flatMap(decodePage(body), (page) => Effect.map(decodeItems(page.value), (items) => ({ page, items })))
  const fetch = (link: string) => read(target, link, decode)
  // Exactly one page ahead: it is fetched while the consumer works on the one before.
  return Stream.paginate(fetch(target.link), (pending) =>
    Effect.gen(function* () {
      const { items, page } = yield* pending
      const link = page["@odata.nextLink"] ?? undefined
      const found: GraphPage<A> = { items, count: page["@odata.count"] ?? null }
      if (link === undefined) return [[found], Option.none<typeof pending>()] as const
      const ahead = yield* Effect.forkIn(Effect.flatMap(next(link), fetch), scope)
      return [[found], Option.some(Fiber.join(ahead))] as const
    })
  )
})

const make = Effect.gen(function* () {
  const { read, target: targetOf } = yield* GraphReads.make

  const list = <Path extends string, A>(
    tenant: TenantScope,
    contract: GraphContract.GraphList<Path, A>,
    params: GraphContract.PathParams<Path>
  ) =>
    Stream.unwrap(
      Effect.flatMap(targetOf(tenant, contract, params), (target) => pagesOf(read, target, contract.schema))
    ).pipe(Stream.withSpan("Graph.list", { attributes: { contract: contract.name } }))

  const get = Effect.fn("Graph.get")(function* <Path extends string, A>(
    tenant: TenantScope,
    contract: GraphContract.GraphGet<Path, A>,
    params: GraphContract.PathParams<Path>
  ) {
    const target = yield* targetOf(tenant, contract, params)
    return yield* read(target, target.link, Schema.decodeUnknownEffect(contract.schema))
  })

  return Graph.of({ get, list })
})

/** Microsoft Graph over HTTP, with the references `GraphClouds` and `GraphLimits` as they are when it is built. */
export const layer: Layer.Layer<Graph, never, HttpClient.HttpClient | ProviderConnections> = Layer.effect(
  Graph,
  make
).pipe(Layer.provide([GraphTokens.layer, SecureRandom.layerWebCrypto]))
