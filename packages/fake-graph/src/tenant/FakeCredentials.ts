import type { DateTime } from "effect"

/** What an app of a fake tenant may prove itself with, besides its `clientSecret`. */
export interface FakeCredentials {
  /** More client secrets. One that expired is told apart from a wrong one. */
  readonly secrets?: ReadonlyArray<{ readonly value: string; readonly expiresAt?: DateTime.DateTime.Input }>
  /** Certificates, or bare public keys, as PEM. */
  readonly certificates?: ReadonlyArray<string>
  /** Whose assertions are accepted in place of a secret: workload identity federation. */
  readonly federated?: ReadonlyArray<FakeFederation>
  /** The client id of a managed identity in this tenant, with the tenant's permissions. */
  readonly managedIdentity?: string
}

/** A federated identity: who asserts it, of whom, and for which audience. */
export interface FakeFederation {
  readonly issuer: string
  readonly subject: string
  /** Default `api://AzureADTokenExchange`. */
  readonly audience?: string
  /** The issuer's public key, as PEM. */
  readonly publicKey: string
}
