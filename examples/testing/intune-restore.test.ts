import { FakeGraph } from "@atlas/fake-graph"
import { CredentialVault } from "@atlas/graph"
import {
  DirectoryObjects,
  importBackup,
  Intune,
  PolicySecrets,
  policySources,
  Restores,
  TenantNames
} from "@atlas/intune"
import * as IntuneMigrations from "@atlas/intune/migrations"
import { PolicyStore } from "@atlas/intune/testing"
import { runIdOf, StartGate, TenantId } from "@atlas/operations"
import * as Migrations from "@atlas/operations/migrations"
import { assertRun, TestDatabase, TestOperations } from "@atlas/operations/testing"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"

const { path } = policySources.deviceConfigurations
const policy = {
  id: "pcs",
  "@odata.type": "#microsoft.graph.windows10GeneralConfiguration",
  displayName: "Office PCs",
  passwordMinimumLength: 12
}
// All that the operations ask of the tenant's app.
const permissions = Intune.operations.flatMap(({ contracts }) =>
  contracts.flatMap((contract) => contract.permissions.map(({ name }) => name))
)
const contoso = { tenantId: "contoso", entraTenantId: "contoso", permissions, collections: { [path]: [] } }
const fake = FakeGraph.layer({ tenants: [contoso] })

// What a host brings: its secret, and what it knows of tenants and their directories.
const vault = CredentialVault.layer(Redacted.make("a secret of at least 32 bytes, for tests"))
const ports = Layer.mergeAll(
  Layer.effect(PolicySecrets, Effect.map(CredentialVault, PolicySecrets.sealedBy)).pipe(Layer.provide(vault)),
  Layer.succeed(TenantNames, { nameOf: () => Effect.succeed("Contoso") }),
  Layer.succeed(DirectoryObjects, { find: () => Effect.succeed({ objects: [], isComplete: false }) })
)
const connected = StartGate.make(StartGate.providerConnection, () => Effect.succeed(StartGate.open))
const database = TestDatabase.layer({ migrations: [Migrations.run, IntuneMigrations.run] })
const host = Intune.layer.pipe(
  Layer.provideMerge(TestOperations.layer(...Intune.handlers)),
  Layer.provide(StartGate.layer(connected, ...Intune.gates)),
  Layer.provide(PolicyStore.layer),
  Layer.provideMerge(Layer.mergeAll(database, fake, ports))
)

const scope = { workspaceId: TestOperations.workspaceId, tenantId: TenantId.make("contoso") }
const { tester } = TestOperations

layer(host, { excludeTestServices: true, timeout: "2 minutes" })("A restore", (it) => {
  it.effect("brings back a policy that the tenant no longer has", () =>
    Effect.gen(function* () {
      const backup = yield* importBackup(tester, scope, "From files", [
        { source: policySources.deviceConfigurations, objects: [policy] }
      ])
      const restores = yield* Restores
      const everything = { backup: backup.id, items: null, withAssignments: true }
      const { restore, runId } = yield* restores.plan(tester, "contoso", everything, "plan")
      yield* TestOperations.runUntilIdle
      yield* assertRun(runId, { outcome: "succeeded" })

      const typed = { tenantName: "Contoso", idempotencyKey: "confirm" }
      const confirmed = yield* restores.confirm(tester, "contoso", restore.id, typed)
      yield* TestOperations.runUntilIdle
      yield* assertRun(runIdOf(confirmed), { outcome: "succeeded" })
      const [restored] = yield* FakeGraph.use((graph) => graph.items("contoso", path))
      assert.deepInclude(restored, { displayName: "Office PCs", passwordMinimumLength: 12 })
    })
  )
})
