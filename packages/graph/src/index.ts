export { Credential, CredentialKind } from "./Credential.ts"
export { CredentialUnreadable, CredentialVault, VaultSecretTooShort } from "./CredentialVault.ts"
export { type FederatedAssertionSource, FederatedAssertions } from "./FederatedAssertions.ts"
export * as GraphCloud from "./GraphCloud.ts"
export { defaultGraphLimits, GraphLimits } from "./GraphLimits.ts"
export * as LiveGraph from "./LiveGraph.ts"
export { instanceMetadata, ManagedIdentityOrigins } from "./ManagedIdentityOrigins.ts"
export {
  type NewConnection,
  ProviderConnection,
  ProviderConnections,
  type UsableConnection
} from "./ProviderConnections.ts"
