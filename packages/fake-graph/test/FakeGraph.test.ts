import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { FakeGraph, type FakeGroup, fakeGroup, generateGroups } from "../src/index.ts"
import { entraTenantId, options } from "./Wire.ts"

const layer = FakeGraph.layerHttpClient.pipe(
  Layer.provideMerge(FakeGraph.layerEngine({ ...options, tokenLifetime: "10 minutes" }))
)

const logIn = (secret = "fake-secret-1") =>
  Effect.flatMap(HttpClient.HttpClient, (client) =>
    client.execute(
      HttpClientRequest.post(`http://localhost/${entraTenantId}/oauth2/v2.0/token`).pipe(
        HttpClientRequest.bodyUrlParams({
          grant_type: "client_credentials",
          client_id: "22222222-0000-4000-8000-000000000001",
          client_secret: secret,
          scope: "http://localhost/.default"
        })
      )
    )
  )

const token = Effect.flatMap(logIn(), (response) => response.json).pipe(
  Effect.map((body) => (body as { readonly access_token: string }).access_token)
)

const ask = Effect.fnUntraced(function* (
  path: string,
  headers: Record<string, string> = {},
  method: "GET" | "POST" = "GET"
) {
  const bearer = yield* token
  const client = yield* HttpClient.HttpClient
  const url = path.startsWith("http") ? path : `http://localhost${path}`
  const response = yield* client.execute(
    HttpClientRequest.make(method)(url, { headers: { authorization: `Bearer ${bearer}`, ...headers } })
  )
  const text = yield* response.text
  const body = text.startsWith("{") ? JSON.parse(text) : text
  return { status: response.status, requestId: response.headers["request-id"], body }
})

const listing = Effect.map(ask("/v1.0/groups?$top=999"), ({ body }): ReadonlyArray<FakeGroup> => body.value)

const eventual = { ConsistencyLevel: "eventual" }

describe("the fake keeps Graph's rules", () => {
  it.effect("pages hold 100 groups by default, 999 at most", () =>
    Effect.gen(function* () {
      assert.lengthOf((yield* ask("/v1.0/groups?$top=999")).body.value, 65)
      assert.lengthOf((yield* ask("/v1.0/groups?$top=7")).body.value, 7)
      for (const top of ["1000", "0", "-1", "x"]) {
        const { body, requestId, status } = yield* ask(`/v1.0/groups?$top=${top}`)
        assert.deepStrictEqual([status, body.error.code], [400, "Request_UnsupportedQuery"])
        assert.strictEqual(
          body.error.message,
          `Invalid page size specified: '${top}'. Must be between 1 and 999 inclusive.`
        )
        assert.isString(requestId)
      }
    }).pipe(Effect.provide(layer))
  )

  it.effect("counting needs the consistency header, on next links too", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* ask("/v1.0/groups?$count=true")).status, 400)
      const first = yield* ask("/v1.0/groups?$count=true&$top=20", eventual)
      assert.strictEqual(first.body["@odata.count"], 65)
      assert.strictEqual((yield* ask(first.body["@odata.nextLink"])).status, 400)
      assert.lengthOf((yield* ask(first.body["@odata.nextLink"], eventual)).body.value, 20)
      assert.strictEqual((yield* ask("/v1.0/groups/$count", eventual)).body, "65")
      assert.strictEqual((yield* ask("/v1.0/groups/$count")).status, 400)
    }).pipe(Effect.provide(layer))
  )

  it.effect("only what is selected is told, and unknown properties are refused", () =>
    Effect.gen(function* () {
      const { body } = yield* ask("/v1.0/groups?$select=displayName,id&$top=1")
      assert.deepStrictEqual(Object.keys(body.value[0]), ["displayName", "id"])
      assert.strictEqual((yield* ask("/v1.0/groups?$select=nope")).status, 400)
      assert.strictEqual((yield* ask("/v1.0/groups?$skip=10")).body.error.code, "Request_UnsupportedQuery")
      assert.strictEqual((yield* ask("/v1.0/groups?$skiptoken=forged")).status, 400)
    }).pipe(Effect.provide(layer))
  )

  it.effect("unknown paths, other methods, missing and expired tokens are refused", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* ask("/v1.0/nothing")).status, 404)
      assert.strictEqual((yield* ask("/v1.0/groups", {}, "POST")).status, 405)
      assert.strictEqual((yield* ask("/v1.0/groups", { authorization: "" })).status, 401)
      const old = { authorization: `Bearer ${yield* token}` }
      assert.strictEqual((yield* ask("/v1.0/organization", old)).body.value[0].id, entraTenantId)
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* ask("/v1.0/groups", old)).status, 401)
      assert.strictEqual((yield* logIn("wrong")).status, 401)
    }).pipe(Effect.provide(layer))
  )
})

describe("the fake's directory", () => {
  it("comes from its seed, with distinct ids and varied names", () => {
    const made = generateGroups(2_000, 7)
    assert.deepStrictEqual(made, generateGroups(2_000, 7))
    assert.notDeepEqual(made, generateGroups(2_000, 8))
    assert.strictEqual(new Set(made.map(({ id }) => id)).size, 2_000)
    assert.isTrue(made.every(({ id }) => /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-a[\da-f]{3}-[\da-f]{12}$/.test(id)))
    assert.isAbove(new Set(made.map(({ displayName }) => displayName)).size, 1_900)
    assert.isTrue(made.some(({ groupTypes }) => groupTypes.includes("Unified")))
    assert.isTrue(made.some(({ groupTypes }) => groupTypes.includes("DynamicMembership")))
    assert.isTrue(made.some(({ displayName }) => /[éüãåñ]/.test(displayName)))
  })

  it.effect("changes while it is listed without losing or repeating the groups that stay", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const before = yield* listing
      yield* fake.removeGroup(entraTenantId, before[3]?.id ?? "")
      yield* fake.renameGroup(entraTenantId, before[5]?.id ?? "", "Renamed")
      yield* fake.putGroup(entraTenantId, fakeGroup({ id: "00000000-0000-4000-8000-000000000000", displayName: "New" }))
      const after = yield* listing
      assert.lengthOf(after, 65)
      assert.strictEqual(after.find(({ id }) => id === before[5]?.id)?.displayName, "Renamed")
      assert.strictEqual(after.at(-1)?.displayName, "New")
      assert.isFalse(after.some(({ id }) => id === before[3]?.id))
    }).pipe(Effect.provide(layer))
  )
})
