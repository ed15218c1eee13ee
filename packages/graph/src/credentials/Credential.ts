/**
 * The four ways in which an app proves to Entra ID that it is itself, and how a credential becomes the text that a
 * `CredentialVault` seals. Whatever is secret in a credential is `Redacted`, so no log or error shows it.
 *
 * @module
 */
import { Effect, Redacted, Schema } from "effect"
import type { CredentialUnreadable, CredentialVault, Sealed } from "./CredentialVault.ts"

const Secret = Schema.RedactedFromValue(Schema.NonEmptyString)

/** A secret of the app registration. */
const ClientSecret = Schema.Struct({ kind: Schema.Literal("client_secret"), secret: Secret })

/** A certificate of the app registration, with its private key; both PEM, as `Certificate.parse` returns them. */
const ClientCertificate = Schema.Struct({
  kind: Schema.Literal("certificate"),
  /** The app's certificate, then its chain if there is one. */
  certificate: Schema.NonEmptyString,
  privateKey: Secret
})

/**
 * The identity of the machine that Atlas runs on. The connection's client id names a user-assigned one.
 *
 * @see https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview
 */
const ManagedIdentity = Schema.Struct({
  kind: Schema.Literal("managed_identity"),
  assigned: Schema.Literals(["system", "user"])
})

/**
 * An assertion of another identity provider that the app registration trusts. `FederatedAssertions` supplies it.
 *
 * @see https://learn.microsoft.com/entra/workload-id/workload-identity-federation
 */
const Federated = Schema.Struct({ kind: Schema.Literal("federated") })

/** A credential of one of the four kinds. */
export const Credential = Schema.Union([ClientSecret, ClientCertificate, ManagedIdentity, Federated])
export type Credential = typeof Credential.Type

/** The name of each kind. */
export const CredentialKind = Schema.Literals(["client_secret", "certificate", "managed_identity", "federated"])
export type CredentialKind = typeof CredentialKind.Type

const Json = Schema.fromJsonString(Credential)
const encode = Schema.encodeEffect(Json)
const decode = Schema.decodeEffect(Json)

type Vault = CredentialVault["Service"]

/** Seals a credential for storage. It opens for the same connection only. */
export const seal = (vault: Vault, connectionId: string, credential: Credential) =>
  encode(credential).pipe(
    Effect.orDie,
    Effect.flatMap((text) => vault.seal(connectionId, Redacted.make(text)))
  )

/** Opens a stored credential. The first version of Atlas knew only client secrets and sealed them bare; these open too. */
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
