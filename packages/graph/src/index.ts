/**
 * Microsoft Graph behind the port `Graph` of `@atlas/operations`. `LiveGraph` is the client that workers use.
 * `ConnectionAdministration` stores provider connections, `ProviderConnections` finds them, `CredentialVault` seals their
 * credentials, and `ConnectionCheck` is the operation that verifies them. Hosts compose these layers; flows see the port only.
 *
 * @module
 */

export { ConnectionAdministration, type ConnectionChange, type NewConnection } from "./ConnectionAdministration.ts"
export * as ConnectionCheck from "./ConnectionCheck.ts"
export { ConnectionCheckResult, ConnectionReport } from "./ConnectionReport.ts"
export type { ConnectionDetails, NewCredential } from "./ConnectionRules.ts"
export * as CredentialRotation from "./CredentialRotation.ts"
export { Credential, CredentialKind } from "./Credential.ts"
export { CredentialUnreadable, CredentialVault, VaultSecretTooShort } from "./CredentialVault.ts"
export { type FederatedAssertionSource, FederatedAssertions } from "./FederatedAssertions.ts"
export * as GraphCloud from "./GraphCloud.ts"
export { defaultGraphLimits, GraphLimits } from "./GraphLimits.ts"
export type { GraphTokens } from "./GraphTokens.ts"
export * as LiveGraph from "./LiveGraph.ts"
export { instanceMetadata, ManagedIdentityOrigins } from "./ManagedIdentityOrigins.ts"
export { ProviderConnection } from "./ProviderConnection.ts"
export { ConnectionChoice, ProviderConnections, type UsableConnection } from "./ProviderConnections.ts"
