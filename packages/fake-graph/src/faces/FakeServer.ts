/**
 * The face over HTTP: a server on loopback for `FakeGraph.layerHttp`, and a second one as the trap at `foreignOrigin`.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect, Schema, type Scope } from "effect"
import { type FakeReply, type FakeRequest, jsonReply } from "../FakeRequest.ts"

/** The fake cannot listen on its host and port. */
export class FakeGraphListenError extends Schema.TaggedError<FakeGraphListenError>()("FakeGraphListenError", {
  host: Schema.String,
  port: Schema.Int,
  code: Schema.String
}) {
  override get message(): string {
    return `The fake Graph cannot listen on ${this.host}:${this.port} (${this.code}): choose a free port on a loopback address`
  }
}

/** Where to listen. */
export interface FakeServerOptions {
  /** A loopback address. Default 127.0.0.1. */
  readonly host?: string
  /** Default 0: any free port. */
  readonly port?: number
}

const listen = (server: Server, host: string, port: number) =>
  Effect.callback<string, FakeGraphListenError>((resume) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      resume(Effect.fail(new FakeGraphListenError({ host, port, code: error.code ?? "unknown" })))
    )
    server.listen(port, host, () => {
      const address = server.address() as AddressInfo
      resume(Effect.succeed(`http://${host.includes(":") ? `[${host}]` : host}:${address.port}`))
    })
  })

const close = (server: Server) =>
  Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    // The fake lets bodies hang, so there are more than idle connections to close.
    server.closeAllConnections()
  })

/** Reads a request's body. Interrupts itself if the client goes before it has sent all of it: nobody waits for the answer. */
export const readBody = (incoming: IncomingMessage): Effect.Effect<string> =>
  Effect.callback((resume) => {
    const chunks: Array<Buffer> = []
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
    incoming.on("end", () => resume(Effect.succeed(Buffer.concat(chunks).toString())))
    incoming.on("close", () => resume(Effect.interrupt))
  })

const deliver = (reply: FakeReply, outgoing: ServerResponse) =>
  Effect.sync(() => {
    if (reply.delivery === "reset") outgoing.socket?.resetAndDestroy()
    if (reply.delivery === "hungBody") {
      outgoing.writeHead(reply.status, reply.headers).write(reply.body)
    }
    if (reply.delivery === "resetInBody") {
      outgoing.writeHead(reply.status, reply.headers).write(reply.body, () => outgoing.socket?.resetAndDestroy())
    }
    if (reply.delivery === "complete") {
      const body = Buffer.from(reply.body)
      outgoing.writeHead(reply.status, { ...reply.headers, "content-length": body.length }).end(body)
    }
  })

/** Serves an engine over HTTP until the scope closes. Returns the origin. */
export const serve = (
  handle: (request: FakeRequest) => Effect.Effect<FakeReply>,
  { host = "127.0.0.1", port = 0 }: FakeServerOptions
): Effect.Effect<string, FakeGraphListenError, Scope.Scope> =>
  Effect.gen(function* () {
    const run = Effect.runForkWith(yield* Effect.context<never>())
    let origin = ""
    const answer = Effect.fnUntraced(function* (incoming: IncomingMessage, outgoing: ServerResponse) {
      const url = URL.parse(incoming.url ?? "/", origin) ?? new URL(origin)
      const body = incoming.method === "GET" ? "" : yield* readBody(incoming)
      const headers = incoming.headers as Record<string, string | undefined>
      const reply = yield* handle({ method: incoming.method ?? "GET", url, headers, body })
      if (reply.delayMillis > 0) yield* Effect.sleep(reply.delayMillis)
      yield* deliver(reply, outgoing)
    })
    const server = createServer((incoming, outgoing) => {
      run(answer(incoming, outgoing))
    })
    yield* Effect.addFinalizer(() => close(server))
    origin = yield* listen(server, host, port)
    return origin
  })

/**
 * Serves a second origin, as an attacker would: it records whatever arrives and answers with an empty page. It listens on the
 * first origin's host, at any free port. Returns its origin.
 */
export const serveTrap = (
  record: (request: FakeRequest, status: number) => Effect.Effect<void>,
  { host }: FakeServerOptions
): Effect.Effect<string, FakeGraphListenError, Scope.Scope> =>
  serve(
    (request) => Effect.as(record(request, 200), jsonReply(200, `{"value":[]}`)),
    host === undefined ? {} : { host }
  )
