import { FakeGraph } from "@atlas/fake-graph"
import { AuditLog, Graph, type OperationScope, StartGate, WorkspaceId } from "@atlas/operations"
import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted, Stream } from "effect"
import { SqlClient } from "effect/sql"
import {
  ConnectionAdministration,
  ConnectionChoice,
  CredentialVault,
  GraphCloud,
  LiveGraph,
  ProviderConnections
} from "../../src/index.ts"
import { run } from "../../src/Migrations.ts"
import { groups } from "../Contracts.ts"
import { ada, newConnection, tenant } from "../Fixtures.ts"

const vault = (secret: string) => CredentialVault.layer(Redacted.make(secret))
const hostSecret = "a development secret of 32 bytes!"

const clouds = GraphCloud.layerFake("http://localhost")
const services = Layer.merge(ProviderConnections.layer, ConnectionAdministration.layer)

const live = services.pipe(
  Layer.provide([AuditLog.layer, vault(hostSecret), clouds]),
  Layer.provideMerge(Layer.effectDiscard(run)),
  Layer.provideMerge(TestDatabase.layer)
)

const input = (name: string) => newConnection(tenant(name))

const defaultFor = (name: string) =>
  Effect.flatMap(ProviderConnections, (connections) => connections.defaultFor(tenant(name)))

const ask = (scope: OperationScope) =>
  ProviderConnections.gate.check({ type: "any.type", scope, input: {}, actor: { id: "a", kind: "user", name: "A" } })

