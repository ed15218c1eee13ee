/**
 * Microsoft Graph behind the port `Graph` of `@atlas/operations`. `LiveGraph` is the client that workers use.
 * `ConnectionAdministration` stores provider connections, `ProviderConnections` finds them, `CredentialVault` seals their
 * credentials, and `ConnectionCheck` is the operation that verifies them. Hosts compose these layers; flows see the port only.
 *
 * @module
 */

export {
  ConnectionAdministration,
  type ConnectionChange,
  type NewConnection
} from "./connections/ConnectionAdministration.ts"
export * as ConnectionCheck from "./verification/ConnectionCheck.ts"
export { ConnectionCheckResult, ConnectionReport } from "./verification/ConnectionReport.ts"
export type { ConnectionDetails, NewCredential } from "./connections/ConnectionRules.ts"
export * as CredentialRotation from "./credentials/CredentialRotation.ts"
export { Credential, CredentialKind } from "./credentials/Credential.ts"
export { CredentialUnreadable, CredentialVault, VaultSecretTooShort } from "./credentials/CredentialVault.ts"
export { type FederatedAssertionSource, FederatedAssertions } from "./tokens/FederatedAssertions.ts"
export * as GraphCloud from "./wire/GraphCloud.ts"
export { defaultGraphLimits, GraphLimits } from "./wire/GraphLimits.ts"
export type { GraphTokens } from "./tokens/GraphTokens.ts"
export * as LiveGraph from "./LiveGraph.ts"
export { instanceMetadata, ManagedIdentityOrigins } from "./tokens/ManagedIdentityOrigins.ts"
export { ProviderConnection } from "./connections/ProviderConnection.ts"
export { ConnectionChoice, ProviderConnections, type UsableConnection } from "./connections/ProviderConnections.ts"
