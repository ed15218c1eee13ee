import { once } from "node:events"
import { createServer, type IncomingMessage } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { assert, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import { readBody } from "../../src/faces/FakeServer.ts"

it.live("nobody waits for the rest of a body whose client is gone", () =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(
      Effect.sync(() => createServer().listen(0, "127.0.0.1")),
      (listening) => Effect.sync(() => listening.close())
    )
    yield* Effect.promise(() => once(server, "listening"))
    const asked = once(server, "request")
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1")
    client.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf")
    const [incoming] = (yield* Effect.promise(() => asked)) as [IncomingMessage]
    const reading = yield* Effect.forkChild(readBody(incoming), { startImmediately: true })
    client.destroy()
    const exit = yield* Effect.timeout(Fiber.await(reading), "30 seconds")
    assert.isTrue(Exit.hasInterrupts(exit))
  }).pipe(Effect.scoped)
)
