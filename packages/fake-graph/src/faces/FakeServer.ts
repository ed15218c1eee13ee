import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect, Schema, type Scope } from "effect"
import { type FakeReply, type FakeRequest, jsonReply } from "../FakeRequest.ts"

/** The fake cannot listen where it was told to. */
export class FakeGraphListenError extends Schema.TaggedError<FakeGraphListenError>()("FakeGraphListenError", {
  host: Schema.String,
  port: Schema.Int,
  code: Schema.String
}) {
  override get message(): string {
    return `The fake Graph cannot listen on ${this.host}:${this.port} (${this.code})`
  }
}

/** Where to listen. */
export interface FakeServerOptions {
  /** Default 127.0.0.1. Loopback only. */
  readonly host?: string
  /** Default 0: any free one. */
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
    // Hung bodies are part of the repertoire, so idle connections are not the only ones to close.
    server.closeAllConnections()
  })

const bodyOf = (incoming: IncomingMessage) =>
  Effect.callback<string>((resume) => {
    const chunks: Array<Buffer> = []
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
    incoming.on("end", () => resume(Effect.succeed(Buffer.concat(chunks).toString())))
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

/**
 * Serves an engine over HTTP until the scope closes.
 *
 * @param handle answers one request
 * @param options where to listen
 * @returns the origin
 */
export const serve = (
  handle: (request: FakeRequest) => Effect.Effect<FakeReply>,
  { host = "127.0.0.1", port = 0 }: FakeServerOptions
): Effect.Effect<string, FakeGraphListenError, Scope.Scope> =>
  Effect.gen(function* () {
    const run = Effect.runForkWith(yield* Effect.context<never>())
    let origin = ""
    const answer = Effect.fnUntraced(function* (incoming: IncomingMessage, outgoing: ServerResponse) {
      const url = URL.parse(incoming.url ?? "/", origin) ?? new URL(origin)
      const body = incoming.method === "GET" ? "" : yield* bodyOf(incoming)
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
 * Serves a second origin, as an attacker would: whatever arrives is written down and answered with an empty page.
 *
 * @param record writes a request down, with the status that it is answered with
 * @param options where the first origin listens; this one takes any free port
 * @returns the origin
 */
export const serveTrap = (
  record: (request: FakeRequest, status: number) => Effect.Effect<void>,
  { host }: FakeServerOptions
): Effect.Effect<string, FakeGraphListenError, Scope.Scope> =>
  serve(
    (request) => Effect.as(record(request, 200), jsonReply(200, `{"value":[]}`)),
    host === undefined ? {} : { host }
  )
