import { readFile } from "node:fs/promises"
import { FederatedAssertions, instanceMetadata, ManagedIdentityOrigins } from "@atlas/graph"
import { GraphError } from "@atlas/operations"
import { Config, Effect, Layer, Option, Redacted } from "effect"

const unreadable = new GraphError({
  reasonCode: "provider_auth_unavailable",
  message: "The file that AZURE_FEDERATED_TOKEN_FILE names cannot be read: check that it is mounted."
})

/** The file is read for every token, because the platform replaces it every few minutes. */
const assertions = Layer.unwrap(
  Effect.map(Config.option(Config.NonEmptyString("AZURE_FEDERATED_TOKEN_FILE")), (path) =>
    Option.match(path, {
      onNone: () => Layer.empty,
      onSome: (file) =>
        Layer.succeed(FederatedAssertions, () =>
          Effect.tryPromise({ try: () => readFile(file, "utf8"), catch: () => unreadable }).pipe(
            Effect.map((text) => Redacted.make(text.trim()))
          )
        )
    })
  )
)

/** Besides the metadata service of virtual machines, exactly the origin that App Service names. */
const origins = Layer.effect(
  ManagedIdentityOrigins,
  Effect.map(Config.option(Config.NonEmptyString("IDENTITY_ENDPOINT")), (endpoint) => {
    const origin = URL.parse(Option.getOrElse(endpoint, () => ""))?.origin
    return origin === undefined || origin === "null" ? [instanceMetadata] : [instanceMetadata, origin]
  })
)

/**
 * What the machine offers to connections without a secret: the assertions of Kubernetes' workload identity, and managed
 * identities. Azure sets the variables.
 *
 * @see https://learn.microsoft.com/azure/aks/workload-identity-overview
 * @see https://learn.microsoft.com/azure/app-service/overview-managed-identity
 */
export const layer = Layer.mergeAll(assertions, origins)
