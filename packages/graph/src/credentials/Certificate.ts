/**
 * Reads a client certificate with its private key, and checks that Entra ID accepts the pair.
 *
 * @module
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto"
import { DateTime, Option, Redacted, Result } from "effect"
import type { Credential } from "./Credential.ts"

/** A checked certificate with its key, in the form that msal takes. */
export interface ParsedCertificate {
  readonly credential: Extract<Credential, { readonly kind: "certificate" }>
  /** SHA-256, in upper-case hex, as the Azure portal shows it. */
  readonly thumbprint: string
  readonly expiresAt: DateTime.Utc
}

const blocks = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

const certificatesIn = (pem: string): ReadonlyArray<X509Certificate> =>
  Result.try(() => (pem.match(blocks) ?? []).map((block) => new X509Certificate(block))).pipe(
    Result.getOrElse((): ReadonlyArray<X509Certificate> => [])
  )

const keyIn = (pem: string): Option.Option<KeyObject> => Result.getSuccess(Result.try(() => createPrivateKey(pem)))

const keyProblem = (pem: string, key: KeyObject | undefined): string | undefined => {
  if (/ENCRYPTED/.test(pem)) return "The private key is protected by a passphrase: provide it without one."
  if (key === undefined) return "The private key cannot be read: provide it in PEM form (-----BEGIN PRIVATE KEY-----)."
  // What Entra ID accepts for the signature that msal makes, PS256.
  if (key.asymmetricKeyType !== "rsa" || (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) {
    return "The private key must be an RSA key of at least 2048 bits."
  }
  return undefined
}

/** The certificate's SHA-256 thumbprint, in upper-case hex. */
const thumbprintOf = (certificate: X509Certificate): string => certificate.fingerprint256.replaceAll(":", "")

/** The thumbprint of a certificate that `parse` accepted; in `pem`, the app's certificate comes first. */
export const thumbprint = (pem: string): string => thumbprintOf(new X509Certificate(pem))

/**
 * Reads a certificate and its private key, or fails with every problem as a sentence.
 *
 * @param pem the app's certificate, then its chain if there is one
 * @param privateKey RSA, without a passphrase
 * @param now a certificate that expired before is refused
 */
export const parse = (
  pem: string,
  privateKey: Redacted.Redacted,
  now: DateTime.Utc
): Result.Result<ParsedCertificate, ReadonlyArray<string>> => {
  const chain = certificatesIn(pem)
  const [certificate] = chain
  const key = Option.getOrUndefined(keyIn(Redacted.value(privateKey)))
  const expiresAt = certificate && DateTime.fromDateUnsafe(certificate.validToDate)
  const ended = expiresAt !== undefined && DateTime.isLessThanOrEqualTo(expiresAt, now)
  const wrongKey = keyProblem(Redacted.value(privateKey), key)
  const problems = [
    certificate === undefined
      ? "The certificate cannot be read: provide it in PEM form (-----BEGIN CERTIFICATE-----)."
      : undefined,
    ended ? `The certificate expired on ${DateTime.formatIsoDateUtc(expiresAt)}: provide a newer one.` : undefined,
    wrongKey,
    certificate !== undefined && key !== undefined && !certificate.checkPrivateKey(key)
      ? "The private key does not belong to the certificate."
      : undefined
  ].filter((problem) => problem !== undefined)
  if (certificate === undefined || key === undefined || expiresAt === undefined || problems.length > 0) {
    return Result.fail(problems)
  }
  return Result.succeed({
    credential: {
      kind: "certificate",
      certificate: chain.map(String).join(""),
      privateKey: Redacted.make(String(key.export({ type: "pkcs8", format: "pem" })), { label: "credential" })
    },
    thumbprint: thumbprintOf(certificate),
    expiresAt
  })
}
