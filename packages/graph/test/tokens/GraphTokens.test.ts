import { FakeGraph, type FakeGraphOptions, Fault } from "@atlas/fake-graph"
import { Graph } from "@atlas/operations"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Fiber, Layer, Option, Redacted } from "effect"
import { Base64Url } from "effect/encoding"
import { TestClock } from "effect/testing"
import * as AadErrors from "../../src/tokens/AadErrors.ts"
import { GraphTokens } from "../../src/tokens/GraphTokens.ts"
import { defaultGraphLimits, GraphCloud, GraphLimits, type UsableConnection } from "../../src/index.ts"
import { group } from "../Contracts.ts"
import { connection, contoso, entraTenantId, inMemory, options } from "../Fixtures.ts"

const cloud = GraphCloud.fake("http://localhost")

const usable = (
  change: { readonly entraTenantId?: string; readonly secret?: string; readonly revision?: number } = {}
): UsableConnection => ({
  connection: connection({
    entraTenantId: change.entraTenantId ?? entraTenantId,
    updatedAt: DateTime.makeUnsafe(change.revision ?? 0)
  }),
  credential: { kind: "client_secret", secret: Redacted.make(change.secret ?? "fake-secret-1") }
})

const layer = (fake: FakeGraphOptions = options) =>
  GraphTokens.layer.pipe(
    Layer.provide([FakeGraph.layerHttpClient, FakeGraph.layerCloud]),
    Layer.provideMerge(FakeGraph.layerEngine(fake))
  )

const acquire = (connection = usable()) => Effect.flatMap(GraphTokens, (tokens) => tokens.acquire(connection, cloud))

const tokenRequests = Effect.map(
  Effect.flatMap(FakeGraph, (fake) => fake.requests),
  (requests) => requests.filter(({ path }) => path.endsWith("/token")).length
)

const onToken = (fault: Fault.Fault) => ({ method: "POST", fault, times: 1_000 })

const jwt = (tid: string, expiresIn: number | string = 3600): Fault.Fault => ({
  _tag: "Status",
  status: 200,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    token_type: "Bearer",
    expires_in: expiresIn,
    access_token: `${Base64Url.encode("{}")}.${Base64Url.encode(JSON.stringify({ tid }))}.signature`
  })
})

