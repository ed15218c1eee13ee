/**
 * The one place that sends HTTP requests to Graph and to the login services.
 *
 * @module
 */
import { GraphError } from "@atlas/operations"
import { type Duration, Effect } from "effect"
import { FetchHttpClient, type Headers, HttpClient, type HttpClientRequest } from "effect/http"

/** An answer, read to its end. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Headers.Headers
  readonly text: string
}

/**
 * Sends one request and reads the whole answer, whatever its status. Does not follow redirects, since the bearer or the
 * secret would go along. The client's own span is off, since addresses carry page tokens. Fails with `provider_timeout` or
 * `provider_network_error`.
 *
 * @param client must not follow redirects by itself (fetch is told not to)
 * @param timeout from sending to the last byte
 */
export const exchange = (
  client: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  timeout: Duration.Input
): Effect.Effect<HttpAnswer, GraphError> =>
  client.execute(request).pipe(
    Effect.flatMap((response) =>
      Effect.map(response.text, (text): HttpAnswer => ({ status: response.status, headers: response.headers, text }))
    ),
    // Drop the cause: it holds the request with its headers.
    Effect.mapError(
      () => new GraphError({ reasonCode: "provider_network_error", message: "The connection to the provider broke." })
    ),
    Effect.timeoutOrElse({
      duration: timeout,
      orElse: () =>
        Effect.fail(new GraphError({ reasonCode: "provider_timeout", message: "The provider did not answer in time." }))
    }),
    Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
    Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
  )
