import { Problems, StorableText } from "@atlas/operations"
import { DateTime, Effect, Option, Redacted, Result, Schema } from "effect"
import * as Certificate from "./Certificate.ts"
import { Credential } from "./Credential.ts"
import { type GraphCloud, GraphClouds } from "./GraphCloud.ts"

/** What a connection says about where it leads. */
export const ConnectionDetails = Schema.Struct({
  displayName: StorableText,
  /** A cloud's name from `GraphClouds`. */
  cloud: StorableText,
  /** The Entra tenant's id, or one of its domain names. */
  entraTenantId: StorableText,
  /** The app registration's client id; of a user-assigned managed identity, its own. */
  clientId: StorableText
})
export type ConnectionDetails = typeof ConnectionDetails.Type

/** A credential to store. */
export const NewCredential = Schema.Struct({
  credential: Schema.toType(Credential),
  /** When a client secret ends, as the Azure portal shows it; certificates tell by themselves. */
  expiresAt: Schema.optionalKey(Schema.DateTimeUtc)
})
export type NewCredential = typeof NewCredential.Type

/** A credential that may be stored, and what is known about it. */
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
  const ended = expiresAt !== undefined && DateTime.isLessThanOrEqualTo(expiresAt, now)
  const issues = [
    ...(credential.kind === "client_secret" ? secretIssues(Redacted.value(credential.secret)) : []),
    ...(ended ? issue("/credential/expiresAt", "lies in the past: create a new secret in the app registration.") : [])
  ]
  const checked: CheckedCredential = {
    credential,
    expiresAt: credential.kind === "client_secret" ? (expiresAt ?? null) : null,
    thumbprint: null
  }
  return issues.length === 0 ? Result.succeed(checked) : Result.fail(issues)
}

/**
 * Makes the function that checks what a person entered for a connection.
 *
 * @returns for details and a credential, of which either may be left out, the credential as it may be stored; fails with
 * every problem at once
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
