import { generateKeyPairSync } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Redacted, Result } from "effect"
import * as Certificate from "../../src/credentials/Certificate.ts"
import { SelfSigned } from "@atlas/test"

const { certificate, keyPair, privatePem } = SelfSigned

const now = DateTime.makeUnsafe("2026-11-24T00:00:00Z")
const keys = keyPair()
const pem = certificate(keys)

const parse = (certificatePem: string, keyPem: string) => Certificate.parse(certificatePem, Redacted.make(keyPem), now)

describe("Certificate", () => {
  it("takes a certificate with its key, and tells its thumbprint and end", () => {
    const parsed = Result.getOrThrow(
      parse(`Bag Attributes\r\n${pem.replaceAll("\n", "\r\n")}`, privatePem(keys.privateKey))
    )
    assert.match(parsed.thumbprint, /^[\dA-F]{64}$/)
    assert.strictEqual(DateTime.formatIso(parsed.expiresAt), "2099-01-01T00:00:00.000Z")
    assert.strictEqual(parsed.credential.certificate, pem)
    assert.strictEqual(Certificate.thumbprint(parsed.credential.certificate), parsed.thumbprint)
  })

  const ended = certificate(keys, "2026-11-23T00:00:00Z")
  const weak = keyPair(1024)
  const elliptic = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const locked = keys.privateKey
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "open" })
    .toString()
  const cases: ReadonlyArray<readonly [string, string, string, ReadonlyArray<RegExp>]> = [
    ["no PEM at all", "certificate", "key", [/certificate cannot be read/, /private key cannot be read/]],
    ["an expired certificate", ended, privatePem(keys.privateKey), [/expired on 2026-11-23/]],
    ["another key", pem, privatePem(keyPair().privateKey), [/does not belong/]],
    ["a locked key", pem, locked, [/passphrase/]],
    ["a short key", certificate(weak), privatePem(weak.privateKey), [/2048 bits/]],
    ["an elliptic key", pem, privatePem(elliptic.privateKey), [/2048 bits/, /does not belong/]]
  ]
  it.each(cases)("refuses %s, naming every problem", (_name, certificatePem, keyPem, expected) => {
    const problems = Result.getOrThrow(Result.flip(parse(certificatePem, keyPem)))
    assert.lengthOf(problems, expected.length)
    expected.forEach((pattern, index) => assert.match(problems[index] ?? "", pattern))
  })
})