describe("GraphTokens", () => {
  it.effect("sends one request for ten parallel callers, and none for the eleventh", () =>
    Effect.gen(function* () {
      const tokens = yield* Effect.all(
        Array.from({ length: 10 }, () => acquire()),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(new Set(tokens.map(Redacted.value)).size, 1)
      yield* acquire()
      assert.strictEqual(yield* tokenRequests, 1)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("keeps a token whose lifetime comes as text", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      yield* fake.inject(onToken(jwt(entraTenantId, "3600")))
      yield* acquire()
      yield* acquire()
      assert.strictEqual(yield* tokenRequests, 1)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("shares a failure as well, and tries again afterwards", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      yield* fake.inject(onToken(Fault.aad(7000222)))
      yield* Effect.all(
        Array.from({ length: 10 }, () => Effect.flip(acquire())),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(yield* tokenRequests, 1)
      yield* fake.clearFaults
      yield* acquire()
    }).pipe(Effect.provide(layer()))
  )

  it.effect("serves callers on although the first of them gave up", () =>
    Effect.gen(function* () {
      const first = yield* Effect.forkChild(acquire())
      const second = yield* Effect.forkChild(acquire())
      yield* Effect.yieldNow
      yield* Fiber.interrupt(first)
      const exit = yield* Fiber.await(second)
      assert.strictEqual(exit._tag, "Success")
      assert.strictEqual(yield* tokenRequests, 1)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("replaces a token before its end, and serves the old one while that fails", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const token = yield* acquire()
      yield* fake.inject(onToken(Fault.aad(90033, "temporarily_unavailable", 503)))
      yield* TestClock.adjust("56 minutes")
      assert.strictEqual(yield* acquire(), token)
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual((yield* Effect.flip(acquire())).reasonCode, "provider_auth_unavailable")
      yield* fake.clearFaults
      assert.notStrictEqual(yield* acquire(), token)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("renews a rejected token once, however many noticed", () =>
    Effect.gen(function* () {
      const tokens = yield* GraphTokens
      const rejected = yield* acquire()
      const renew = tokens.renew(usable(), cloud, rejected)
      yield* Effect.all(
        Array.from({ length: 10 }, () => renew),
        { concurrency: "unbounded" }
      )
      yield* renew
      assert.strictEqual(yield* tokenRequests, 2)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("asks once more for what a claims challenge wants, also while a request without it is under way", () =>
    Effect.gen(function* () {
      const tokens = yield* GraphTokens
      const fake = yield* FakeGraph
      const rejected = yield* acquire()
      yield* fake.inject({ path: `/${entraTenantId}`, method: "POST", fault: Fault.latency(60_000) })
      const plain = yield* Effect.forkChild(tokens.renew(usable(), cloud, rejected))
      yield* Effect.yieldNow
      const claims = JSON.stringify({ access_token: { nbf: { essential: true, value: "1700000000" } } })
      const renewed = yield* Effect.all(
        Array.from({ length: 10 }, () => tokens.renew(usable(), cloud, rejected, claims)),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(new Set(renewed).size, 1)
      assert.strictEqual(yield* tokenRequests, 3)
      yield* TestClock.adjust("2 minutes")
      yield* Fiber.join(plain)
      assert.strictEqual(yield* acquire(), renewed[0], "the late token without the claims does not take the place")
    }).pipe(Effect.provide(layer()))
  )

  it.effect("tells what a new token says of itself, and keeps it", () =>
    Effect.gen(function* () {
      const tokens = yield* GraphTokens
      yield* acquire()
      const claims = Option.getOrThrow(yield* tokens.inspect(usable()))
      assert.strictEqual(claims.tid, entraTenantId)
      assert.include(claims.roles ?? [], "GroupMember.Read.All")
      assert.strictEqual(yield* tokenRequests, 2)
      yield* acquire()
      assert.strictEqual(yield* tokenRequests, 2)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("keeps the tokens of so many connections only, the least recently used go first", () =>
    Effect.gen(function* () {
      const numbered = (id: number): UsableConnection => ({ ...usable(), connection: connection({ id: String(id) }) })
      for (const id of [1, 2, 3]) yield* acquire(numbered(id))
      yield* acquire(numbered(3))
      yield* acquire(numbered(2))
      assert.strictEqual(yield* tokenRequests, 3)
      yield* acquire(numbered(1))
      assert.strictEqual(yield* tokenRequests, 4)
    }).pipe(
      Effect.provide(
        layer().pipe(Layer.provide(Layer.succeed(GraphLimits, { ...defaultGraphLimits, tokenCapacity: 2 })))
      )
    )
  )

  it.effect("starts afresh when the connection changed", () =>
    Effect.gen(function* () {
      yield* acquire()
      const error = yield* Effect.flip(acquire(usable({ revision: 1, secret: "wrong" })))
      assert.strictEqual(error.reasonCode, "provider_credential_invalid")
      assert.notInclude(JSON.stringify(error), "wrong")
    }).pipe(Effect.provide(layer()))
  )

  it.effect("tells an unknown tenant", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(acquire(usable({ entraTenantId: "99999999-0000-4000-8000-000000000001" })))
      assert.strictEqual(error.reasonCode, "provider_tenant_not_found")
    }).pipe(Effect.provide(layer()))
  )

  it.effect("refuses a JWT of another tenant, and takes one of its own", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      yield* fake.inject(onToken(jwt("99999999-0000-4000-8000-000000000001")))
      assert.strictEqual((yield* Effect.flip(acquire())).reasonCode, "provider_tenant_mismatch")
      yield* fake.clearFaults
      yield* fake.inject(onToken(jwt(entraTenantId.toUpperCase())))
      yield* acquire()
    }).pipe(Effect.provide(layer()))
  )

  it.effect("keeps the wait that a throttled login service asks for", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      yield* fake.inject(onToken(Fault.throttled("7")))
      const error = yield* Effect.flip(acquire())
      assert.strictEqual(error.reasonCode, "provider_auth_throttled")
      assert.strictEqual(error.retryAfterMillis, 7_000)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("maps every AADSTS number it knows", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      assert.isAbove(AadErrors.knownNumbers.length, 40)
      for (const number of AadErrors.knownNumbers) {
        yield* fake.clearFaults
        yield* fake.inject(onToken(Fault.aad(number, "invalid_client", 400)))
        const error = yield* Effect.flip(acquire())
        assert.strictEqual(error.reasonCode, AadErrors.reasonOf({ status: 400, error: undefined, numbers: [number] }))
        assert.include(error.message, `AADSTS${number}`)
      }
    }).pipe(Effect.provide(layer()))
  )

  it.effect("is one request for ten parallel reads through the port", () =>
    Effect.gen(function* () {
      const graph = yield* Graph
      const [first] = yield* Effect.flatMap(FakeGraph, (fake) => fake.groups(entraTenantId))
      const read = graph.get(contoso, group, { groupId: first?.id ?? "" })
      yield* Effect.all(
        Array.from({ length: 10 }, () => read),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(yield* tokenRequests, 1)
    }).pipe(Effect.provide(inMemory()))
  )
})

describe("AadErrors", () => {
  const cases: ReadonlyArray<readonly [AadErrors.TokenRefusal, string]> = [
    [{ status: 401, error: "invalid_client", numbers: [7000215] }, "provider_credential_invalid"],
    [{ status: 401, error: "invalid_client", numbers: [7000222] }, "provider_credential_expired"],
    [{ status: 401, error: "invalid_client", numbers: [] }, "provider_credential_invalid"],
    [{ status: 400, error: "invalid_request", numbers: [90002] }, "provider_tenant_not_found"],
    [{ status: 400, error: "unauthorized_client", numbers: [700016] }, "provider_app_not_found"],
    [{ status: 400, error: "invalid_grant", numbers: [53003] }, "provider_conditional_access_blocked"],
    [{ status: 429, error: undefined, numbers: [] }, "provider_auth_throttled"],
    [{ status: 503, error: undefined, numbers: [] }, "provider_auth_unavailable"],
    [{ status: 400, error: "never_seen", numbers: [1] }, "provider_unknown"]
  ]

  it.each(cases)("%j is %s", (refusal, reasonCode) => {
    assert.strictEqual(AadErrors.reasonOf(refusal), reasonCode)
  })
})
