import { generateKeyPairSync, type KeyObject, sign } from "node:crypto"

const der = (tag: number, ...parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const content = Buffer.concat(parts)
  const size = content.length
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

const hex = (text: string) => Buffer.from(text, "hex")
const sequence = (...parts: ReadonlyArray<Uint8Array>) => der(0x30, ...parts)

/** sha256WithRSAEncryption */
const algorithm = sequence(hex("06092a864886f70d01010b"), hex("0500"))
const name = sequence(der(0x31, sequence(hex("0603550403"), der(0x0c, Buffer.from("atlas")))))
const time = (iso: string) => der(0x18, Buffer.from(`${iso.replace(/[-:T]/g, "").slice(0, 14)}Z`))

/** An RSA key pair. */
export const keyPair = (modulusLength = 2048) => generateKeyPairSync("rsa", { modulusLength })

/** A private key as PEM. */
export const privatePem = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString()

/** What a TLS server on 127.0.0.1 needs: subjectAltName (RFC 5280, section 4.2.1.6). */
const loopbackName = der(
  0xa3,
  sequence(sequence(hex("0603551d11"), der(0x04, sequence(der(0x87, Uint8Array.of(127, 0, 0, 1))))))
)

/** A self-signed certificate as PEM, for 127.0.0.1, until a time such as `2099-01-01T00:00:00Z`. */
export const certificate = (
  { privateKey, publicKey }: { readonly privateKey: KeyObject; readonly publicKey: KeyObject },
  until = "2099-01-01T00:00:00Z"
): string => {
  const content = sequence(
    der(0xa0, hex("020102")),
    hex("020101"),
    algorithm,
    name,
    sequence(time("1960-01-01T00:00:00Z"), time(until)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    loopbackName
  )
  const signature = der(0x03, hex("00"), sign("sha256", content, privateKey))
  const lines =
    Buffer.from(sequence(content, algorithm, signature))
      .toString("base64")
      .match(/.{1,64}/g) ?? []
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n")
}
