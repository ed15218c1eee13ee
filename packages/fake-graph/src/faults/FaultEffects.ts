/**
 * What each fault does to an answer, as far as the engine applies it.
 *
 * @module
 */
import { Base64 } from "effect/encoding"
import { aadReply, errorReply, type FakeReply, type FakeRequest, jsonReply } from "../FakeRequest.ts"
import type { Fault, HostileLink } from "./Fault.ts"

/** What a hostile link is made from. */
export interface LinkSources {
  readonly request: FakeRequest
  /** The trap's origin. */
  readonly foreignOrigin: string
  /** The first address of the listing. */
  readonly firstPage: string
}

const hostile = (kind: HostileLink, { firstPage, foreignOrigin, request: { url } }: LinkSources): string => {
  const rest = `${url.pathname}${url.search}`
  switch (kind) {
    case "foreignHost":
      return `${foreignOrigin}${rest}`
    case "userinfo":
      return `${url.protocol}//user:password@${url.host}${rest}`
    case "http":
      return `${url.protocol === "http:" ? "https:" : "http:"}//${url.host}${rest}`
    case "otherTenant":
      return `${url.origin}/99999999-0000-4000-8000-000000000001${rest}`
    case "otherResource":
      return `${url.origin}/${url.pathname.split("/")[1] ?? ""}/users${url.search}`
    case "earlierPage":
      return firstPage
  }
}

/** The fault as the handlers of resources know it: they treat a hostile link as a link. */
export const forHandlers = (fault: Fault | undefined, sources: LinkSources): Fault | undefined =>
  fault?._tag === "HostileLink" ? { _tag: "NextLink", link: hostile(fault.kind, sources) } : fault

/**
 * 401 with a claims challenge.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/claims-challenge
 */
const challenge = (claims: string): FakeReply => {
  const reply = errorReply(401, "InvalidAuthenticationToken", "Continuous access evaluation resulted in a challenge.")
  const value =
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", ' +
    `error="insufficient_claims", claims="${Base64.encode(claims)}"`
  return { ...reply, headers: { ...reply.headers, "www-authenticate": value } }
}

/** The answer of a fault that replaces the work; undefined for faults that let the work be done. */
export const instead = (fault: Fault): FakeReply | undefined => {
  switch (fault._tag) {
    case "Status":
      return { ...jsonReply(fault.status, fault.body), headers: fault.headers }
    case "Aad":
      return aadReply(fault.status, fault.error, fault.number, "Injected fault.")
    case "ClaimsChallenge":
      return challenge(fault.claims)
    case "ConnectionReset":
      return { ...jsonReply(200, ""), delivery: "reset" }
    case "NoAnswer":
      return { ...jsonReply(200, ""), delivery: "noAnswer" }
    case "ShapelessBody":
      return jsonReply(200, `{"unexpected":true}`)
    default:
      return undefined
  }
}

const half = (text: string): string => text.slice(0, Math.floor(text.length / 2))

/** Adds a member to the first object that a page has, or else to the first body of a batch, or else to the answer itself. */
const withNested = (text: string, levels: number): string => {
  const begin = [/"value":\[\{/, /"body":\{/, /^\{/].find((pattern) => pattern.test(text))
  const nested = `"nested":${"[".repeat(levels)}0${"]".repeat(levels)},`
  return begin === undefined ? text : text.replace(begin, (found) => found + nested)
}

/** Spoils the right answer as a fault says. */
export const spoilt = (reply: FakeReply, fault: Fault | undefined): FakeReply => {
  switch (fault?._tag) {
    case "TruncatedJson":
      return { ...reply, body: half(reply.body) }
    case "EmptyBody":
      return { ...reply, body: "" }
    case "DeepBody":
      return { ...reply, body: withNested(reply.body, fault.levels) }
    case "HungBody":
      return { ...reply, body: half(reply.body), delivery: "hungBody" }
    case "ResetInBody":
      return { ...reply, body: half(reply.body), delivery: "resetInBody" }
    case "WriteThenReset":
      return { ...reply, delivery: "reset" }
    case "WriteThenStatus":
      return errorReply(fault.status, "UnknownError", "Injected fault, after the work was done.")
    case "ItemMissing":
      return { ...reply, delivery: "leftOut" }
    case "Latency":
      return { ...reply, delayMillis: reply.delayMillis + fault.millis }
    default:
      return reply
  }
}
