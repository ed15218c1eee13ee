import { GraphContract } from "@atlas/operations"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { FakeGraph, Fault } from "../../src/index.ts"
import { ask, batch, bearer, entraTenantId, logIn, options, send, wire } from "../Wire.ts"

const common = { version: "v1.0", schema: Schema.Unknown, permissions: [] } as const
const groups = GraphContract.list({ ...common, name: "groups.list", path: "/groups", select: ["id", "displayName"] })
const group = GraphContract.get({ ...common, name: "groups.get", path: "/groups/{groupId}" })

const entry = (path: string) =>
  Effect.map(
    Effect.flatMap(FakeGraph, (fake) => fake.requests),
    (requests) => requests.findLast((request) => request.path === path)
  )

describe("the ledger", () => {
  it.effect("keeps what tests ask for", () =>
    Effect.gen(function* () {
      yield* ask("/v1.0/groups?$top=5", {
        method: "POST",
        headers: { Prefer: "return=minimal", "x-ms-throttle-priority": "low", "client-request-id": "mine" },
        body: { name: "é" }
      })
      assert.deepStrictEqual(yield* entry("/v1.0/groups"), {
        method: "POST",
        host: "localhost",
        path: "/v1.0/groups",
        query: "?$top=5",
        tenant: entraTenantId,
        hadBearer: true,
        foreign: false,
        batch: false,
        bodySize: 13,
        consistencyLevel: undefined,
        prefer: "return=minimal",
        throttlePriority: "low",
        clientRequestId: "mine",
        status: 405,
        reason: undefined
      })
    }).pipe(Effect.provide(wire()))
  )

  it.effect("has no status where none was sent", () =>
    Effect.gen(function* () {
      yield* (yield* FakeGraph).inject({ path: "/v1.0", fault: Fault.connectionReset })
      yield* Effect.flip(ask("/v1.0/groups"))
      assert.strictEqual((yield* entry("/v1.0/groups"))?.status, 0)
    }).pipe(Effect.provide(wire()))
  )
})

describe("that only contracts are asked for", () => {
  const others: ReadonlyArray<readonly [string, string, GraphContract.GraphContract]> = [
    ["another path", "GET /v1.0/organization (200)", groups],
    ["another selection", "GET /v1.0/groups?$select=id (200)", groups],
    ["no selection", "GET /v1.0/groups (200)", groups],
    ["a path below", "GET /v1.0/groups/$count (400)", groups],
    ["another version", "GET /beta/groups/x (404)", group],
    ["another method", "POST /v1.0/groups/x (405)", group]
  ]

  it.effect.each(others)("fails for %s, and names it", ([, line, contract]) =>
    Effect.gen(function* () {
      const [method, path = ""] = line.split(" ")
      yield* ask(path, { method: method === "POST" ? "POST" : "GET" })
      const { message } = yield* Effect.flip((yield* FakeGraph).assertOnlyContracts([contract]))
      assert.strictEqual(message, `Requests that none of the contracts makes (${contract.name}):\n- ${line}`)
    }).pipe(Effect.provide(wire()))
  )

  it.effect("looks into batches, and knows methods and keys in quotes", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const quoted = GraphContract.get({
        name: "principal",
        version: "v1.0",
        path: "/servicePrincipals(appId='{appId}')",
        schema: Schema.Unknown,
        permissions: []
      })
      const remove = { name: "groups.remove", version: "v1.0", path: "/groups/{groupId}", method: "DELETE" }
      yield* batch([
        { id: "a", method: "GET", url: "/servicePrincipals(appId='x')" },
        { id: "b", method: "DELETE", url: "/groups/x" }
      ])
      yield* fake.assertOnlyContracts([quoted, remove])
      const { message } = yield* Effect.flip(fake.assertOnlyContracts([quoted]))
      assert.include(message, "DELETE /v1.0/groups/x")
      assert.notInclude(message, "servicePrincipals")
    }).pipe(Effect.provide(wire()))
  )
})

describe("that no token goes to another host", () => {
  it.effect("is checked in memory, where other hosts cannot be reached", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const token = bearer((yield* logIn()).access_token)
      yield* Effect.flip(send("https://elsewhere.example/v1.0/groups"))
      yield* fake.assertNoForeignBearer
      yield* Effect.flip(send("https://elsewhere.example/v1.0/groups", { headers: token }))
      const { message } = yield* Effect.flip(fake.assertNoForeignBearer)
      assert.strictEqual(message, "A bearer token was sent to another host:\n- GET /v1.0/groups to elsewhere.example")
      assert.include((yield* Effect.flip(fake.assertOnlyContracts([group]))).message, "to elsewhere.example")
    }).pipe(Effect.provide(wire()))
  )

  it.live("is checked over HTTP by a trap at another origin", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const { body, status } = yield* send(`${fake.foreignOrigin}/v1.0/groups`, { headers: bearer("stolen") })
      assert.deepStrictEqual([status, body], [200, { value: [] }])
      const { message } = yield* Effect.flip(fake.assertNoForeignBearer)
      assert.include(message, `GET /v1.0/groups to ${new URL(fake.foreignOrigin).host}`)
    }).pipe(Effect.provide(FetchHttpClient.layer.pipe(Layer.provideMerge(FakeGraph.layerHttp(options)))))
  )
})
