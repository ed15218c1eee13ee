import { FakeGraph, type FakeGraphOptions } from "@atlas/fake-graph"
import { type Actor, Graph, type GraphContract, TenantId, type TenantScope, WorkspaceId } from "@atlas/operations"
import { DateTime, Effect, Layer, Redacted, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { defaultGraphLimits, GraphLimits, LiveGraph, type NewConnection, ProviderConnection } from "../src/index.ts"

/** Who administers the connections. */
export const ada: Actor = { id: "ada", kind: "user", name: "Ada Admin" }

/** A tenant of the workspace. */
export const tenant = (name: string): TenantScope => ({
  workspaceId: WorkspaceId.make("northwind"),
  tenantId: TenantId.make(name)
})

/** The tenant that the fixtures' directory belongs to. */
export const contoso = tenant("contoso")

/** Its directory: three pages of twenty and a rest. */
export const options: FakeGraphOptions = { tenants: [{ tenantId: "contoso", groups: 65 }] }

/** The fake's id of that tenant. */
export const entraTenantId = "11111111-0000-4000-8000-000000000001"

/** The fake's id of the app that may read it. */
export const clientId = "22222222-0000-4000-8000-000000000001"

/** Contoso's connection as it is read, with what a test wants otherwise. */
export const connection = (change: Partial<ProviderConnection> = {}) =>
  new ProviderConnection({
    id: "connection",
    ...contoso,
    displayName: "Contoso",
    cloud: "fake",
    entraTenantId,
    clientId,
    credentialKind: "client_secret",
    credentialExpiresAt: null,
    certificateThumbprint: null,
    enabled: true,
    isDefault: true,
    createdAt: DateTime.makeUnsafe(0),
    updatedAt: DateTime.makeUnsafe(0),
    ...change
  })

/** What creates a tenant's connection to the directory, with what a test wants otherwise. */
export const newConnection = (scope: TenantScope, change: Partial<NewConnection> = {}): NewConnection => ({
  scope,
  displayName: "Contoso",
  cloud: "fake",
  entraTenantId,
  clientId,
  credential: { credential: { kind: "client_secret", secret: Redacted.make("fake-secret-1") } },
  ...change
})

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
