import { TestOperations } from "@atlas/operations/testing"
import { GraphCloud, LiveGraph } from "@atlas/graph"
import { FakeGraph } from "@atlas/fake-graph"
import { type Actor, type Capability, StartGate, WorkspaceId } from "@atlas/operations"
import { Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"

/** Who starts and reads. */
export const actor: Actor = { id: "bench", kind: "user", name: "Benchmark" }

const workspaceId = WorkspaceId.make("bench")

/** Everybody may do this, in every tenant. */
export const accessWith = (capabilities: ReadonlySet<Capability>) =>
  TestOperations.accessIn(workspaceId, () => capabilities)

/** Every tenant is connected. */
export const openGate = StartGate.make(StartGate.providerConnection, () => Effect.succeed(StartGate.open))

/**
 * The live client.
 *
 * @param origin where the fake Graph is
 * @param tenant the only tenant, by all of its ids
 */
export const liveGraph = (origin: string, tenant: string) => {
  const connections = FakeGraph.layerConnections.pipe(
    Layer.provide(FakeGraph.layerEngine({ tenants: [{ tenantId: tenant, entraTenantId: tenant, groups: 0 }] }))
  )
  return LiveGraph.layer.pipe(Layer.provide([FetchHttpClient.layer, connections, GraphCloud.layerFake(origin)]))
}
