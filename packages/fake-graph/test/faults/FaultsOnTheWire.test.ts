import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { FakeGraph, type FakeGraphOptions, Fault, type FaultRule } from "../../src/index.ts"
import { ask, entraTenantId, options, wire } from "../Wire.ts"

const overNetwork = (fake: FakeGraphOptions = options) =>
  FetchHttpClient.layer.pipe(Layer.provideMerge(FakeGraph.layerHttp(fake)))

type Ask = Effect.Services<ReturnType<typeof ask>>

const inject = (rule: FaultRule) => Effect.flatMap(FakeGraph, (fake) => fake.inject({ path: "/v1.0", ...rule }))

const faces = [
  ["in memory", wire()],
  ["over HTTP", overNetwork()]
] as const

describe.each(faces)("%s", (_, face) => {
  it.live("a body may be empty, with the right status", () =>
    Effect.gen(function* () {
      yield* inject({ fault: Fault.emptyBody })
      assert.deepInclude(yield* ask("/v1.0/groups"), { status: 200, text: "" })
    }).pipe(Effect.provide(face))
  )

  it.live("a connection may be cut before the answer, and in the middle of it", () =>
    Effect.gen(function* () {
      yield* inject({ fault: Fault.connectionReset })
      assert.strictEqual((yield* Effect.flip(ask("/v1.0/groups")))._tag, "HttpClientError")
      yield* inject({ fault: Fault.resetInBody })
      assert.strictEqual((yield* Effect.flip(ask("/v1.0/groups")))._tag, "HttpClientError")
      assert.strictEqual((yield* ask("/v1.0/groups")).status, 200)
    }).pipe(Effect.provide(face))
  )

  it.live("every answer has ids, a date and a diagnostic header", () =>
    Effect.gen(function* () {
      const { headers } = yield* ask("/v1.0/groups", { headers: { "client-request-id": "mine" } })
      assert.match(headers["request-id"] ?? "", /^[\da-f-]{36}$/)
      assert.strictEqual(headers["client-request-id"], "mine")
      assert.match(headers["date"] ?? "", / GMT$/)
      assert.include(headers["x-ms-ags-diagnostic"], "ServerInfo")
    }).pipe(Effect.provide(face))
  )
})

describe("a fault", () => {
  it.effect("strikes a path by expression, and one tenant only", () =>
    Effect.gen(function* () {
      yield* inject({ path: /\/\$count$/, times: 9, fault: Fault.status(500) })
      yield* inject({ tenant: "another", times: 9, fault: Fault.status(500) })
      const headers = { ConsistencyLevel: "eventual" }
      assert.strictEqual((yield* ask("/v1.0/groups", { headers })).status, 200)
      assert.strictEqual((yield* ask("/v1.0/groups/$count", { headers })).status, 500)
      yield* inject({ tenant: entraTenantId, fault: Fault.status(500) })
      assert.strictEqual((yield* ask("/v1.0/groups")).status, 500)
    }).pipe(Effect.provide(wire()))
  )

  it.effect("may be left to chance, the same for the same seed", () => {
    const statuses = Effect.gen(function* () {
      yield* inject({ probability: 0.3, fault: Fault.status(503) })
      return yield* Effect.forEach(Array.from({ length: 200 }), () =>
        Effect.map(ask("/v1.0/groups?$top=1"), ({ status }) => status)
      )
    })
    return Effect.gen(function* () {
      const first = yield* statuses.pipe(Effect.provide(wire({ seed: 4 })))
      assert.approximately(first.filter((status) => status === 503).length, 60, 25)
      assert.deepStrictEqual(yield* statuses.pipe(Effect.provide(wire({ seed: 4 }))), first)
      assert.notDeepEqual(yield* statuses.pipe(Effect.provide(wire({ seed: 5 }))), first)
    })
  })

  it.effect("may lose or deny the answer of work that was done, or prevent the work", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const item = { id: "a", method: "GET", url: "/groups?$top=1" }
      // The items of a batch show whether its work was done.
      const strike = Effect.fnUntraced(function* (fault: Fault.Fault) {
        yield* fake.forgetRequests
        yield* fake.inject({ path: "/v1.0/$batch", fault })
        const answered = yield* Effect.exit(ask("/v1.0/$batch", { method: "POST", body: { requests: [item] } }))
        const requests = yield* fake.requests
        return [
          answered._tag === "Success" ? answered.value.status : "lost",
          requests.filter(({ batch }) => batch).length,
          requests.find(({ path }) => path === "/v1.0/$batch")?.status
        ]
      })
      assert.deepStrictEqual(yield* strike(Fault.writeThenReset), ["lost", 1, 0])
      assert.deepStrictEqual(yield* strike(Fault.writeThenStatus(504)), [504, 1, 504])
      assert.deepStrictEqual(yield* strike(Fault.connectionReset), ["lost", 0, 0])
    }).pipe(Effect.provide(wire()))
  )

  it.effect.each([404, 400] as const)(
    "may refuse a stored delta link with %d, and no round that begins anew",
    (status) =>
      Effect.gen(function* () {
        const from = (path: string): Effect.Effect<string, Effect.Error<ReturnType<typeof ask>>, Ask> =>
          Effect.flatMap(ask(path), ({ body }) =>
            "@odata.deltaLink" in body ? Effect.succeed(body["@odata.deltaLink"]) : from(body["@odata.nextLink"])
          )
        const link = yield* from("/v1.0/groups/delta?$select=displayName")
        yield* inject({ times: 9, fault: Fault.deltaLinkRefused(status) })
        assert.strictEqual((yield* ask(link)).status, status)
        const anew = yield* from("/v1.0/groups/delta?$select=displayName")
        assert.strictEqual((yield* ask(anew)).status, status)
      }).pipe(Effect.provide(wire()))
  )

  it.effect("denies as Intune does", () =>
    Effect.gen(function* () {
      yield* inject({
        fault: Fault.intuneForbidden("DeviceManagementApps.Read.All", "DeviceManagementApps.ReadWrite.All")
      })
      const { body, status } = yield* ask("/v1.0/groups")
      assert.deepStrictEqual([status, body.error.code], [403, "Forbidden"])
      const { Message } = JSON.parse(body.error.message)
      assert.include(Message, "scopes: DeviceManagementApps.Read.All, DeviceManagementApps.ReadWrite.All -")
      assert.include(Message, "https://fef.")
    }).pipe(Effect.provide(wire()))
  )

  it.live("may be that every answer is late", () =>
    Effect.gen(function* () {
      const [took] = yield* Effect.timed(ask("/v1.0/groups"))
      // The token's and the page's.
      assert.isAtLeast(Duration.toMillis(took), 38)
    }).pipe(Effect.provide(wire({ latency: "20 millis" })))
  )
})
