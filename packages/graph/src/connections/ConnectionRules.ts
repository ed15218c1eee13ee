/**
 * What a caller may enter for a connection, and the rules that it must meet. `ConnectionAdministration` applies them before it
 * stores anything, and reports every problem at once.
 *
 * @module
 */
import { Problems, Storable } from "@atlas/operations"
import { DateTime, Effect, Option, Redacted, Result, Schema } from "effect"
import * as Certificate from "../credentials/Certificate.ts"
import { Credential } from "../credentials/Credential.ts"
import { type GraphCloud, GraphClouds } from "../wire/GraphCloud.ts"

/** Where a connection leads: a cloud, an Entra tenant and an app. */
export const ConnectionDetails = Schema.Struct({
  displayName: Storable.Text,
  /** The name of a cloud in `GraphClouds`. */
  cloud: Storable.Text,
  /** The Entra tenant's id, or one of its domain names. */
  entraTenantId: Storable.Text,
  /** The client id of the app registration, or of a user-assigned managed identity. */
  clientId: Storable.Text
})
export type ConnectionDetails = typeof ConnectionDetails.Type

/** A credential to store. */
export const NewCredential = Schema.Struct({
  credential: Schema.toType(Credential),
  /** When a client secret expires, as the Azure portal shows it. A certificate names its own end; the others have none. */
  expiresAt: Schema.optionalKey(Schema.DateTimeUtc)
})
export type NewCredential = typeof NewCredential.Type

/** A credential that may be stored, with its expiry and thumbprint. */
export interface CheckedCredential {
  readonly credential: Credential
  readonly expiresAt: DateTime.Utc | null
  readonly thumbprint: string | null
}

type PartialDetails = { readonly [Name in keyof ConnectionDetails]?: ConnectionDetails[Name] | undefined }
type Issues = ReadonlyArray<Problems.InputIssue>

const guid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i
const domain = /^([a-z\d]([a-z\d-]{0,61}[a-z\d])?\.)+[a-z]{2,63}$/i

const issue = (pointer: string, detail: string): Issues => [{ pointer, detail }]

const detailIssues = (details: PartialDetails, clouds: ReadonlyArray<GraphCloud>): Issues => {
  const { clientId, cloud, displayName, entraTenantId } = details
  return [
    ...(displayName !== undefined && (displayName.trim() === "" || displayName.length > 200)
      ? issue("/displayName", "must have between 1 and 200 characters.")
      : []),
    ...(cloud !== undefined && !clouds.some(({ name }) => name === cloud)
      ? issue("/cloud", `must be one of ${clouds.map(({ name }) => name).join(", ")}.`)
      : []),
    ...(entraTenantId !== undefined && !guid.test(entraTenantId) && !domain.test(entraTenantId)
      ? issue("/entraTenantId", "must be the tenant's id, or one of its domain names such as contoso.onmicrosoft.com.")
      : []),
    ...(clientId !== undefined && !guid.test(clientId)
      ? issue("/clientId", "must be the client id of the app registration: 32 hexadecimal digits in five groups.")
      : [])
  ]
}

const secretIssues = (secret: string): Issues => {
  if (guid.test(secret)) return issue("/credential/secret", "is the secret's id: enter its value instead.")
  return /^[\x21-\x7e]{8,256}$/.test(secret)
    ? []
    : issue("/credential/secret", "must have between 8 and 256 characters, without spaces.")
}

const checkCredential = (
  { credential, expiresAt }: NewCredential,
  now: DateTime.Utc
): Result.Result<CheckedCredential, Issues> => {
  if (credential.kind === "certificate") {
    return Certificate.parse(credential.certificate, credential.privateKey, now).pipe(
      Result.mapError((problems) => problems.flatMap((detail) => issue("/credential", detail)))
    )
  }
  if (credential.kind !== "client_secret") return Result.succeed({ credential, expiresAt: null, thumbprint: null })
  const ended = expiresAt !== undefined && DateTime.isLessThanOrEqualTo(expiresAt, now)
  const issues = [
    ...secretIssues(Redacted.value(credential.secret)),
    ...(ended ? issue("/credential/expiresAt", "is in the past: create a new secret in the app registration.") : [])
  ]
  return issues.length === 0
    ? Result.succeed({ credential, expiresAt: expiresAt ?? null, thumbprint: null })
    : Result.fail(issues)
}

/**
 * Makes the function that checks the details of a connection and its credential, both optional. It returns the credential
 * as it may be stored, and fails with every problem at once.
 */
export const make = Effect.map(GraphClouds, (clouds) =>
  Effect.fnUntraced(function* (details: PartialDetails, given: NewCredential | undefined) {
    const now = yield* DateTime.now
    const checked = given === undefined ? Result.succeed(null) : checkCredential(given, now)
    const credentialIssues = Option.getOrElse(Result.getFailure(checked), (): Issues => [])
    const errors = [...detailIssues(details, clouds), ...credentialIssues]
    if (errors.length > 0) return yield* new Problems.InvalidInput({ errors })
    return Option.getOrNull(Result.getSuccess(checked))
  })
)
