/**
 * The face in memory: an HTTP client whose requests go straight to the engine.
 *
 * @module
 */
import { Effect } from "effect"
import { HttpClient, HttpClientError, type HttpClientRequest, HttpClientResponse } from "effect/http"
import type { FakeReply, FakeRequest } from "../FakeRequest.ts"

const bodyOf = ({ body }: HttpClientRequest.HttpClientRequest): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""

/** The part of a body that is sent, and then nothing more, or the end of the connection. */
const incomplete = ({ body, delivery }: FakeReply): ReadableStream =>
  new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode(body))
      if (delivery === "resetInBody") controller.error(new TypeError("terminated"))
    }
  })

const broken = (request: HttpClientRequest.HttpClientRequest, description: string) =>
  Effect.fail(
    new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, description }) })
  )

const toResponse = (request: HttpClientRequest.HttpClientRequest, reply: FakeReply) => {
  const { delivery, headers, status } = reply
  if (delivery === "noAnswer") return Effect.never
  if (delivery === "reset") return broken(request, "The connection was reset")
  const body = delivery === "complete" ? reply.body || null : incomplete(reply)
  return Effect.succeed(HttpClientResponse.fromWeb(request, new Response(body, { status, headers: { ...headers } })))
}

/** Where virtual machines find their managed identity. */
const machineIdentity = "http://169.254.169.254"

/** The parts of a fake Graph that this client needs. */
interface Fake {
  readonly origin: string
  handle(request: FakeRequest): Effect.Effect<FakeReply>
  recordForeign(request: FakeRequest, status: number): Effect.Effect<void>
}

/**
 * Makes a client for an engine in the same process, without a network. The engine also answers at the well-known address of
 * managed identities. A request to any other host is recorded and fails.
 */
export const make = ({ handle, origin, recordForeign }: Fake): HttpClient.HttpClient =>
  HttpClient.make((request, url) => {
    const asked: FakeRequest = { method: request.method, url, headers: request.headers, body: bodyOf(request) }
    if (url.origin !== origin && url.origin !== machineIdentity) {
      return Effect.andThen(recordForeign(asked, 0), broken(request, "The fake Graph reaches no other host"))
    }
    return handle(asked).pipe(
      Effect.tap(({ delayMillis }) => (delayMillis > 0 ? Effect.sleep(delayMillis) : Effect.void)),
      Effect.flatMap((reply) => toResponse(request, reply))
    )
  })