layer(live, { excludeTestServices: true, timeout: "60 seconds" })("ProviderConnections", (it) => {
  it.effect("gives back what was stored, with the secret", () =>
    Effect.gen(function* () {
      const connections = yield* ConnectionAdministration
      const created = yield* connections.create(ada, input("stored"))
      const { connection, credential } = yield* defaultFor("stored")
      assert.deepStrictEqual(connection, created)
      assert.strictEqual(credential.kind === "client_secret" && Redacted.value(credential.secret), "fake-secret-1")
    })
  )

  it.effect("keeps the secret unreadable in the database, and out of what it returns", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const connections = yield* ConnectionAdministration
      const created = yield* connections.create(ada, input("sealed"))
      const [row] = yield* sql<{ readonly plain: string }>`
        SELECT encode(sealed_secret, 'escape') || provider_connections::text AS plain
        FROM provider_connections WHERE id = ${created.id}`
      assert.notInclude(row?.plain ?? "fake-secret-1", "fake-secret-1")
      assert.notInclude(JSON.stringify([created, yield* defaultFor("sealed")]), "fake-secret-1")
    })
  )

  it.effect("seals the same secret differently each time, and for its connection only", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const connections = yield* ConnectionAdministration
      const first = yield* connections.create(ada, input("first"))
      const second = yield* connections.create(ada, input("second"))
      const [row] = yield* sql<{ readonly distinct: number }>`
        SELECT count(DISTINCT sealed_secret)::int AS distinct FROM provider_connections WHERE id IN (${first.id}, ${second.id})`
      assert.strictEqual(row?.distinct, 2)
      yield* sql`UPDATE provider_connections SET sealed_secret =
        (SELECT sealed_secret FROM provider_connections WHERE id = ${first.id}) WHERE id = ${second.id}`
      assert.propertyVal(yield* Effect.flip(defaultFor("second")), "reasonCode", "provider_credential_missing")
    })
  )

  it.effect("does not open a secret that another host secret sealed", () =>
    Effect.gen(function* () {
      const connections = yield* ConnectionAdministration
      yield* connections.create(ada, input("rotated"))
      const error = yield* Effect.flip(defaultFor("rotated")).pipe(
        Effect.provide(
          Layer.fresh(ProviderConnections.layer).pipe(Layer.provide(vault("another development secret of 32b!")))
        )
      )
      assert.propertyVal(error, "reasonCode", "provider_credential_missing")
    })
  )

  it.effect("tells missing, disabled and secretless connections apart", () =>
    Effect.gen(function* () {
      const connections = yield* ConnectionAdministration
      yield* connections.create(ada, { ...input("disabled"), enabled: false })
      const { credential: _, ...secretless } = input("secretless")
      yield* connections.create(ada, secretless)
      yield* connections.create(ada, { ...input("other"), isDefault: false })
      for (const [name, reasonCode] of [
        ["unknown", "provider_connection_missing"],
        ["other", "provider_connection_missing"],
        ["disabled", "provider_connection_disabled"],
        ["secretless", "provider_credential_missing"]
      ] as const) {
        assert.propertyVal(yield* Effect.flip(defaultFor(name)), "reasonCode", reasonCode)
        assert.deepInclude(yield* ask(tenant(name)), { _tag: "Blocked", reasonCode })
      }
    })
  )

  it.effect("opens its gate where operations have a connection to use, and nowhere else", () =>
    Effect.gen(function* () {
      yield* (yield* ConnectionAdministration).create(ada, input("gated"))
      assert.deepStrictEqual(yield* ask(tenant("gated")), StartGate.open)
      assert.deepInclude(yield* ask({ ...tenant("gated"), tenantId: null }), {
        _tag: "Blocked",
        reasonCode: "provider_connection_missing"
      })
    })
  )

  it.effect("belongs to one workspace, whatever the tenant is called", () =>
    Effect.gen(function* () {
      const connections = yield* ConnectionAdministration
      yield* connections.create(ada, input("shared-name"))
      const elsewhere = { ...tenant("shared-name"), workspaceId: WorkspaceId.make("fourth-coffee") }
      const error = yield* Effect.flip((yield* ProviderConnections).defaultFor(elsewhere))
      assert.propertyVal(error, "reasonCode", "provider_connection_missing")
    })
  )

  it.effect("lets a new default take over, so that there is never more than one", () =>
    Effect.gen(function* () {
      const connections = yield* ConnectionAdministration
      yield* connections.create(ada, input("replaced"))
      const newer = yield* connections.create(ada, { ...input("replaced"), displayName: "Newer" })
      assert.strictEqual((yield* defaultFor("replaced")).connection.id, newer.id)
    })
  )

  it.effect("works on a client without name transforms", () =>
    Effect.gen(function* () {
      const sql = (yield* SqlClient.SqlClient).withoutTransforms()
      const plain = services.pipe(
        Layer.provide([AuditLog.layer, vault(hostSecret), clouds]),
        Layer.provide(Layer.succeed(SqlClient.SqlClient, sql))
      )
      yield* Effect.gen(function* () {
        const created = yield* (yield* ConnectionAdministration).create(ada, input("plain"))
        assert.deepStrictEqual((yield* defaultFor("plain")).connection, created)
      }).pipe(Effect.provide(Layer.fresh(plain)))
    })
  )

  it.effect("tells which tenants have an enabled default connection", () =>
    Effect.gen(function* () {
      const connections = yield* ConnectionAdministration
      yield* connections.create(ada, input("with"))
      yield* connections.create(ada, { ...input("without"), isDefault: false })
      yield* connections.create(ada, { ...input("off"), enabled: false })
      const { tenantsWithDefault } = yield* ProviderConnections
      assert.deepStrictEqual([...(yield* tenantsWithDefault(["with", "without", "off", "nobody"]))], ["with"])
      assert.strictEqual((yield* tenantsWithDefault([])).size, 0)
    })
  )

  it.effect("serves the live client", () =>
    Effect.gen(function* () {
      yield* (yield* ConnectionAdministration).create(ada, input("served"))
      const graph = yield* Graph
      const pages = yield* Stream.runCollect(graph.list(tenant("served"), groups, {}))
      assert.lengthOf(
        pages.flatMap(({ items }) => items),
        30
      )
      const broken = yield* (yield* ConnectionAdministration).create(ada, {
        ...input("served"),
        displayName: "Broken",
        isDefault: false,
        credential: { credential: { kind: "client_secret", secret: Redacted.make("a-wrong-secret") } }
      })
      const error = yield* Effect.flip(
        Stream.runDrain(graph.list(tenant("served"), groups, {})).pipe(
          Effect.provideService(ConnectionChoice, broken.id)
        )
      )
      assert.strictEqual(error.reasonCode, "provider_credential_invalid", "a choice goes before the default")
    }).pipe(
      Effect.provide(
        LiveGraph.layer.pipe(
          Layer.provide([FakeGraph.layerHttpClient, FakeGraph.layerCloud]),
          Layer.provide(FakeGraph.layerEngine({ tenants: [{ groups: 30 }] }))
        )
      )
    )
  )
})
