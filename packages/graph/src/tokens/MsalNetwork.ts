/**
 * The network that msal gets: the project's HTTP client, to the origins of a route and nowhere else.
 *
 * @module
 */
import type { GraphError } from "@atlas/operations"
import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from "@azure/msal-node"
import { Effect, Schema } from "effect"
import { HttpClientRequest } from "effect/http"
import type { HttpAnswer } from "../wire/HttpExchange.ts"

/** What the login service answered and msal does not pass on. */
export interface TokenAnswer {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly error: string | undefined
  /** AADSTS numbers. */
  readonly numbers: ReadonlyArray<number>
  /** Seconds that the token lives. */
  readonly expiresIn: number | undefined
  /** When it ends, in epoch seconds. Only the identity services of machines say so. */
  readonly expiresOn: number | undefined
}

// Some endpoints write seconds as text.
const Seconds = Schema.Union([Schema.Finite, Schema.FiniteFromString])

const TokenBody = Schema.fromJsonString(
  Schema.Struct({
    error: Schema.optionalKey(Schema.String),
    error_codes: Schema.optionalKey(Schema.Array(Schema.Int)),
    expires_in: Schema.optionalKey(Seconds),
    expires_on: Schema.optionalKey(Seconds)
  })
)

const parseJson = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Unknown))
const parseTokenBody = Schema.decodeUnknownEffect(TokenBody)

/** How msal's requests are routed and sent. */
export interface MsalNetworkOptions {
  /** The origin that a request to this address goes to; undefined if the request may not be sent. */
  readonly routeOf: (url: URL) => string | undefined
  readonly send: (request: HttpClientRequest.HttpClientRequest) => Effect.Effect<HttpAnswer, GraphError>
  readonly run: <A, E>(effect: Effect.Effect<A, E>) => Promise<A>
  /** Gets every answer and every failure to get one, before msal does. */
  readonly heard: (outcome: TokenAnswer | GraphError) => void
}

const toRequest = (method: "GET" | "POST", url: string, { body, headers = {} }: NetworkRequestOptions) => {
  const request = HttpClientRequest.make(method)(url, { headers })
  return body === undefined
    ? request
    : HttpClientRequest.bodyText(request, body, headers["Content-Type"] ?? "application/x-www-form-urlencoded")
}

/** Makes msal's network. msal accepts https authorities only, so the route restores the fake's http address. */
export const make = ({ heard, routeOf, run, send }: MsalNetworkOptions): INetworkModule => {
  const exchange = Effect.fnUntraced(function* (
    method: "GET" | "POST",
    address: string,
    options: NetworkRequestOptions
  ) {
    const url = URL.parse(address)
    const origin = url === null ? undefined : routeOf(url)
    if (url === null || origin === undefined) return yield* Effect.die("msal sent a request to a foreign address")
    const request = toRequest(method, `${origin}${url.pathname}${url.search}`, options)
    const { headers, status, text } = yield* send(request).pipe(
      Effect.tapError((error) => Effect.sync(() => heard(error)))
    )
    const known = yield* parseTokenBody(text).pipe(Effect.orElseSucceed((): typeof TokenBody.Type => ({})))
    heard({
      status,
      retryAfter: headers["retry-after"],
      error: known.error,
      numbers: known.error_codes ?? [],
      expiresIn: known.expires_in,
      expiresOn: known.expires_on
    })
    // On its own, msal would refuse further requests for a minute. The client's retries decide instead.
    if (status === 429 || status >= 500) return yield* Effect.die("the login service is not available")
    const body = yield* parseJson(text).pipe(Effect.orElseSucceed(() => ({})))
    return { status, headers: { ...headers }, body }
  })
  const promise = <T>(method: "GET" | "POST", address: string, options: NetworkRequestOptions = {}) =>
    run(exchange(method, address, options)) as Promise<NetworkResponse<T>>
  return {
    sendGetRequestAsync: (address, options) => promise("GET", address, options),
    sendPostRequestAsync: (address, options) => promise("POST", address, options)
  }
}
