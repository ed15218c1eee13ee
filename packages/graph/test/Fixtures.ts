import { FakeGraph, type FakeGraphOptions } from "@atlas/fake-graph"
import { type Actor, Graph, type GraphContract, TenantId, type TenantScope, WorkspaceId } from "@atlas/operations"
import { Effect, Layer, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { defaultGraphLimits, GraphLimits, LiveGraph } from "../src/index.ts"

/** Who administers the connections. */
export const ada: Actor = { id: "ada", kind: "user", name: "Ada Admin" }

/** The tenant that the fixtures' directory belongs to. */
export const contoso: TenantScope = { workspaceId: WorkspaceId.make("northwind"), tenantId: TenantId.make("contoso") }

/** Its directory: three pages of twenty and a rest. */
export const options: FakeGraphOptions = { tenants: [{ tenantId: "contoso", groups: 65 }] }

/** The fake's id of that tenant. */
export const entraTenantId = "11111111-0000-4000-8000-000000000001"

/** Short waits for tests on the real clock. Time limits stay as they are: on a busy machine nothing but a hung request reaches them. */
export const prompt: Partial<GraphLimits> = { retryBase: "1 milli" }

/** The live client over the fake in memory, on whatever clock the test runs. */
export const inMemory = (fake: FakeGraphOptions = options, limits: Partial<GraphLimits> = {}) =>
  FakeGraph.layer(fake).pipe(Layer.provide(Layer.succeed(GraphLimits, { ...defaultGraphLimits, ...limits })))

/** The live client over the fake behind HTTP. */
export const overHttp = (fake: FakeGraphOptions = options, limits: Partial<GraphLimits> = prompt) =>
  LiveGraph.layer.pipe(
    Layer.provide(Layer.succeed(GraphLimits, { ...defaultGraphLimits, ...limits })),
    Layer.provide([FetchHttpClient.layer, FakeGraph.layerConnections, FakeGraph.layerCloud]),
    Layer.provideMerge(FakeGraph.layerHttp(fake))
  )

/** Every item of a listing of contoso's. */
export const collect = <Path extends string, A>(
  contract: GraphContract.GraphList<Path, A>,
  params: GraphContract.PathParams<Path>
) =>
  Effect.flatMap(Graph, (graph) => Stream.runCollect(graph.list(contoso, contract, params))).pipe(
    Effect.map((pages) => pages.flatMap(({ items }) => items))
  )

/** Runs something while the test clock goes on, a tenth of a second at a time. */
export const whileTimePasses = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.raceFirst(
    effect,
    Effect.forever(Effect.andThen(TestClock.adjust("100 millis"), TestClock.withLive(Effect.sleep("1 milli"))))
  )
