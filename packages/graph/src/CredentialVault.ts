import { Context, Effect, Layer, Redacted, Schema } from "effect"
import { Aead, Kdf, SecureRandom } from "effect/crypto"

/** The host's secret is too short to derive a key from. */
export class VaultSecretTooShort extends Schema.TaggedError<VaultSecretTooShort>()("VaultSecretTooShort", {}) {
  override get message(): string {
    return "The secret that credentials are sealed with needs at least 32 bytes"
  }
}

/** A sealed credential does not open: another secret sealed it, or it was changed or moved to another connection. */
export class CredentialUnreadable extends Schema.TaggedError<CredentialUnreadable>()("CredentialUnreadable", {}) {
  override get message(): string {
    return "The stored credential cannot be opened with the host's secret"
  }
}

const nonceLength = Aead.aes256Gcm.nonceLength
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Seals credentials for storage with AES-256-GCM. A sealed value is nonce, ciphertext and tag in one piece. */
export class CredentialVault extends Context.Service<
  CredentialVault,
  {
    /**
     * Seals a credential.
     *
     * @param owner what it belongs to; it opens for the same owner only
     * @param credential what to seal
     */
    seal(owner: string, credential: Redacted.Redacted): Effect.Effect<Uint8Array>

    /**
     * Opens a sealed credential.
     *
     * @param owner as it was sealed for
     * @param sealed from `seal`
     */
    open(owner: string, sealed: Uint8Array): Effect.Effect<Redacted.Redacted, CredentialUnreadable>
  }
>()("@atlas/graph/CredentialVault") {
  /**
   * A vault whose key comes from the host's secret by HKDF.
   *
   * @param secret at least 32 bytes; fails with `VaultSecretTooShort` otherwise
   */
  static readonly layer = (secret: Redacted.Redacted): Layer.Layer<CredentialVault, VaultSecretTooShort> =>
    Layer.effect(
      CredentialVault,
      Effect.gen(function* () {
        const bytes = encode(Redacted.value(secret))
        if (bytes.length < 32) return yield* new VaultSecretTooShort()
        const aead = yield* Aead.Aead
        const random = yield* SecureRandom.SecureRandom
        const key = yield* (yield* Kdf.Kdf)
          .derive(Kdf.hkdfSha256, bytes, {
            salt: encode("@atlas/graph"),
            info: encode("provider connection credentials"),
            length: Aead.aes256Gcm.keyLength
          })
          .pipe(
            Effect.flatMap((derived) => Aead.key(Aead.aes256Gcm, derived)),
            Effect.orDie
          )

        const seal = Effect.fn("CredentialVault.seal")(function* (owner: string, credential: Redacted.Redacted) {
          const nonce = yield* random.randomBytes(nonceLength)
          const sealed = yield* aead.encrypt(key, encode(Redacted.value(credential)), { nonce, aad: encode(owner) })
          return Uint8Array.from([...nonce, ...sealed])
        }, Effect.orDie)

        const open = Effect.fn("CredentialVault.open")(
          function* (owner: string, sealed: Uint8Array) {
            const nonce = sealed.subarray(0, nonceLength)
            const opened = yield* aead.decrypt(key, sealed.subarray(nonceLength), { nonce, aad: encode(owner) })
            return Redacted.make(new TextDecoder().decode(opened), { label: "credential" })
          },
          Effect.mapError(() => new CredentialUnreadable())
        )

        return CredentialVault.of({ seal, open })
      })
    ).pipe(Layer.provide([Aead.layerWebCrypto, Kdf.layerWebCrypto]), Layer.provide(SecureRandom.layerWebCrypto))
}
