/** What a fake Graph does instead of its work, or to the answer of its work. */
export type Fault =
  | {
      readonly _tag: "Status"
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
    }
  | { readonly _tag: "TruncatedJson" }
  | { readonly _tag: "ConnectionReset" }
  | { readonly _tag: "NoAnswer" }
  | { readonly _tag: "HungBody" }
  | { readonly _tag: "NextLink"; readonly link: string }
  | { readonly _tag: "NextLinkCycle" }
  | { readonly _tag: "EmptyPage" }
  | { readonly _tag: "ShapelessBody" }
  | { readonly _tag: "Latency"; readonly millis: number }
  | { readonly _tag: "Aad"; readonly number: number; readonly error: string; readonly status: number }

/** Which requests a fault strikes. What is left out matches everything. */
export interface FaultRule {
  readonly fault: Fault
  readonly method?: string
  /** The beginning of the path, such as `/v1.0/groups`; tokens are under `/{tenant}/oauth2`. */
  readonly path?: string
  /** An Entra tenant id. */
  readonly tenant?: string
  /** The first of the matching requests to strike, from 1. Default 1. */
  readonly nth?: number
  /** How many in a row. Default 1. */
  readonly times?: number
}

const graphBody = (code: string, message: string): string => JSON.stringify({ error: { code, message } })

const json = { "content-type": "application/json" }

/**
 * 429, as Graph throttles.
 *
 * @param retryAfter the header as it is: `"2"`, `"2.128"`, an HTTP date, `""`, or none
 */
export const throttled = (retryAfter?: string): Fault => ({
  _tag: "Status",
  status: 429,
  headers: { ...json, ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }) },
  body: graphBody("TooManyRequests", "Too many requests.")
})

/**
 * Any status with an error body in Graph's shape.
 *
 * @param status the status
 * @param code Graph's error code
 * @param message for the body; Intune puts JSON in here
 */
export const status = (status: number, code = "UnknownError", message = "Injected fault."): Fault => ({
  _tag: "Status",
  status,
  headers: json,
  body: graphBody(code, message)
})

/** A status with a page of HTML, as gateways answer. */
export const html = (status: number): Fault => ({
  _tag: "Status",
  status,
  headers: { "content-type": "text/html" },
  body: "<html><head><title>Gateway</title></head><body>The gateway did not receive a response in time.</body></html>"
})

/** A redirect to anywhere. */
export const redirect = (location: string): Fault => ({ _tag: "Status", status: 302, headers: { location }, body: "" })

/** 200 and the right headers, and half of the body. */
export const truncatedJson: Fault = { _tag: "TruncatedJson" }

/** The connection is cut before an answer. */
export const connectionReset: Fault = { _tag: "ConnectionReset" }

/** The request is taken and never answered. */
export const noAnswer: Fault = { _tag: "NoAnswer" }

/** The answer begins and never ends. */
export const hungBody: Fault = { _tag: "HungBody" }

/** The page's next link is replaced. */
export const nextLink = (link: string): Fault => ({ _tag: "NextLink", link })

/** The page's next link is the page's own address. */
export const nextLinkCycle: Fault = { _tag: "NextLinkCycle" }

/** An empty page, whose next link leads to what was left out. */
export const emptyPage: Fault = { _tag: "EmptyPage" }

/** 200 and JSON of another shape. */
export const shapelessBody: Fault = { _tag: "ShapelessBody" }

/** The answer is late. */
export const latency = (millis: number): Fault => ({ _tag: "Latency", millis })

/**
 * A refusal by the token endpoint.
 *
 * @param number the AADSTS number
 * @param error OAuth's error
 * @param status the status
 */
export const aad = (number: number, error = "invalid_client", status = 401): Fault => ({
  _tag: "Aad",
  number,
  error,
  status
})
