/**
 * The port through which a host seals the secrets in policies, such as keys of Wi-Fi networks, before Atlas stores them. Atlas
 * never shows them; it opens one only to write a policy back, or to seal it with another key.
 *
 * @module
 */

import { Context, Effect, type Redacted, Schema } from "effect"

/** A secret as it is stored, and which of the host's keys sealed it. */
export interface SealedSecret {
  readonly keyId: string
  readonly bytes: Uint8Array
}

/** A stored secret does not open: another key sealed it, or it was changed or moved. */
export class PolicySecretUnreadable extends Schema.TaggedError<PolicySecretUnreadable>()("PolicySecretUnreadable", {}) {
  override get message(): string {
    return "A stored secret cannot be opened with the host's keys: give the host the secret that sealed it"
  }
}

/** What seals and opens secrets for their owners. */
interface SealingVault {
  readonly keyId: string
  seal(owner: string, secret: Redacted.Redacted): Effect.Effect<SealedSecret>
  open(owner: string, sealed: SealedSecret): Effect.Effect<Redacted.Redacted, unknown>
}

/** Seals and opens secrets with the host's keys, for example those of `CredentialVault` of `@atlas/graph`. */
export class PolicySecrets extends Context.Service<
  PolicySecrets,
  {
    /** The key that seals now. What another one sealed is due to be sealed again. */
    readonly keyId: string
    /** Seals a secret; it opens for the same owner only. */
    seal(owner: string, secret: Redacted.Redacted): Effect.Effect<SealedSecret>
    /** Opens what `seal` made. */
    open(owner: string, sealed: SealedSecret): Effect.Effect<Redacted.Redacted, PolicySecretUnreadable>
  }
>()("@atlas/intune/PolicySecrets") {
  /** Secrets that are sealed by a vault such as `CredentialVault`, whichever way it says that one does not open. */
  static readonly sealedBy = ({ keyId, open, seal }: SealingVault): PolicySecrets["Service"] =>
    PolicySecrets.of({
      keyId,
      seal,
      open: (owner, sealed) => Effect.mapError(open(owner, sealed), () => new PolicySecretUnreadable())
    })
}
