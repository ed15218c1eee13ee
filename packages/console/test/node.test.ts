import { createServer, type IncomingMessage, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import express from "express"
import { afterAll, assert, describe, it } from "vitest"
import { incomingOf, toNodeHandler } from "../src/node/index.ts"

const listen = (listener: RequestListener) =>
  new Promise<string>((resolve) => {
    const server = createServer(listener).listen(0, "127.0.0.1", () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    )
    afterAll(() => (server.closeAllConnections(), new Promise((closed) => server.close(closed))))
  })

/** Answers with what it was asked. */
const echo = toNodeHandler(async (request) =>
  Response.json({ url: new URL(request.url).pathname, body: await request.text() })
)

const parsing = (mount: RequestListener) => {
  const app = express()
  app.use(express.json({ strict: false }), express.urlencoded({ extended: true }), express.text(), express.raw())
  app.use("/ops/atlas", mount)
  return app
}

describe("a web handler in a server of Node", () => {
  it("gets what was sent, also where a parser has read it", async () => {
    const origin = await listen(parsing(echo))
    const form = "application/x-www-form-urlencoded"
    const bodies: ReadonlyArray<readonly [type: string, sent: string, got?: string]> = [
      [form, "input=%7B%7D&idempotencyKey=a+b"],
      [form, "item=a%2F1&item=b%2F2&backup="],
      [form, "after.source=x&group%5Bname%5D=y"],
      [form, ""],
      ["application/json", '{"a":[1,null,{"b":"é"}]}'],
      ["application/json", "[1]"],
      ["application/json", '"text"', "text"],
      ["text/plain", "text"],
      ["application/octet-stream", "bytes"],
      ["application/vnd.unknown", "not parsed"]
    ]
    for (const [type, sent, got = sent] of bodies) {
      const answer = await fetch(`${origin}/ops/atlas/x`, {
        method: "POST",
        headers: { "content-type": type },
        body: sent
      })
      assert.deepStrictEqual(await answer.json(), { url: "/ops/atlas/x", body: got }, `${type}: ${sent}`)
    }
  })

  it("sees the whole address, and leaves the framework's own as it was", async () => {
    let later = ""
    const app = express()
    app.use("/ops/atlas", (request, response) => {
      response.on("finish", () => (later = request.url))
      return echo(request, response)
    })
    const origin = await listen(app)
    assert.strictEqual((await (await fetch(`${origin}/ops/atlas/x`)).json()).url, "/ops/atlas/x")
    assert.strictEqual(later, "/x")
  })

  it("knows the framework's request, where a session is kept", async () => {
    const handler = toNodeHandler((request) => {
      const incoming = incomingOf(request) as IncomingMessage & { readonly user?: string }
      return new Response(incoming.user)
    })
    const app = express()
    app.use((request, _, next) => (Object.assign(request, { user: "ada" }), next()), handler)
    assert.strictEqual(await (await fetch(await listen(app))).text(), "ada")
    assert.isUndefined(incomingOf(new Request("http://127.0.0.1")))
  })

  it("streams, and is told when the client goes away", async () => {
    const { promise: left, resolve: leave } = Promise.withResolvers<void>()
    const { promise: aborted, resolve: abort } = Promise.withResolvers<void>()
    const handler = toNodeHandler((request) => {
      request.signal.addEventListener("abort", () => abort())
      const start = (controller: ReadableStreamDefaultController) =>
        controller.enqueue(new TextEncoder().encode("first"))
      return new Response(new ReadableStream({ start, cancel: () => leave() }))
    })
    const origin = await listen(parsing(handler))
    const client = new AbortController()
    const response = await fetch(`${origin}/ops/atlas`, { method: "POST", body: "{}", signal: client.signal })
    const reader = response.body!.getReader()
    assert.strictEqual(new TextDecoder().decode((await reader.read()).value), "first")
    client.abort()
    await Promise.all([left, aborted])
  })

  it("does not replace the host's Request and Response", async () => {
    const { Request: request, Response: response } = globalThis
    await fetch(await listen(echo))
    assert.isTrue(globalThis.Request === request && globalThis.Response === response)
  })
})
