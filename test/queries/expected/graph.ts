import type { Expected } from "./Expected.ts"

/** Provider connections. */
export const graph: Expected = {
  "ConnectionAdministration.create": ["provider_connections_default"],
  "ConnectionAdministration.list": ["provider_connections_tenant"],
  "ConnectionAdministration.get": ["provider_connections_pkey"],
  "ConnectionAdministration.update": ["provider_connections_pkey"],
  "ConnectionAdministration.replaceCredential": ["provider_connections_pkey"],
  "ConnectionAdministration.makeDefault": ["provider_connections_pkey", "provider_connections_default"],
  "ConnectionAdministration.remove": ["provider_connections_pkey"],
  "ProviderConnections.defaultFor": ["provider_connections_default"],
  "ProviderConnections.defaultId": ["provider_connections_default"],
  "ProviderConnections.usable": ["provider_connections_pkey"],
  "ProviderConnections.tenantsWithDefault": ["provider_connections_ready"],
  "CredentialRotation.reseal": ["provider_connections_sealed"]
}
