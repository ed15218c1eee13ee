import { GraphCloud } from "@atlas/graph"
import { FakeGraph } from "@atlas/graph/testing"
import { Effect, Layer } from "effect"
import { demonstrationTenants } from "./DemonstrationData.ts"

/**
 * The fake Graph that development talks to, and the cloud that lets the live client accept it.
 *
 * @param groups how many groups each demonstration tenant has
 * @param url of a fake that runs already; null starts one on loopback
 */
export const layer = (groups: number, url: string | null) =>
  url === null
    ? Layer.unwrap(Effect.map(FakeGraph, ({ origin }) => GraphCloud.layerFake(origin))).pipe(
        Layer.provide(FakeGraph.layerHttp({ tenants: demonstrationTenants.map((tenant) => ({ ...tenant, groups })) }))
      )
    : GraphCloud.layerFake(url)
