/**
 * Reads what a refusal of Graph means: a reason code, a missing permission, a wait, and Microsoft's own reason. Of a message it
 * keeps the sentence only, because messages may carry addresses and payloads.
 *
 * @module
 */
import { GraphContract, GraphError, type KnownReasonCode } from "@atlas/operations"
import { Option, Predicate, Result, Schema } from "effect"
import { Base64 } from "effect/encoding"
import type { HttpAnswer } from "../wire/HttpExchange.ts"
import * as RetryAfter from "../wire/RetryAfter.ts"
import { serviceReason } from "./serviceReason.ts"

/** Graph's error codes, in lower case, that say more than the status. */
const byCode: Readonly<Record<string, KnownReasonCode>> = {
  authorization_requestdenied: "provider_permission_denied",
  forbidden: "provider_permission_denied",
  accessdenied: "provider_permission_denied",
  authentication_requestfromnonpremiumtenantorb2ctenant: "provider_license_required",
  invalidauthenticationtoken: "provider_token_rejected",
  request_unsupportedquery: "provider_query_unsupported",
  request_resourcenotfound: "provider_resource_not_found",
  resourcenotfound: "provider_resource_not_found",
  itemnotfound: "provider_resource_not_found",
  syncstatenotfound: "provider_resync_required",
  directory_expiredpagetoken: "provider_resync_required",
  resyncrequired: "provider_resync_required",
  activitylimitreached: "provider_throttled",
  toomanyrequests: "provider_throttled",
  quotalimitreached: "provider_quota_exceeded",
  directory_quotaexceeded: "provider_quota_exceeded"
}

const byStatus: Readonly<Record<number, KnownReasonCode>> = {
  400: "provider_request_invalid",
  401: "provider_token_rejected",
  403: "provider_permission_denied",
  404: "provider_resource_not_found",
  408: "provider_timeout",
  409: "provider_conflict",
  410: "provider_resync_required",
  412: "provider_precondition_failed",
  424: "provider_dependency_failed",
  429: "provider_throttled",
  501: "provider_query_unsupported",
  507: "provider_quota_exceeded"
}

const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

const property = (node: unknown, name: string): unknown => (Predicate.hasProperty(node, name) ? node[name] : undefined)

/** The codes from the outermost error to the innermost. Microsoft documents both spellings of the nested property. */
const codesOf = (error: unknown, depth = 0): ReadonlyArray<string> => {
  if (!Predicate.isObject(error) || depth > 8) return []
  const code = property(error, "code")
  const inner = property(error, "innerError") ?? property(error, "innererror")
  return [...(typeof code === "string" ? [code] : []), ...codesOf(inner, depth + 1)]
}

/** Intune names missing permissions in its message: JSON in a string, next to internal addresses. */
const scopesIn = (message: unknown): ReadonlyArray<string> => {
  const text = property(Option.getOrUndefined(parse(message)), "Message")
  const named = typeof text === "string" ? /scopes:\s*([\w., ]+)/i.exec(text)?.[1] : undefined
  return named?.match(/\w+(\.\w+)+/g) ?? []
}

/**
 * The claims that a challenge asks for, as JSON for msal; undefined if the answer is not a claims challenge.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/claims-challenge
 */
export const claimsIn = ({ headers, status }: Pick<HttpAnswer, "headers" | "status">): string | undefined => {
  const challenge = headers["www-authenticate"] ?? ""
  if (status !== 401 || !/error="insufficient_claims"/i.test(challenge)) return undefined
  const encoded = /claims="([^"]+)"/i.exec(challenge)?.[1] ?? ""
  return Option.getOrUndefined(Result.getSuccess(Base64.decodeString(encoded)))
}

const reasonOf = (status: number, codes: ReadonlyArray<string>): KnownReasonCode => {
  if (status >= 300 && status < 400) return "provider_untrusted_link"
  if (status === 429) return "provider_throttled"
  const known = codes.findLast((code) => Object.hasOwn(byCode, code.toLowerCase()))
  if (known !== undefined) return byCode[known.toLowerCase()] ?? "provider_unknown"
  return byStatus[status] ?? (status >= 500 ? "provider_unavailable" : "provider_unknown")
}

/** No code says that a licence is missing. The message does, if the request itself is in order. */
const isUnlicensed = (status: number, message: unknown): boolean =>
  (status === 400 || status === 403) &&
  typeof message === "string" &&
  /licen[cs]e|not applicable to target tenant/i.test(message)

// A path that does not exist or a body that no type has: the contract is wrong, not what somebody wrote with it.
const isMisfit = (codes: ReadonlyArray<string>) =>
  codes.some((code) => /^(ModelValidationFailure|No method match route template)$/i.test(code))

const codeOf = (
  contract: GraphContract.GraphContract,
  answer: HttpAnswer,
  codes: ReadonlyArray<string>,
  message: unknown
): KnownReasonCode => {
  if (claimsIn(answer) !== undefined) return "provider_claims_challenge"
  if (isUnlicensed(answer.status, message)) return "provider_license_required"
  const reasonCode = reasonOf(answer.status, codes)
  const isContent =
    reasonCode === "provider_request_invalid" && GraphContract.kindOf(contract) === "write" && !isMisfit(codes)
  return isContent ? "provider_content_refused" : reasonCode
}

const missingPermission = (
  contract: GraphContract.GraphContract,
  scopes: ReadonlyArray<string>
): string | undefined => {
  const needed = contract.permissions.map(({ name }) => name)
  return scopes.find((scope) => needed.includes(scope)) ?? scopes[0] ?? (needed.length === 1 ? needed[0] : undefined)
}

/**
 * The error for an answer that is not a success, with its status, its codes, Graph's own names of permissions and its reason.
 *
 * @param answer its body may be HTML, cut short or empty
 * @param now epoch milliseconds, for a `Retry-After` that is a date
 * @see https://learn.microsoft.com/graph/errors
 */
export const fromAnswer = (
  contract: GraphContract.GraphContract,
  answer: HttpAnswer,
  clientRequestId: string,
  now: number
): GraphError => {
  const error = property(Option.getOrUndefined(parse(answer.text)), "error")
  const codes = codesOf(error)
  const scopes = answer.status === 401 || answer.status === 403 ? scopesIn(property(error, "message")) : []
  const reasonCode =
    scopes.length > 0 ? "provider_permission_denied" : codeOf(contract, answer, codes, property(error, "message"))
  const missing = reasonCode === "provider_permission_denied" ? missingPermission(contract, scopes) : undefined
  const requestId = answer.headers["request-id"]
  const code = codes.findLast((name) => /^\w{1,80}$/.test(name))
  const reason = missing === undefined ? serviceReason(property(error, "message")) : null
  const because = missing === undefined ? reason : `the app lacks the permission ${missing}`
  return new GraphError({
    reasonCode,
    message: `Microsoft Graph answered ${contract.name} with ${answer.status}${code === undefined ? "" : ` (${code})`}${because === null ? "" : `: ${because}`}.`,
    contract: contract.name,
    status: answer.status,
    clientRequestId,
    ...(requestId === undefined ? {} : { requestId }),
    ...(missing === undefined ? {} : { missingPermission: missing }),
    ...Option.match(RetryAfter.millis(answer.headers["retry-after"], now), {
      onNone: () => ({}),
      onSome: (retryAfterMillis) => ({ retryAfterMillis })
    })
  })
}
