import { Directory } from "@atlas/directory"
import { ConnectionAdministration, CredentialVault, GraphCloud, ProviderConnections } from "@atlas/graph"
import { FakeGraph } from "@atlas/fake-graph"
import { Intune, manageBackups, PolicySecrets, TenantNames } from "@atlas/intune"
import { LegacyMappings, LegacyRuns } from "@atlas/legacy"
import {
  type Actor,
  AuditLog,
  type Capability,
  Operations,
  StartGate,
  TenantId,
  type TenantScope,
  Worker,
  WorkerSettings,
  WorkspaceId
} from "@atlas/operations"
import { listener } from "@atlas/operations/pg"
import { TestOperations } from "@atlas/operations/testing"
import { promptGraph } from "@atlas/test"
import { Effect, Layer, Redacted } from "effect"
import { gates, handlers, types } from "./Kinds.ts"

/** The tenant in which everything is done: one of those that are filled. */
export const tenant: TenantScope = { workspaceId: WorkspaceId.make("northwind"), tenantId: TenantId.make("t0") }

/** May do everything in every tenant of the workspace. */
export const ada: Actor = { id: "user-100", kind: "user", name: "Ada" }

/** May do everything in two tenants. */
export const ben: Actor = { id: "ben", kind: "user", name: "Ben" }

/** A member without any right. */
export const powerless: Actor = { id: "powerless", kind: "user", name: "Bo" }

const all = [...types, ...Directory.operations, ...Intune.operations]
const everything = new Set<Capability>([
  manageBackups,
  ...all.flatMap(({ capabilities: { start, view } }) => [start, view])
])
const capabilitiesOf = ({ id }: Actor): ReadonlySet<Capability> => (id === powerless.id ? new Set() : everything)

const access = TestOperations.accessIn(tenant.workspaceId, capabilitiesOf, ({ id }) =>
  id === ben.id ? new Set([tenant.tenantId, TenantId.make("t100")]) : "all"
)

/** Keys that hide nothing: what is sealed is the text. */
export const sealing = (keyId: string) => {
  const seal = (_: string, secret: Redacted.Redacted) =>
    Effect.succeed({ keyId, bytes: new TextEncoder().encode(Redacted.value(secret)) })
  const open = (_: string, { bytes }: { readonly bytes: Uint8Array }) =>
    Effect.succeed(Redacted.make(new TextDecoder().decode(bytes)))
  return Layer.merge(
    Layer.succeed(CredentialVault, CredentialVault.of({ keyId, seal, open })),
    Layer.succeed(PolicySecrets, PolicySecrets.of({ keyId, seal, open }))
  )
}

/** The collection of the fake Graph in which something is changed. */
export const configurations = "deviceManagement/deviceConfigurations"

/** The policy that is changed there. It holds a secret. */
export const wifi = {
  id: "wifi",
  "@odata.type": "#microsoft.graph.windowsWifiConfiguration",
  displayName: "Office Wi-Fi",
  preSharedKey: "correct horse battery staple",
  assignments: [{ id: "1", target: { "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget" } }]
}

const permissions = all.flatMap(({ contracts }) =>
  contracts.flatMap((each) => each.permissions.map(({ name }) => name))
)
const graph = FakeGraph.layer({
  tenants: [
    {
      tenantId: tenant.tenantId,
      entraTenantId: tenant.tenantId,
      groups: 500,
      permissions: [...new Set(permissions)],
      collections: { [configurations]: [wifi] }
    }
  ]
}).pipe(Layer.provide(promptGraph))

const surroundings = Layer.mergeAll(
  access,
  graph,
  listener,
  Layer.succeed(TenantNames, TenantNames.of({ nameOf: ({ tenantId }) => Effect.succeed(tenantId) })),
  Layer.succeed(WorkerSettings, { slots: 8, leaseMillis: 600_000, pollMillis: 50, sweepMillis: 50 })
)
const connections = Layer.merge(ProviderConnections.layer, ConnectionAdministration.layer).pipe(
  Layer.provide(GraphCloud.layerFake("http://localhost")),
  Layer.provideMerge(AuditLog.layer),
  Layer.provideMerge(sealing("now"))
)

/** All that the packages are for a host, with a worker. */
export const host = Worker.layer(...handlers, ...Directory.handlers, ...Intune.handlers).pipe(
  Layer.provideMerge(Layer.mergeAll(Directory.layer, Intune.layer, LegacyRuns.layer, LegacyMappings.layer)),
  Layer.provideMerge(
    Operations.layer(...all).pipe(Layer.provide(StartGate.layer(...gates, ProviderConnections.gate, ...Intune.gates)))
  ),
  Layer.provideMerge(connections),
  Layer.provideMerge(surroundings),
  Layer.orDie
)
