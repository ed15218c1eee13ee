/**
 * The credentials that a fake tenant's app has besides its `clientSecret`, to test token requests that Entra ID would accept or
 * refuse. `FakeTenantOptions.credentials` takes them.
 *
 * @module
 */
import type { DateTime } from "effect"

/** The further credentials of an app. */
export interface FakeCredentials {
  /** More client secrets. An expired one is refused with another number than a wrong one. */
  readonly secrets?: ReadonlyArray<{ readonly value: string; readonly expiresAt?: DateTime.DateTime.Input }>
  /** Certificates, or bare public keys, as PEM. */
  readonly certificates?: ReadonlyArray<string>
  /** The identities whose assertions are accepted in place of a secret: workload identity federation. */
  readonly federated?: ReadonlyArray<FakeFederation>
  /** The client id of a managed identity in this tenant. It has the permissions of the tenant's app. */
  readonly managedIdentity?: string
}

/** A federated identity: who asserts it, for whom, and for which audience. */
export interface FakeFederation {
  readonly issuer: string
  readonly subject: string
  /** Default `api://AzureADTokenExchange`. */
  readonly audience?: string
  /** The issuer's public key, as PEM. */
  readonly publicKey: string
}
