import { Schema } from "effect"

const Secret = Schema.RedactedFromValue(Schema.NonEmptyString, { label: "credential" })

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
