import { Effect } from "effect"
import { HttpClient, HttpClientError, type HttpClientRequest, HttpClientResponse } from "effect/http"
import type { FakeReply, FakeRequest } from "./FakeRequest.ts"

const bodyOf = ({ body }: HttpClientRequest.HttpClientRequest): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""

/** Half of the body, and then nothing more. */
const hung = (text: string): ReadableStream =>
  new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(text)) })

const toResponse = (request: HttpClientRequest.HttpClientRequest, reply: FakeReply) => {
  const { delivery, headers, status } = reply
  if (delivery === "noAnswer") return Effect.never
  if (delivery === "reset") {
    const reason = new HttpClientError.TransportError({ request, description: "The connection was reset" })
    return Effect.fail(new HttpClientError.HttpClientError({ reason }))
  }
  const body = delivery === "hungBody" ? hung(reply.body) : reply.body
  return Effect.succeed(HttpClientResponse.fromWeb(request, new Response(body, { status, headers: { ...headers } })))
}

/**
 * A client whose requests end in an engine in the same process, without a network.
 *
 * @param handle answers one request
 */
export const make = (handle: (request: FakeRequest) => Effect.Effect<FakeReply>): HttpClient.HttpClient =>
  HttpClient.make((request, url) =>
    handle({ method: request.method, url, headers: request.headers, body: bodyOf(request) }).pipe(
      Effect.tap(({ delayMillis }) => (delayMillis > 0 ? Effect.sleep(delayMillis) : Effect.void)),
      Effect.flatMap((reply) => toResponse(request, reply))
    )
  )
