import { Context, Effect, Layer, Redacted, Schema } from "effect"
import { Aead, Kdf, SecureRandom } from "effect/crypto"
import { Hex } from "effect/encoding"

/** The host's secret is too short to derive a key from. */
export class VaultSecretTooShort extends Schema.TaggedError<VaultSecretTooShort>()("VaultSecretTooShort", {}) {
  override get message(): string {
    return "The secret that credentials are sealed with needs at least 32 bytes"
  }
}

/** A sealed credential does not open: another secret sealed it, or it was changed or moved to another connection. */
export class CredentialUnreadable extends Schema.TaggedError<CredentialUnreadable>()("CredentialUnreadable", {}) {
  override get message(): string {
    return "The stored credential cannot be opened with the host's secrets: give the host the secret that sealed it as an earlier one, or replace the credential"
  }
}

const nonceLength = Aead.aes256Gcm.nonceLength
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A credential as it is stored. */
export interface Sealed {
  /** Which key sealed it; null where the first version of Atlas did, which had one key and noted none. */
  readonly keyId: string | null
  readonly bytes: Uint8Array
}

interface VaultKey {
  readonly id: string
  readonly key: Aead.Key
}

/** The key of a host's secret, and a name for it that tells nothing about it. */
const keyOf = Effect.fnUntraced(function* (secret: Redacted.Redacted) {
  const bytes = encode(Redacted.value(secret))
  if (bytes.length < 32) return yield* new VaultSecretTooShort()
  const kdf = yield* Kdf.Kdf
  const derive = (info: string, length: number) =>
    Effect.orDie(kdf.derive(Kdf.hkdfSha256, bytes, { salt: encode("@atlas/graph"), info: encode(info), length }))
  const material = yield* derive("provider connection credentials", Aead.aes256Gcm.keyLength)
  const vaultKey: VaultKey = {
    id: Hex.encode(yield* derive("provider connection key id", 8)),
    key: yield* Effect.orDie(Aead.key(Aead.aes256Gcm, material))
  }
  return vaultKey
})

/** Seals credentials for storage with AES-256-GCM. A sealed value is nonce, ciphertext and tag in one piece. */
export class CredentialVault extends Context.Service<
  CredentialVault,
  {
    /** The key that seals; what another one sealed is due to be sealed again. */
    readonly keyId: string

    /**
     * Seals a credential.
     *
     * @param owner what it belongs to; it opens for the same owner only
     * @param credential what to seal
     */
    seal(owner: string, credential: Redacted.Redacted): Effect.Effect<Sealed & { readonly keyId: string }>

    /**
     * Opens a sealed credential.
     *
     * @param owner as it was sealed for
     * @param sealed from `seal`
     */
    open(owner: string, sealed: Sealed): Effect.Effect<Redacted.Redacted, CredentialUnreadable>
  }
>()("@atlas/graph/CredentialVault") {
  /**
   * A vault whose keys come from the host's secrets by HKDF.
   *
   * @param secret seals and opens; at least 32 bytes, fails with `VaultSecretTooShort` otherwise
   * @param previous earlier secrets of the host, which open what they sealed; each as long
   */
  static readonly layer = (
    secret: Redacted.Redacted,
    previous: ReadonlyArray<Redacted.Redacted> = []
  ): Layer.Layer<CredentialVault, VaultSecretTooShort> =>
    Layer.effect(
      CredentialVault,
      Effect.gen(function* () {
        const aead = yield* Aead.Aead
        const random = yield* SecureRandom.SecureRandom
        const current = yield* keyOf(secret)
        const keys = [current, ...(yield* Effect.forEach(previous, keyOf))]

        const seal = Effect.fn("CredentialVault.seal")(function* (owner: string, credential: Redacted.Redacted) {
          const nonce = yield* random.randomBytes(nonceLength)
          const sealed = yield* aead.encrypt(current.key, encode(Redacted.value(credential)), {
            nonce,
            aad: encode(owner)
          })
          return { keyId: current.id, bytes: Uint8Array.from([...nonce, ...sealed]) }
        }, Effect.orDie)

        const open = Effect.fn("CredentialVault.open")(
          function* (owner: string, { bytes, keyId }: Sealed) {
            const nonce = bytes.subarray(0, nonceLength)
            const known = keys.filter(({ id }) => keyId === null || id === keyId)
            if (known.length === 0) return yield* new CredentialUnreadable()
            const opened = yield* Effect.firstSuccessOf(
              known.map(({ key }) => aead.decrypt(key, bytes.subarray(nonceLength), { nonce, aad: encode(owner) }))
            )
            return Redacted.make(new TextDecoder().decode(opened), { label: "credential" })
          },
          Effect.mapError(() => new CredentialUnreadable())
        )

        return CredentialVault.of({ keyId: current.id, seal, open })
      })
    ).pipe(Layer.provide([Aead.layerWebCrypto, Kdf.layerWebCrypto]), Layer.provide(SecureRandom.layerWebCrypto))
}
