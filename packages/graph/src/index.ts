export { CredentialUnreadable, CredentialVault, VaultSecretTooShort } from "./CredentialVault.ts"
export * as GraphCloud from "./GraphCloud.ts"
export { defaultGraphLimits, GraphLimits } from "./GraphLimits.ts"
export * as LiveGraph from "./LiveGraph.ts"
export {
  type NewConnection,
  ProviderConnection,
  ProviderConnections,
  type UsableConnection
} from "./ProviderConnections.ts"
