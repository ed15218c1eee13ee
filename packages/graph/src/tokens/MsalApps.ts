/**
 * Asks msal for one app-only token, past msal's caches and retries.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks"
import type { GraphError } from "@atlas/operations"
import {
  type AuthenticationResult,
  ConfidentialClientApplication,
  type INetworkModule,
  ManagedIdentityApplication,
  type NodeAuthOptions
} from "@azure/msal-node"
import { Effect, Redacted } from "effect"
import * as Certificate from "../credentials/Certificate.ts"
import type { Credential } from "../credentials/Credential.ts"
import type { FederatedAssertionSource } from "./FederatedAssertions.ts"
import type { GraphCloud } from "../wire/GraphCloud.ts"
import type { UsableConnection } from "../connections/ProviderConnections.ts"

/** One token to ask for. */
export interface TokenWish {
  readonly usable: UsableConnection
  readonly cloud: GraphCloud
  readonly correlationId: string
  /** What a claims challenge asked for, as JSON. */
  readonly claims: string | undefined
  readonly networkClient: INetworkModule
  /** Supplies federated assertions. */
  readonly assertions: FederatedAssertionSource
}

type Answer = AuthenticationResult | null
type ManagedIdentity = Extract<Credential, { readonly kind: "managed_identity" }>
type AppCredential = Exclude<Credential, ManagedIdentity>

// msal keeps the first network that a managed identity got, for the whole process. So all of them get this one, which passes
// each request to the network of the current token request.
const network = new AsyncLocalStorage<INetworkModule>()
const current = (): INetworkModule => {
  const found = network.getStore()
  if (found === undefined) throw new Error("msal sent a request outside of a token request")
  return found
}
const sharedNetwork: INetworkModule = {
  sendGetRequestAsync: (...request) => current().sendGetRequestAsync(...request),
  sendPostRequestAsync: (...request) => current().sendPostRequestAsync(...request)
}

const askMachine = ({ claims, cloud, networkClient, usable }: TokenWish, { assigned }: ManagedIdentity) =>
  network.run(networkClient, () =>
    new ManagedIdentityApplication({
      clientCapabilities: ["CP1"],
      ...(assigned === "user" ? { managedIdentityIdParams: { userAssignedClientId: usable.connection.clientId } } : {}),
      system: { networkClient: sharedNetwork, disableInternalRetries: true }
    }).acquireToken({ resource: cloud.graphOrigin, ...(claims === undefined ? { forceRefresh: true } : { claims }) })
  )

type Proof = Pick<NodeAuthOptions, "clientSecret" | "clientCertificate" | "clientAssertion">

const proofOf = (credential: AppCredential, wish: TokenWish): Effect.Effect<Proof, GraphError> => {
  switch (credential.kind) {
    case "client_secret":
      return Effect.succeed({ clientSecret: Redacted.value(credential.secret) })
    case "certificate":
      return Effect.succeed({
        clientCertificate: {
          thumbprintSha256: Certificate.thumbprint(credential.certificate),
          privateKey: Redacted.value(credential.privateKey),
          x5c: credential.certificate
        }
      })
    case "federated":
      return Effect.map(wish.assertions(wish.usable.connection), (assertion) => ({
        clientAssertion: Redacted.value(assertion)
      }))
  }
}

// One msal app per token, not per connection: it costs about a millisecond, and nothing stays in memory.
const askLogin = async (
  { claims, cloud, correlationId, networkClient, usable: { connection } }: TokenWish,
  proof: Proof
) => {
  const { host } = new URL(cloud.loginOrigin)
  return new ConfidentialClientApplication({
    auth: {
      ...proof,
      clientId: connection.clientId,
      authority: `https://${host}/${encodeURIComponent(connection.entraTenantId)}`,
      knownAuthorities: [host],
      // Declares that the client answers claims challenges, so that Entra may revoke access at once.
      clientCapabilities: ["CP1"]
    },
    system: { networkClient, disableInternalRetries: true }
  }).acquireTokenByClientCredential({
    scopes: [`${cloud.graphOrigin}/.default`],
    correlationId,
    skipCache: true,
    ...(claims === undefined ? {} : { claims })
  })
}

/** Asks for one token. Returns null if msal found none in the answer. Fails if the host supplies no assertion. */
export const ask = (wish: TokenWish): Effect.Effect<Answer, GraphError> =>
  Effect.gen(function* () {
    const { credential } = wish.usable
    if (credential.kind === "managed_identity") {
      return yield* Effect.tryPromise(() => askMachine(wish, credential)).pipe(Effect.orElseSucceed((): Answer => null))
    }
    const proof = yield* proofOf(credential, wish)
    return yield* Effect.tryPromise(() => askLogin(wish, proof)).pipe(Effect.orElseSucceed((): Answer => null))
  })
