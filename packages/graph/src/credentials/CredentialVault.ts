/**
 * Seals credentials with AES-256-GCM, under keys that HKDF derives from the host's secrets. A sealed value opens only for
 * the owner that it was sealed for. `ConnectionAdministration` seals and `ProviderConnections` opens; a host may seal secrets
 * of its own as well.
 *
 * @module
 */
import { Context, Effect, Layer, Redacted, Schema } from "effect"
import { Aead, Kdf, SecureRandom } from "effect/crypto"
import { Hex } from "effect/encoding"

/** A secret of the host is too short for a key. */
export class VaultSecretTooShort extends Schema.TaggedError<VaultSecretTooShort>()("VaultSecretTooShort", {}) {
  override get message(): string {
    return "The secret that seals credentials must have at least 32 bytes"
  }
}

/** A sealed credential does not open: an unknown secret sealed it, or it was changed or moved to another connection. */
export class CredentialUnreadable extends Schema.TaggedError<CredentialUnreadable>()("CredentialUnreadable", {}) {
  override get message(): string {
    return "No secret of the host opens the stored credential: give the host the secret that sealed it as an earlier one, or replace the credential"
  }
}

const nonceLength = Aead.aes256Gcm.nonceLength
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A credential as it is stored. */
export interface Sealed {
  /** The key that sealed it. Null from the first version of Atlas, which had one key and stored no id. */
  readonly keyId: string | null
  readonly bytes: Uint8Array
}

interface VaultKey {
  readonly id: string
  readonly key: Aead.Key
}

/** Derives a secret's key, and an id for the key that reveals nothing about it. */
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

/** Seals and opens credentials. A sealed value is nonce, ciphertext and tag in one piece. */
export class CredentialVault extends Context.Service<
  CredentialVault,
  {
    /** The id of the key that seals. A value with another id is due to be sealed again. */
    readonly keyId: string

    /** Seals a credential. It opens for the same `owner` only. */
    seal(owner: string, credential: Redacted.Redacted): Effect.Effect<Sealed & { readonly keyId: string }>

    /** Opens a sealed credential of this `owner`. */
    open(owner: string, sealed: Sealed): Effect.Effect<Redacted.Redacted, CredentialUnreadable>
  }
>()("@atlas/graph/CredentialVault") {
  /**
   * A vault with keys from the host's secrets. Each secret needs at least 32 bytes, or the layer fails with
   * `VaultSecretTooShort`.
   *
   * @param secret seals and opens
   * @param previous earlier secrets of the host, which only open what they sealed
   * @example
   * ```ts
   * const vault = CredentialVault.layer(Redacted.make("another secret of the host, 32 bytes"), [secret])
   * const { resealed, unreadable } = yield* Effect.provide(CredentialRotation.reseal, vault)
   * ```
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
