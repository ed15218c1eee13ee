import { GraphError } from "@atlas/operations"
import { Context, Effect, Layer } from "effect"

/** One national cloud: where its Graph is, and where it signs apps in. Both are origins without a trailing slash. */
export interface GraphCloud {
  /** What connection rows call it. */
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
 * The cloud of a fake Graph: the only one that may speak http, and only to exactly this origin.
 *
 * @param origin where the fake listens, such as `http://127.0.0.1:4000`
 * @returns the cloud named `fake`
 * @throws RangeError when the origin is not plain http on a loopback address
 */
export const fake = (origin: string): GraphCloud => {
  const url = URL.parse(origin)
  if (url?.protocol !== "http:" || !loopback.has(url.hostname)) {
    throw new RangeError("A fake Graph must listen on http and a loopback address")
  }
  return { name: "fake", label: "Fake Graph", graphOrigin: url.origin, loginOrigin: url.origin }
}

/**
 * The clouds that connections may name. Microsoft's by default; a development host provides
 * `[...publicClouds, fake(origin)]`.
 */
export const GraphClouds = Context.Reference<ReadonlyArray<GraphCloud>>("@atlas/graph/GraphClouds", {
  defaultValue: () => publicClouds
})

/**
 * A cloud by the name that a connection gives.
 *
 * @param clouds the known ones
 * @param name as the connection has it
 * @returns the cloud; fails with `provider_cloud_mismatch`
 */
export const named = (clouds: ReadonlyArray<GraphCloud>, name: string): Effect.Effect<GraphCloud, GraphError> => {
  const cloud = clouds.find((known) => known.name === name)
  return cloud === undefined
    ? Effect.fail(
        new GraphError({ reasonCode: "provider_cloud_mismatch", message: `The cloud "${name}" is not available here.` })
      )
    : Effect.succeed(cloud)
}

/**
 * Makes the cloud of a fake Graph known, next to Microsoft's. For development and tests only.
 *
 * @param origin where the fake listens
 */
export const layerFake = (origin: string): Layer.Layer<never> =>
  Layer.sync(GraphClouds, () => [...publicClouds, fake(origin)])
