/**
 * Microsoft's national clouds, and a fake Graph as a cloud of its own. A connection names its cloud, and the live client sends
 * tokens and secrets to that cloud's two origins only. A development host adds the fake with `layerFake`.
 *
 * @module
 */
import { GraphError } from "@atlas/operations"
import { Context, Effect, Layer } from "effect"

/** One cloud: where its Graph is, and where it signs apps in. Both are origins without a trailing slash. */
export interface GraphCloud {
  /** The name that connections store. */
  readonly name: string
  readonly label: string
  readonly graphOrigin: string
  readonly loginOrigin: string
}

const cloud = (name: string, label: string, graphHost: string, loginHost: string): GraphCloud => ({
  name,
  label,
  graphOrigin: `https://${graphHost}`,
  loginOrigin: `https://${loginHost}`
})

/**
 * The clouds that Microsoft runs.
 *
 * @see https://learn.microsoft.com/graph/deployments
 */
export const publicClouds: ReadonlyArray<GraphCloud> = [
  cloud("global", "Microsoft Azure, GCC", "graph.microsoft.com", "login.microsoftonline.com"),
  cloud("usgov-l4", "US Government L4 (GCC High)", "graph.microsoft.us", "login.microsoftonline.us"),
  cloud("usgov-l5", "US Government L5 (DoD)", "dod-graph.microsoft.us", "login.microsoftonline.us"),
  cloud("china", "China (21Vianet)", "microsoftgraph.chinacloudapi.cn", "login.chinacloudapi.cn")
]

const loopback = new Set(["127.0.0.1", "localhost", "[::1]"])

/**
 * The cloud named `fake`, of a fake Graph. No other cloud may use http, and this one only at exactly its origin.
 *
 * @param origin where the fake listens, such as `http://127.0.0.1:4000`
 * @throws RangeError if the origin is not plain http on a loopback address
 */
export const fake = (origin: string): GraphCloud => {
  const url = URL.parse(origin)
  if (url?.protocol !== "http:" || !loopback.has(url.hostname)) {
    throw new RangeError("The origin of a fake Graph must be http on a loopback address, such as http://127.0.0.1:4000")
  }
  return { name: "fake", label: "Fake Graph", graphOrigin: url.origin, loginOrigin: url.origin }
}

/** The clouds that connections may name. Default: Microsoft's. */
export const GraphClouds = Context.Reference<ReadonlyArray<GraphCloud>>("@atlas/graph/GraphClouds", {
  defaultValue: () => publicClouds
})

/** Finds a connection's cloud by its name. Fails with `provider_cloud_mismatch` if the host does not know it. */
export const named = (clouds: ReadonlyArray<GraphCloud>, name: string): Effect.Effect<GraphCloud, GraphError> => {
  const cloud = clouds.find((known) => known.name === name)
  return cloud === undefined
    ? Effect.fail(
        new GraphError({
          reasonCode: "provider_cloud_mismatch",
          message: `This host does not know the cloud "${name}".`
        })
      )
    : Effect.succeed(cloud)
}

/**
 * Adds the cloud of a fake Graph to Microsoft's. For development and tests only.
 *
 * @param origin as for `fake`
 * @example
 * ```ts
 * // Microsoft's clouds are known already. In development, the fake's is known as well.
 * const cloud = Layer.unwrap(Effect.map(FakeGraph, ({ origin }) => GraphCloud.layerFake(origin)))
 * ```
 */
export const layerFake = (origin: string): Layer.Layer<never> =>
  Layer.sync(GraphClouds, () => [...publicClouds, fake(origin)])
