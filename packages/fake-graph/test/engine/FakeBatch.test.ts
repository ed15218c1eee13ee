import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { FakeGraph, Fault } from "../../src/index.ts"
import { ask, batch, entraTenantId, send, wire } from "../Wire.ts"

const get = (id: string, url = "/groups?$top=1") => ({ id, method: "GET", url })

const many = (count: number) => Array.from({ length: count }, (_, index) => get(String(index)))

describe("a batch", () => {
  it.effect("answers each item for itself, and the whole with 200", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const { byId, status } = yield* batch([
        get("list"),
        get("none", "/groups/nobody"),
        { ...get("counted", "/groups/$count"), headers: { ConsistencyLevel: "eventual" } }
      ])
      assert.strictEqual(status, 200)
      assert.lengthOf(byId.get("list")?.body.value, 1)
      assert.strictEqual(byId.get("none")?.body.error.code, "Request_ResourceNotFound")
      assert.strictEqual(byId.get("none")?.status, 404)
      assert.strictEqual(byId.get("counted")?.body, 65)
      const entries = (yield* fake.requests).filter(({ path }) => path.startsWith("/v1.0"))
      assert.deepStrictEqual(
        entries.map(({ batch, path, status, tenant }) => [batch, path, status, tenant]),
        [
          [false, "/v1.0/$batch", 200, entraTenantId],
          [true, "/v1.0/groups", 200, entraTenantId],
          [true, "/v1.0/groups/nobody", 404, entraTenantId],
          [true, "/v1.0/groups/$count", 200, entraTenantId]
        ]
      )
    }).pipe(Effect.provide(wire()))
  )

  it.effect("answers in another order than it was asked, the same for the same seed", () => {
    const order = Effect.map(batch(many(20)), ({ responses }) => responses.map(({ id }) => id))
    const from = (seed: number) => order.pipe(Effect.provide(wire({ seed })))
    return Effect.gen(function* () {
      const first = yield* from(1)
      assert.sameMembers(
        [...first],
        many(20).map(({ id }) => id)
      )
      assert.notDeepEqual(
        first,
        many(20).map(({ id }) => id)
      )
      assert.deepStrictEqual(yield* from(1), first)
      assert.notDeepEqual(yield* from(2), first)
    })
  })

  const refused: ReadonlyArray<readonly [string, ReadonlyArray<object>, RegExp]> = [
    ["more than 20 items", many(21), /exceeds the maximum value of 20/],
    ["no items", [], /no requests/],
    ["an id used twice", [get("a"), get("a")], /a is not unique/],
    ["an absolute url", [get("a", "https://graph.microsoft.com/v1.0/groups")], /not relative/],
    ["a body without its type", [{ ...get("a"), method: "POST", body: {} }], /Content-Type/],
    ["an unknown dependency", [{ ...get("a"), dependsOn: ["b"] }], /depends on/],
    [
      "dependencies in a circle",
      [
        { ...get("a"), dependsOn: ["b"] },
        { ...get("b"), dependsOn: ["a"] }
      ],
      /depends on/
    ],
    ["an item without a method", [{ id: "a", url: "/groups" }], /payload/]
  ]

  it.effect.each(refused)("is refused as a whole for %s", ([, requests, message]) =>
    Effect.gen(function* () {
      const { error, status } = yield* batch(requests)
      assert.strictEqual(status, 400)
      assert.match(error.message, message)
    }).pipe(Effect.provide(wire()))
  )

  it.effect("does first what others depend on, and not what depends on a failure", () =>
    Effect.gen(function* () {
      const { byId } = yield* batch([
        { ...get("last"), dependsOn: ["good"] },
        { ...get("lost"), dependsOn: ["bad"] },
        { ...get("lost too"), dependsOn: ["lost"] },
        get("bad", "/groups/nobody"),
        get("good")
      ])
      assert.deepStrictEqual(
        ["last", "lost", "lost too", "bad", "good"].map((id) => byId.get(id)?.status),
        [200, 424, 424, 404, 200]
      )
      const asked = (yield* (yield* FakeGraph).requests).filter((entry) => entry.batch)
      assert.lengthOf(asked, 3)
    }).pipe(Effect.provide(wire()))
  )

  it.effect("needs a token, and its items the permissions", () =>
    Effect.gen(function* () {
      const anonymous = yield* send("/v1.0/$batch", { method: "POST", body: { requests: [get("a")] } })
      assert.strictEqual(anonymous.status, 401)
      const { byId } = yield* batch([get("a"), get("b", "/organization")])
      assert.deepStrictEqual([byId.get("a")?.status, byId.get("b")?.status], [403, 200])
    }).pipe(Effect.provide(wire({ tenants: [{ permissions: ["Organization.Read.All"] }] })))
  )
})

describe("faults of items", () => {
  const strike = (fault: Fault.Fault) => ({ batchItem: true, nth: 2, fault })

  it.effect("throttle one item with its own Retry-After", () =>
    Effect.gen(function* () {
      yield* (yield* FakeGraph).inject(strike(Fault.throttled("2.128")))
      const { byId, status } = yield* batch(many(3))
      assert.strictEqual(status, 200)
      assert.deepStrictEqual([byId.get("0")?.status, byId.get("1")?.status, byId.get("2")?.status], [200, 429, 200])
      assert.strictEqual(byId.get("1")?.headers["retry-after"], "2.128")
    }).pipe(Effect.provide(wire()))
  )

  it.effect("leave one item out of the answers", () =>
    Effect.gen(function* () {
      yield* (yield* FakeGraph).inject(strike(Fault.itemMissing))
      const { byId, status } = yield* batch(many(3))
      assert.strictEqual(status, 200)
      assert.sameMembers([...byId.keys()], ["0", "2"])
    }).pipe(Effect.provide(wire()))
  )

  it.effect("deny one with an empty code, and spoil the body of another", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      yield* fake.inject(strike(Fault.status(403, "")))
      yield* fake.inject({ ...strike(Fault.truncatedJson), nth: 3 })
      yield* fake.inject({ ...strike(Fault.html(502)), nth: 4 })
      const { byId } = yield* batch(many(4))
      assert.deepInclude(byId.get("1"), { status: 403, body: { error: { code: "", message: "Injected fault." } } })
      assert.isString(byId.get("2")?.body)
      assert.match(byId.get("3")?.body, /<html>/)
    }).pipe(Effect.provide(wire()))
  )

  it.effect("cut the connection that all items share", () =>
    Effect.gen(function* () {
      yield* (yield* FakeGraph).inject(strike(Fault.connectionReset))
      assert.strictEqual((yield* Effect.flip(batch(many(3))))._tag, "HttpClientError")
    }).pipe(Effect.provide(wire()))
  )

  it.effect("strike no request that is not an item", () =>
    Effect.gen(function* () {
      yield* (yield* FakeGraph).inject({ batchItem: true, times: 9, fault: Fault.status(500) })
      assert.strictEqual((yield* ask("/v1.0/groups")).status, 200)
      yield* (yield* FakeGraph).clearFaults
      yield* (yield* FakeGraph).inject({ batchItem: false, path: /groups$/, times: 9, fault: Fault.status(500) })
      assert.strictEqual((yield* batch(many(1))).byId.get("0")?.status, 200)
      assert.strictEqual((yield* ask("/v1.0/groups")).status, 500)
    }).pipe(Effect.provide(wire()))
  )
})
