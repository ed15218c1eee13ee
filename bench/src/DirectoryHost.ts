import { Directory } from "@atlas/directory"
import * as DirectoryMigrations from "@atlas/directory/migrations"
import { GraphCloud, LiveGraph } from "@atlas/graph"
import { FakeGraph } from "@atlas/graph/testing"
import {
  Access,
  type Actor,
  DatabaseListener,
  Operations,
  StartGate,
  TenantId,
  Worker,
  WorkspaceId
} from "@atlas/operations"
import * as OperationsMigrations from "@atlas/operations/migrations"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Option, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"

/** Who starts and searches. */
export const actor: Actor = { id: "bench", kind: "user", name: "Benchmark" }

const workspaceId = WorkspaceId.make("bench")
const capabilities = new Set(["tenant.directory.sync", "tenant.directory.view"] as const)

const access = Layer.succeed(
  Access,
  Access.of({
    grants: () => Effect.succeed([{ workspaceId, tenants: "all", capabilities }]),
    tenant: (_, tenantId) =>
      Effect.succeed(Option.some({ scope: { workspaceId, tenantId: TenantId.make(tenantId) }, capabilities }))
  })
)

const gate = StartGate.layer(StartGate.make(StartGate.providerConnection, () => Effect.succeed(StartGate.open)))

const listener = Layer.effect(
  DatabaseListener,
  Effect.map(PgClient.PgClient, ({ listen }) => ({ listen }))
)

/** The tables of the ledger and of the cache. */
export const migrate = (url: string): Promise<void> =>
  Effect.runPromise(
    Effect.andThen(OperationsMigrations.run, DirectoryMigrations.run).pipe(
      Effect.asVoid,
      Effect.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 }))
    )
  )

/**
 * The ledger, the cache and its readers, and a worker with the live client, as a host has them.
 *
 * @param url of the database
 * @param graphOrigin where the fake Graph is
 * @param tenant its only tenant, by all of its ids
 */
export const directoryHost = (url: string, graphOrigin: string, tenant: string) => {
  const connections = FakeGraph.layerConnections.pipe(
    Layer.provide(FakeGraph.layerEngine({ tenants: [{ tenantId: tenant, entraTenantId: tenant, groups: 0 }] }))
  )
  const graph = LiveGraph.layer.pipe(
    Layer.provide([FetchHttpClient.layer, connections, GraphCloud.layerFake(graphOrigin)])
  )
  return Worker.layer(...Directory.handlers).pipe(
    Layer.provide(graph),
    Layer.provideMerge(Directory.layer),
    Layer.provideMerge(Operations.layer(...Directory.types).pipe(Layer.provide(gate))),
    Layer.provideMerge(Layer.merge(access, listener)),
    Layer.provideMerge(PgClient.layer({ url: Redacted.make(url), maxConnections: 10 }))
  )
}
