/**
 * What may go wrong in a fake Graph: refusals, broken answers, lost connections, hostile links, expired histories. Tests hand
 * these to `FakeGraph.inject` or `FakeGraphOptions.faults`, in a rule that says which requests they strike.
 *
 * @module
 */
import { intuneRefusal } from "../FakeRequest.ts"

/** Where a hostile next link leads. `http` is the same address with the other scheme of http and https. */
export const hostileLinks = ["foreignHost", "userinfo", "http", "otherTenant", "otherResource", "earlierPage"] as const
export type HostileLink = (typeof hostileLinks)[number]

/**
 * What a fake Graph does instead of its work, or to its answer. The handlers of resources, which know their pages, apply
 * `NextLink`, `NextLinkCycle`, `EmptyPage`, `Duplicates`, `DeltaGone`, `DeltaSyncStateNotFound` and `DeltaLinkRefused`. The
 * engine applies the others, to any request.
 */
export type Fault =
  | {
      readonly _tag: "Status"
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
    }
  | { readonly _tag: "TruncatedJson" }
  | { readonly _tag: "EmptyBody" }
  | { readonly _tag: "ShapelessBody" }
  | { readonly _tag: "DeepBody"; readonly levels: number }
  | { readonly _tag: "HungBody" }
  | { readonly _tag: "NoAnswer" }
  | { readonly _tag: "ConnectionReset" }
  | { readonly _tag: "ResetInBody" }
  | { readonly _tag: "WriteThenReset" }
  | { readonly _tag: "WriteThenStatus"; readonly status: number }
  | { readonly _tag: "Latency"; readonly millis: number }
  | { readonly _tag: "NextLink"; readonly link: string }
  | { readonly _tag: "NextLinkCycle" }
  | { readonly _tag: "HostileLink"; readonly kind: HostileLink }
  | { readonly _tag: "EmptyPage" }
  | { readonly _tag: "Duplicates" }
  | { readonly _tag: "DeltaGone" }
  | { readonly _tag: "DeltaSyncStateNotFound"; readonly code: string }
  | { readonly _tag: "DeltaLinkRefused"; readonly status: 400 | 404 }
  | { readonly _tag: "ItemMissing" }
  | { readonly _tag: "ClaimsChallenge"; readonly claims: string }
  | { readonly _tag: "Aad"; readonly number: number; readonly error: string; readonly status: number }

const graphBody = (code: string, message: string): string => JSON.stringify({ error: { code, message } })

const json = { "content-type": "application/json" }

/**
 * 429, as Graph throttles.
 *
 * @param retryAfter the header as it is sent: `"2"`, `"2.128"`, an HTTP date, `""`, or none
 * @example
 * ```ts
 * const fake = yield* FakeGraph
 * yield* fake.inject({ path: "/v1.0/groups", nth: 2, fault: Fault.throttled("0.05") })
 * ```
 */
export const throttled = (retryAfter?: string): Fault => ({
  _tag: "Status",
  status: 429,
  headers: { ...json, ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }) },
  body: graphBody("TooManyRequests", "Too many requests.")
})

/**
 * Any status with an error body in Graph's shape. An item of a batch that lacks a permission may have status 403 and the code
 * `""`.
 *
 * @param message for the body; Intune puts JSON here
 */
export const status = (status: number, code = "UnknownError", message = "Injected fault."): Fault => ({
  _tag: "Status",
  status,
  headers: json,
  body: graphBody(code, message)
})

/** 403 as Intune says it: JSON in the message, with an internal address and the permissions of which any suffices. */
export const intuneForbidden = (...scopes: ReadonlyArray<string>): Fault =>
  status(403, "Forbidden", intuneRefusal(scopes))

/** A status with a page of HTML, as gateways answer. */
export const html = (status: number): Fault => ({
  _tag: "Status",
  status,
  headers: { "content-type": "text/html" },
  body: "<html><head><title>Gateway</title></head><body>The gateway did not receive a response in time.</body></html>"
})

