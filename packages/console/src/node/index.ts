/**
 * For hosts on Node: turns a web handler, such as a console, into one for `node:http`, Express, Nest and Fastify's
 * `request.raw`, and leads from a web request back to Node's.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http"
import { getRequestListener } from "@hono/node-server"
import { bodyOf } from "./bodyOf.ts"

/** A request as frameworks pass it on: with the address before they cut it, and a body that they may have read. */
type FrameworkRequest = IncomingMessage & {
  readonly originalUrl?: string
  readonly body?: unknown
  rawBody?: unknown
}

const incomings = new WeakMap<Request, IncomingMessage>()

/**
 * The request of Node behind a web request, as `actorOf` gets it: a framework keeps the session or the user there. Undefined
 * for a request that came another way.
 */
export const incomingOf = (request: Request): IncomingMessage | undefined => incomings.get(request)

/**
 * Answers requests of Node by a web handler. Mount it below a path, before or behind parsers of JSON and forms: the handler
 * sees the whole address and the body. Answers are streamed, and a client that goes away aborts the request's signal.
 *
 * @example
 * ```ts
 * const console = await runtime.runPromise(Effect.provideService(make, Scope.Scope, runtime.scope))
 * app.use("/ops/atlas", toNodeHandler(console))
 * ```
 */
export const toNodeHandler = (
  handler: (request: Request) => Response | Promise<Response>
): ((incoming: IncomingMessage, outgoing: ServerResponse) => void) => {
  const listen = getRequestListener(
    (request, { incoming }) => {
      incomings.set(request, incoming as IncomingMessage)
      return handler(request)
    },
    // The host's own Request and Response stay what they are.
    { overrideGlobalObjects: false }
  )
  return (incoming: FrameworkRequest, outgoing) => {
    const { originalUrl, url } = incoming
    const body = bodyOf(incoming, incoming.body)
    if (body !== undefined) incoming.rawBody = body
    // The listener reads the address at once: whoever looks at the request later finds it as it was.
    if (originalUrl !== undefined) incoming.url = originalUrl
    // It answers its own failures with 500, and never rejects.
    void listen(incoming, outgoing)
    if (url !== undefined) incoming.url = url
  }
}
