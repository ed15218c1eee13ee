/**
 * Provider connections to a fake's tenants, in place of those in a database.
 *
 * @module
 */
import { ProviderConnection, ProviderConnections } from "@atlas/graph"
import { GraphError, type TenantScope } from "@atlas/operations"
import { DateTime, Effect, Option, Redacted } from "effect"
import type { FakeTenantInfo } from "./tenant/FakeTenantOptions.ts"

const connectionOf = (tenants: ReadonlyArray<FakeTenantInfo>, { tenantId, workspaceId }: TenantScope) => {
  const tenant = tenants.find((candidate) => candidate.tenantId === tenantId)
  if (tenant === undefined) {
    return Effect.fail(
      new GraphError({
        reasonCode: "provider_connection_missing",
        message: "The tenant has no default provider connection."
      })
    )
  }
  const { clientId, displayName, entraTenantId } = tenant
  const connection = new ProviderConnection({
    id: entraTenantId,
    workspaceId,
    tenantId,
    displayName,
    cloud: "fake",
    entraTenantId,
    clientId,
    credentialKind: "client_secret",
    credentialExpiresAt: null,
    certificateThumbprint: null,
    enabled: true,
    isDefault: true,
    createdAt: DateTime.makeUnsafe(0),
    updatedAt: DateTime.makeUnsafe(0)
  })
  return Effect.succeed({
    connection,
    credential: { kind: "client_secret" as const, secret: Redacted.make(tenant.clientSecret) }
  })
}

/** Makes a connection for each tenant of a fake, by its `tenantId`, in any workspace. Nothing is stored. */
export const make = (tenants: ReadonlyArray<FakeTenantInfo>): ProviderConnections["Service"] =>
  ProviderConnections.of({
    defaultFor: (scope) => connectionOf(tenants, scope),
    defaultId: (scope) =>
      Effect.map(
        Effect.option(connectionOf(tenants, scope)),
        Option.map(({ connection }) => connection.id)
      ),
    usable: (scope) => connectionOf(tenants, scope),
    tenantsWithDefault: (wanted) =>
      Effect.succeed(new Set(wanted.filter((id) => tenants.some(({ tenantId }) => tenantId === id))))
  })
