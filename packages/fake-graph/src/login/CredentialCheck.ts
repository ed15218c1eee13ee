/**
 * Checks client secrets, certificates and federated assertions as Entra ID does, and refuses them with its numbers.
 *
 * @module
 */
import { constants, createPublicKey, type KeyObject, verify, X509Certificate } from "node:crypto"
import { DateTime, Option, Result, Schema } from "effect"
import { Base64Url } from "effect/encoding"
import type { FakeTenant } from "../tenant/FakeTenant.ts"

/** Why Entra ID refuses a credential. */
export interface FakeRefusal {
  readonly number: number
  readonly message: string
}

const Header = Schema.fromJsonString(
  Schema.Struct({ alg: Schema.Literals(["RS256", "PS256"]), "x5t#S256": Schema.optionalKey(Schema.String) })
)
const Payload = Schema.fromJsonString(
  Schema.Struct({ iss: Schema.String, sub: Schema.String, aud: Schema.String, exp: Schema.Finite })
)

interface Assertion {
  readonly header: typeof Header.Type
  readonly payload: typeof Payload.Type
  readonly signed: string
  readonly signature: Uint8Array
}

const part = <S extends Schema.Decoder<unknown>>(schema: S, text: string): Option.Option<S["Type"]> =>
  Option.flatMap(Result.getSuccess(Base64Url.decodeString(text)), Schema.decodeUnknownOption(schema))

const parse = (jwt: string): Assertion | undefined => {
  const [header = "", payload = "", signature = ""] = jwt.split(".")
  const parsed = Option.all({
    header: part(Header, header),
    payload: part(Payload, payload),
    signature: Result.getSuccess(Base64Url.decode(signature))
  })
  return Option.getOrUndefined(Option.map(parsed, (found) => ({ ...found, signed: `${header}.${payload}` })))
}

const isSignedBy = (key: KeyObject, { header, signature, signed }: Assertion): boolean =>
  verify(
    "sha256",
    Buffer.from(signed),
    header.alg === "RS256"
      ? key
      : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
    signature
  )

/** A certificate must be the one that the assertion names, and still valid. A bare key has no name and no end. */
const isOf = (pem: string, assertion: Assertion, now: number): boolean => {
  if (!pem.includes("BEGIN CERTIFICATE")) return isSignedBy(createPublicKey(pem), assertion)
  const certificate = new X509Certificate(pem)
  const thumbprint = Base64Url.encode(Buffer.from(certificate.fingerprint256.replaceAll(":", ""), "hex"))
  return (
    thumbprint === (assertion.header["x5t#S256"] ?? thumbprint) &&
    DateTime.toEpochMillis(DateTime.makeUnsafe(certificate.validTo)) > now &&
    isSignedBy(certificate.publicKey, assertion)
  )
}

const badCertificate = (why: string): FakeRefusal => ({
  number: 700027,
  message: `The certificate with identifier used to sign the client assertion is not registered on application. ${why}`
})

/** @see https://learn.microsoft.com/entra/identity-platform/certificate-credentials */
const certificateRefusal = (
  { clientId, credentials }: FakeTenant,
  assertion: Assertion,
  audience: string,
  now: number
): FakeRefusal | undefined => {
  const { aud, exp, sub } = assertion.payload
  if (sub !== clientId) return badCertificate("Its sub is not the application's client id.")
  if (aud !== audience) return badCertificate(`Its aud is not ${audience}.`)
  if (exp * 1000 <= now) return badCertificate("It expired.")
  return credentials.certificates?.some((pem) => isOf(pem, assertion, now)) === true
    ? undefined
    : badCertificate("No registered certificate matches its signature.")
}

/** @see https://learn.microsoft.com/entra/workload-id/workload-identity-federation */
const federationRefusal = (
  { credentials: { federated = [] } }: FakeTenant,
  assertion: Assertion,
  now: number
): FakeRefusal | undefined => {
  const { aud, exp, iss, sub } = assertion.payload
  const none = "No matching federated identity record found for presented assertion"
  const ofIssuer = federated.filter(({ issuer }) => issuer === iss)
  if (ofIssuer.length === 0) return { number: 700211, message: `${none} issuer '${iss}'.` }
  const ofSubject = ofIssuer.filter(({ subject }) => subject === sub)
  if (ofSubject.length === 0) return { number: 700213, message: `${none} subject '${sub}'.` }
  const identity = ofSubject.find(({ audience = "api://AzureADTokenExchange" }) => audience === aud)
  if (identity === undefined) return { number: 700212, message: `${none} audience '${aud}'.` }
  if (exp * 1000 <= now) return { number: 700024, message: "Client assertion is not within its valid time range." }
  return isSignedBy(createPublicKey(identity.publicKey), assertion)
    ? undefined
    : { number: 50013, message: "Assertion failed signature validation." }
}

const secretRefusal = (tenant: FakeTenant, secret: string, now: number): FakeRefusal | undefined => {
  if (secret === tenant.clientSecret) return undefined
  const known = tenant.credentials.secrets?.find(({ value }) => value === secret)
  if (known === undefined) return { number: 7000215, message: "Invalid client secret provided." }
  const { expiresAt } = known
  return expiresAt === undefined || DateTime.toEpochMillis(DateTime.makeUnsafe(expiresAt)) > now
    ? undefined
    : { number: 7000222, message: "The provided client secret keys are expired." }
}

/**
 * Checks the credential in a token request's form. Returns why it is refused; undefined if it is accepted.
 *
 * @param audience the token endpoint, which an assertion signed by a certificate must name
 * @param now epoch milliseconds
 */
export const refusalOf = (
  tenant: FakeTenant,
  form: URLSearchParams,
  audience: string,
  now: number
): FakeRefusal | undefined => {
  const secret = form.get("client_secret")
  if (secret !== null) return secretRefusal(tenant, secret, now)
  const jwt = form.get("client_assertion")
  if (jwt === null || form.get("client_assertion_type") !== "urn:ietf:params:oauth:client-assertion-type:jwt-bearer") {
    return {
      number: 7000218,
      message: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
    }
  }
  const assertion = parse(jwt)
  if (assertion === undefined) return { number: 50027, message: "JWT token is invalid or malformed." }
  return assertion.payload.iss === tenant.clientId
    ? certificateRefusal(tenant, assertion, audience, now)
    : federationRefusal(tenant, assertion, now)
}
