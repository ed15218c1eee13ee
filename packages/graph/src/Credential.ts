import { Effect, Redacted, Schema } from "effect"
import type { CredentialUnreadable, CredentialVault, Sealed } from "./CredentialVault.ts"

const Secret = Schema.RedactedFromValue(Schema.NonEmptyString)

/** A secret of the app registration. */
const ClientSecret = Schema.Struct({ kind: Schema.Literal("client_secret"), secret: Secret })

/** A certificate of the app registration, with its private key; both PEM, as `Certificate.parse` returns them. */
const ClientCertificate = Schema.Struct({
  kind: Schema.Literal("certificate"),
  /** The app's certificate, and the chain above it where there is one. */
  certificate: Schema.NonEmptyString,
  privateKey: Secret
})

/**
 * The identity of the machine that Atlas runs on. A user-assigned one is named by the connection's client id.
 *
 * @see https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview
 */
const ManagedIdentity = Schema.Struct({
  kind: Schema.Literal("managed_identity"),
  assigned: Schema.Literals(["system", "user"])
})

/**
 * An assertion of another identity provider that the app registration trusts; `FederatedAssertions` supplies it.
 *
 * @see https://learn.microsoft.com/entra/workload-id/workload-identity-federation
 */
const Federated = Schema.Struct({ kind: Schema.Literal("federated") })

/** How an app proves to Entra ID that it is itself. What is secret in it is redacted. */
export const Credential = Schema.Union([ClientSecret, ClientCertificate, ManagedIdentity, Federated])
export type Credential = typeof Credential.Type

/** The kinds of credentials. */
export const CredentialKind = Schema.Literals(["client_secret", "certificate", "managed_identity", "federated"])
export type CredentialKind = typeof CredentialKind.Type

const Json = Schema.fromJsonString(Credential)
const encode = Schema.encodeEffect(Json)
const decode = Schema.decodeEffect(Json)

type Vault = CredentialVault["Service"]

/**
 * A credential as it is stored.
 *
 * @param vault seals it
 * @param connectionId for which it opens again
 * @param credential what to seal
 */
export const seal = (vault: Vault, connectionId: string, credential: Credential) =>
  encode(credential).pipe(
    Effect.orDie,
    Effect.flatMap((text) => vault.seal(connectionId, Redacted.make(text)))
  )

/**
 * A stored credential, also one that the first version of Atlas stored: it knew client secrets only, and kept them bare.
 *
 * @param vault opens it
 * @param connectionId for which it was sealed
 * @param sealed as stored
 */
export const unseal = (
  vault: Vault,
  connectionId: string,
  sealed: Sealed
): Effect.Effect<Credential, CredentialUnreadable> =>
  Effect.flatMap(vault.open(connectionId, sealed), (opened): Effect.Effect<Credential> =>
    sealed.keyId === null
      ? Effect.succeed({ kind: "client_secret", secret: opened })
      : Effect.orDie(decode(Redacted.value(opened)))
  )