/** A redirect to any address. */
export const redirect = (location: string, status: 301 | 302 | 307 | 308 = 302): Fault => ({
  _tag: "Status",
  status,
  headers: { location },
  body: ""
})

/** The right status and headers, and half of the body. */
export const truncatedJson: Fault = { _tag: "TruncatedJson" }

/** The right status and headers, and nothing else. */
export const emptyBody: Fault = { _tag: "EmptyBody" }

/** 200 and JSON of another shape. */
export const shapelessBody: Fault = { _tag: "ShapelessBody" }

/** The first object of the answer, or of the answers in a batch, holds a value that is this many lists inside one another. */
export const deepBody = (levels = 20_000): Fault => ({ _tag: "DeepBody", levels })

/** The answer begins and never ends. */
export const hungBody: Fault = { _tag: "HungBody" }

/** The request is accepted and never answered. */
export const noAnswer: Fault = { _tag: "NoAnswer" }

/** The connection is cut before anything is done or answered. */
export const connectionReset: Fault = { _tag: "ConnectionReset" }

/** The connection is cut in the middle of the body. */
export const resetInBody: Fault = { _tag: "ResetInBody" }

/** The work is done, and then the connection is cut: the answer is lost. */
export const writeThenReset: Fault = { _tag: "WriteThenReset" }

/** The work is done, and the answer is a failure all the same. */
export const writeThenStatus = (status: number): Fault => ({ _tag: "WriteThenStatus", status })

/** The answer is late by this many milliseconds. */
export const latency = (millis: number): Fault => ({ _tag: "Latency", millis })

/** The page's next link is replaced. */
export const nextLink = (link: string): Fault => ({ _tag: "NextLink", link })

/** The page's next link is the page's own address. */
export const nextLinkCycle: Fault = { _tag: "NextLinkCycle" }

/**
 * The page's next link is replaced by one that no client may follow with its token.
 *
 * @param kind where the link leads; `foreignHost` is the trap at `FakeGraph.foreignOrigin`
 */
export const hostileLink = (kind: HostileLink): Fault => ({ _tag: "HostileLink", kind })

/** An empty page. Its next link leads to what was left out. */
export const emptyPage: Fault = { _tag: "EmptyPage" }

/** A page that has some of its objects twice. */
export const duplicates: Fault = { _tag: "Duplicates" }

/** An expired delta token: 410 with a `Location` that begins again. */
export const deltaGone: Fault = { _tag: "DeltaGone" }

/**
 * An expired delta token: 400 with a code.
 *
 * @param code `syncStateNotFound` in any letter case, or `resyncRequired`
 */
export const deltaSyncStateNotFound = (code = "SyncStateNotFound"): Fault => ({ _tag: "DeltaSyncStateNotFound", code })

/**
 * A stored delta link that Graph itself gave answers 404, or 400 about its token. Strikes requests with a delta token only: a
 * round that begins anew is answered.
 */
export const deltaLinkRefused = (status: 400 | 404 = 404): Fault => ({ _tag: "DeltaLinkRefused", status })

/** The batch has no answer to the item. Strikes items of a batch only. */
export const itemMissing: Fault = { _tag: "ItemMissing" }

/**
 * 401 with a claims challenge for tokens that were not acquired with these claims; other tokens pass. To challenge every older
 * token, as a tenant does that withdrew access, give the rule more than one `times`.
 *
 * @param claims the claims that a new token must be acquired with, as JSON
 * @see https://learn.microsoft.com/entra/identity-platform/claims-challenge
 */
export const claimsChallenge = (
  claims = `{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}`
): Fault => ({ _tag: "ClaimsChallenge", claims })

/** A refusal by the token endpoint: `number` is the AADSTS number, `error` OAuth's. */
export const aad = (number: number, error = "invalid_client", status = 401): Fault => ({
  _tag: "Aad",
  number,
  error,
  status
})
