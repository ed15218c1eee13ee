import { CredentialVault } from "@atlas/graph"
import { PolicySecrets } from "@atlas/intune"
import { Effect, Layer } from "effect"

/** Seals secrets in policies with the keys that seal credentials. Their owners keep the two apart. */
export const policySecrets: Layer.Layer<PolicySecrets, never, CredentialVault> = Layer.effect(
  PolicySecrets,
  Effect.map(CredentialVault, PolicySecrets.sealedBy)
)
