import { AuditLog, TenantId, WorkspaceId } from "@atlas/operations"
import { assertRefusesHostileCalls, servicesOf, TestDatabase } from "@atlas/test"
import { assert, it, layer } from "@effect/vitest"
import { DateTime, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionAdministration, CredentialVault, GraphCloud, ProviderConnections } from "../src/index.ts"
import * as index from "../src/index.ts"
import { ada } from "./Fixtures.ts"

const scope = { workspaceId: WorkspaceId.make("northwind"), tenantId: TenantId.make("contoso") }
const details = {
  displayName: "Contoso",
  cloud: "fake",
  entraTenantId: "11111111-0000-4000-8000-000000000001",
  clientId: "22222222-0000-4000-8000-000000000001"
}
const credential = {
  credential: { kind: "client_secret" as const, secret: Redacted.make("fake-secret-1") },
  expiresAt: DateTime.makeUnsafe("2100-01-01T00:00:00Z")
}
const unknownConnection = "01900000-0000-7000-8000-000000000000"

/** A call of every method, with everything that may be given. What is not listed here fails the test. */
const callsOf = (id: string) => ({
  ProviderConnections: {
    defaultFor: [scope],
    defaultId: [scope],
    usable: [scope, id],
    tenantsWithDefault: [[scope.tenantId]]
  },
  ConnectionAdministration: {
    list: [scope],
    get: [scope, id],
    update: [ada, scope, id, { ...details, enabled: true }],
    replaceCredential: [ada, scope, id, credential],
    makeDefault: [ada, scope, id],
    remove: [ada, scope, unknownConnection],
    create: [ada, { ...details, displayName: "Another", scope, credential, isDefault: false, enabled: true }]
  }
})
const tried = ["ProviderConnections", "ConnectionAdministration"] as const

/** Services that are not tried, and why. */
const untried = { CredentialVault: "a host with a vault of its own implements it" }

it("Every service of the index is tried, or need not be", () =>
  assert.sameMembers([...servicesOf(index)], [...tried, ...Object.keys(untried)]))

const connections = Layer.merge(ProviderConnections.layer, ConnectionAdministration.layer).pipe(
  Layer.provide(CredentialVault.layer(Redacted.make("a development secret of 32 bytes!"))),
  Layer.provide(GraphCloud.layerFake("http://localhost")),
  Layer.provide(AuditLog.layer),
  Layer.provideMerge(TestDatabase.layer)
)

/** Refused calls change no connection and leave no record; fair ones among the hostile ones may. */
const recorded = SqlClient.SqlClient.use(
  (
    sql
  ) => sql`SELECT (SELECT jsonb_agg(c ORDER BY id) FROM (SELECT id, updated_at FROM provider_connections) c) AS connections,
    (SELECT count(*) FROM operation_audit) AS records`
)

layer(connections, { excludeTestServices: true, timeout: "60 seconds" })(
  "the public functions of connections",
  (it) => {
    for (const name of tried) {
      it.effect(`answer or refuse every call of ${name} with a type`, () =>
        Effect.gen(function* () {
          const services = {
            ProviderConnections: yield* ProviderConnections,
            ConnectionAdministration: yield* ConnectionAdministration
          }
          const create = services.ConnectionAdministration.create
          const { id } = yield* create(ada, { ...details, displayName: name, scope, credential })
          yield* assertRefusesHostileCalls(services[name], callsOf(id)[name], { recorded })
        })
      )
    }

    it.effect("find no connection by a text that is no id, and one by its id in either case", () =>
      Effect.gen(function* () {
        const { create } = yield* ConnectionAdministration
        const { usable } = yield* ProviderConnections
        const { id } = yield* create(ada, { ...details, displayName: "In either case", scope, credential })
        assert.strictEqual((yield* usable(scope, id.toUpperCase())).connection.id, id)
        for (const text of ["nope", "\0", ""]) {
          const refused = yield* Effect.flip(usable(scope, text))
          assert.propertyVal(refused, "reasonCode", "provider_connection_missing")
        }
      })
    )
  }
)
