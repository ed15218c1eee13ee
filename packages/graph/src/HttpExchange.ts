import { GraphError } from "@atlas/operations"
import { type Duration, Effect } from "effect"
import { FetchHttpClient, type Headers, HttpClient, type HttpClientRequest } from "effect/http"

/** One answer, read to its end. */
export interface Answer {
  readonly status: number
  readonly headers: Headers.Headers
  readonly text: string
}

/**
 * Sends one request and reads the whole answer. Redirects are not followed: the bearer or the secret would go along.
 * The client's own span is off, since addresses carry page tokens.
 *
 * @param client the host's HTTP client, which must not follow redirects by itself (fetch is told not to)
 * @param request what to send
 * @param timeout from sending to the last byte
 * @returns the answer, whatever its status; fails with `provider_timeout` or `provider_network_error`
 */
export const exchange = (
  client: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  timeout: Duration.Input
): Effect.Effect<Answer, GraphError> =>
  client.execute(request).pipe(
    Effect.flatMap((response) =>
      Effect.map(response.text, (text): Answer => ({ status: response.status, headers: response.headers, text }))
    ),
    // The cause holds the request with its headers, so it is dropped.
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
