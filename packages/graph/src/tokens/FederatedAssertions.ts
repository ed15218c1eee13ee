/**
 * Where a host plugs in workload identity federation. For each token of a federated connection, the client asks this reference
 * for an assertion of another identity provider. The default fails, so a host without a source cannot use such connections.
 *
 * @module
 */
import { GraphError } from "@atlas/operations"
import { Context, Effect, type Redacted } from "effect"
import type { ProviderConnection } from "../connections/ProviderConnection.ts"

/**
 * Supplies the assertion for a federated connection, anew for every token, since assertions live for minutes. Runs that use
 * the connection fail with the reason that the source fails with.
 */
export type FederatedAssertionSource = (connection: ProviderConnection) => Effect.Effect<Redacted.Redacted, GraphError>

/** The host's source of federated assertions. */
export const FederatedAssertions = Context.Reference<FederatedAssertionSource>("@atlas/graph/FederatedAssertions", {
  defaultValue: () => () =>
    Effect.fail(
      new GraphError({
        reasonCode: "provider_credential_missing",
        message: "This host supplies no federated assertions: choose another kind of credential, or configure a source."
      })
    )
})
