import { GraphError } from "@atlas/operations"
import { Context, Effect, type Redacted } from "effect"
import type { ProviderConnection } from "./ProviderConnection.ts"

/**
 * Supplies the assertion for a connection whose credential is federated; asked for every token, since assertions live
 * for minutes. Fails with the reason that the connection's runs then fail with.
 */
export type FederatedAssertionSource = (connection: ProviderConnection) => Effect.Effect<Redacted.Redacted, GraphError>

/** Where federated assertions come from. A host without a source has no use for federated connections. */
export const FederatedAssertions = Context.Reference<FederatedAssertionSource>("@atlas/graph/FederatedAssertions", {
  defaultValue: () => () =>
    Effect.fail(
      new GraphError({
        reasonCode: "provider_credential_missing",
        message: "This host supplies no federated assertions: choose another kind of credential, or configure a source."
      })
    )
})
