import { ConnectionAdministration, CredentialRotation, type NewConnection, ProviderConnections } from "@atlas/graph"
import { Effect, Redacted } from "effect"
import { ada, sealing, tenant } from "../Host.ts"

const credential = (secret: string) => ({
  credential: { kind: "client_secret" as const, secret: Redacted.make(secret) }
})
const connection = (displayName: string, isDefault: boolean): NewConnection => ({
  scope: tenant,
  displayName,
  cloud: "fake",
  entraTenantId: "contoso.onmicrosoft.com",
  clientId: "22222222-0000-4000-8000-000000000001",
  credential: credential("a-client-secret"),
  isDefault
})

/** Connections of the tenant. One is in use when this is done. */
export const graph = Effect.gen(function* () {
  const connections = yield* ConnectionAdministration
  const first = yield* connections.create(ada, connection("First", true))
  const second = yield* connections.create(ada, connection("Second", false))
  yield* connections.list(tenant)
  yield* connections.get(tenant, first.id)
  yield* connections.update(ada, tenant, first.id, { displayName: "Main" })
  yield* connections.replaceCredential(ada, tenant, first.id, credential("another-secret"))
  yield* connections.makeDefault(ada, tenant, second.id)
  yield* connections.remove(ada, tenant, first.id)
  const used = yield* ProviderConnections
  yield* used.defaultFor(tenant)
  yield* used.defaultId(tenant)
  yield* used.usable(tenant, second.id)
  yield* used.tenantsWithDefault([tenant.tenantId, "other-1"])
  yield* Effect.provide(CredentialRotation.reseal, sealing("later"))
})
