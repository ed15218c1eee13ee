import { FakeGraph, Fault } from "@atlas/fake-graph"
import { Graph, GraphCaller, type GraphContract, GraphCursor } from "@atlas/operations"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Latch, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { countedGroups, group, groups, manyGroups, misreadGroups } from "./Contracts.ts"
import { collect, contoso, entraTenantId, inMemory, overHttp, options, prompt, whileTimePasses } from "./Fixtures.ts"

const groupRequests = Effect.map(
  Effect.flatMap(FakeGraph, (fake) => fake.requests),
  (requests) => requests.filter(({ path }) => path.startsWith("/v1.0/groups"))
)

const expected = Effect.flatMap(FakeGraph, (fake) => fake.groups(entraTenantId))

describe("LiveGraph", () => {
  it.live("lists exactly the directory, in order, over HTTP", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* collect(groups, {}), yield* expected)
      assert.lengthOf(yield* groupRequests, 4)
    }).pipe(Effect.provide(overHttp()))
  )

  it.effect("lists exactly the directory in memory", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* collect(groups, {}), yield* expected)
    }).pipe(Effect.provide(inMemory()))
  )

  it.live("lists a large directory exactly, in full pages", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* collect(manyGroups, {}), yield* expected)
      assert.lengthOf(yield* groupRequests, 11)
    }).pipe(Effect.provide(overHttp({ tenants: [{ tenantId: "contoso", groups: 10_000 }] })))
  )

  it.effect("asks for the count with the consistency header on every page, and tells it with the first", () =>
    Effect.gen(function* () {
      const graph = yield* Graph
      const pages = yield* Stream.runCollect(graph.list(contoso, countedGroups, {}))
      assert.deepStrictEqual(
        pages.map(({ count }) => count),
        [65, null, null, null]
      )
      assert.deepStrictEqual(
        (yield* groupRequests).map(({ consistencyLevel }) => consistencyLevel),
        ["eventual", "eventual", "eventual", "eventual"]
      )
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("sends a fresh client-request-id with every request", () =>
    Effect.gen(function* () {
      yield* collect(groups, {})
      const ids = (yield* groupRequests).map(({ clientRequestId }) => clientRequestId)
      assert.strictEqual(new Set(ids).size, 4)
      assert.isTrue(ids.every((id) => id !== undefined))
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("fetches one page ahead of its consumer and no further", () =>
    Effect.gen(function* () {
      const graph = yield* Graph
      const firstPage = yield* Latch.make()
      const release = yield* Latch.make()
      const listing = yield* graph.list(contoso, groups, {}).pipe(
        Stream.runForEach(() => Effect.andThen(firstPage.open, release.await)),
        Effect.forkChild
      )
      yield* firstPage.await
      yield* TestClock.adjust("10 seconds")
      assert.lengthOf(yield* groupRequests, 2)
      yield* release.open
      yield* Fiber.join(listing)
      assert.lengthOf(yield* groupRequests, 4)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("percent-encodes path parameters, so that they cannot name another resource", () =>
    Effect.gen(function* () {
      const graph = yield* Graph
      const error = yield* Effect.flip(graph.get(contoso, group, { groupId: "a/../b?c#d" }))
      assert.strictEqual(error.reasonCode, "provider_resource_not_found")
      assert.strictEqual((yield* groupRequests)[0]?.path, "/v1.0/groups/a%2F..%2Fb%3Fc%23d")
      const climbing = yield* Effect.flip(graph.get(contoso, group, { groupId: ".." }))
      assert.strictEqual(climbing.reasonCode, "provider_contract_violation")
      assert.lengthOf(yield* groupRequests, 1)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("reads one group", () =>
    Effect.gen(function* () {
      const graph = yield* Graph
      const [first] = yield* expected
      assert.deepStrictEqual(yield* graph.get(contoso, group, { groupId: first?.id ?? "" }), first)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("sends nothing for a value that no contract function made", () =>
    Effect.gen(function* () {
      const graph = yield* Graph
      const forged = { name: "x", path: "/users", version: "v1.0", schema: Schema.Unknown, permissions: [] }
      const error = yield* Effect.flip(
        // The types refuse it; whoever casts is refused as well.
        graph.get(contoso, forged as unknown as GraphContract.GraphGet<"/users", unknown>, {})
      )
      assert.strictEqual(error.reasonCode, "provider_contract_violation")
      assert.lengthOf(yield* Effect.flatMap(FakeGraph, (fake) => fake.requests), 0)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("goes on where an earlier listing stopped", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const graph = yield* Graph
      const [, second] = yield* Stream.runCollect(Stream.take(graph.list(contoso, countedGroups, {}), 2))
      yield* fake.forgetRequests
      const rest = yield* Stream.runCollect(graph.list(contoso, countedGroups, {}, second?.next ?? undefined))
      const all = yield* expected
      assert.deepStrictEqual(
        rest.flatMap(({ items }) => items),
        all.slice(40)
      )
      assert.isNull(rest.at(-1)?.next)
      assert.deepStrictEqual(
        (yield* groupRequests).map(({ consistencyLevel }) => consistencyLevel),
        ["eventual", "eventual"]
      )
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("sends the bearer to no cursor that does not belong to the listing", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      for (const [link, reason] of [
        ["https://attacker.example/v1.0/groups", "provider_resync_required"],
        [`${fake.origin}/v1.0/users`, "provider_untrusted_link"],
        ["nonsense", "provider_untrusted_link"],
        ["", "provider_untrusted_link"]
      ] as const) {
        const error = yield* Effect.flip(
          Effect.flatMap(Graph, (graph) => Stream.runDrain(graph.list(contoso, groups, {}, GraphCursor.make(link))))
        )
        assert.strictEqual(error.reasonCode, reason)
      }
      assert.lengthOf(yield* fake.requests, 0)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("uses only the contracts that the run's operation lists", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const inRun = Effect.provideService(GraphCaller, { priority: "background", contracts: new Set([groups]) })
      assert.lengthOf(yield* inRun(collect(groups, {})), 65)
      assert.isTrue((yield* groupRequests).every(({ throttlePriority }) => throttlePriority === "low"))
      yield* fake.forgetRequests
      const error = yield* Effect.flip(inRun(collect(manyGroups, {})))
      assert.strictEqual(error.reasonCode, "provider_contract_violation")
      assert.include(error.message, "groups.listMany")
      assert.lengthOf(yield* fake.requests, 0)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("answers a rejected token once with a fresh one", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      yield* collect(groups, {})
      yield* fake.revokeTokens
      yield* fake.forgetRequests
      assert.lengthOf(yield* collect(groups, {}), 65)
      assert.deepStrictEqual(
        (yield* groupRequests).map(({ status }) => status),
        [401, 200, 200, 200, 200]
      )
      yield* fake.inject({ path: "/v1.0", times: 2, fault: Fault.status(401, "InvalidAuthenticationToken") })
      const error = yield* Effect.flip(collect(groups, {}))
      assert.strictEqual(error.reasonCode, "provider_token_rejected")
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("answers a claims challenge once, with what it asks for", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      yield* collect(groups, {})
      yield* fake.inject({ path: "/v1.0/groups", times: 99, fault: Fault.claimsChallenge() })
      yield* fake.forgetRequests
      assert.lengthOf(yield* collect(groups, {}), 65)
      assert.deepStrictEqual(
        (yield* groupRequests).map(({ status }) => status),
        [401, 200, 200, 200, 200]
      )
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("fails where a claims challenge is not met by a token with the claims", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const other = JSON.stringify({ access_token: { nbf: { essential: true, value: "1" } } })
      yield* fake.inject({ path: "/v1.0/groups", nth: 1, fault: Fault.claimsChallenge() })
      yield* fake.inject({ path: "/v1.0/groups", nth: 2, fault: Fault.claimsChallenge(other) })
      assert.strictEqual((yield* Effect.flip(collect(groups, {}))).reasonCode, "provider_claims_challenge")
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("leaves a tenant alone for a while whose requests fail in a row, and comes back to it", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const graph = yield* Graph
      const read = whileTimePasses(Effect.flip(graph.get(contoso, group, { groupId: "any" })))
      yield* fake.inject({ path: "/v1.0", times: 10, fault: Fault.status(503) })
      yield* Effect.all([read, read, read, read, read], { concurrency: "unbounded" })
      const sent = (yield* groupRequests).length
      assert.isBelow(sent, 12)
      const error = yield* read
      assert.strictEqual(error.reasonCode, "provider_unavailable")
      assert.isDefined(error.retryAfterMillis)
      assert.lengthOf(yield* groupRequests, sent)
      yield* TestClock.adjust("11 seconds")
      assert.strictEqual((yield* read).reasonCode, "provider_resource_not_found")
    }).pipe(Effect.provide(inMemory(options, { retryWindow: "5 seconds" })))
  )

  it.effect("names the permission that is missing, and keeps the request ids", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(collect(groups, {}))
      assert.strictEqual(error.reasonCode, "provider_permission_denied")
      assert.strictEqual(error.missingPermission, "GroupMember.Read.All")
      assert.include(error.message, "the app lacks the permission GroupMember.Read.All.")
      assert.strictEqual(error.contract, "groups.list")
      assert.strictEqual(error.status, 403)
      assert.isString(error.requestId)
      assert.strictEqual(error.clientRequestId, (yield* groupRequests)[0]?.clientRequestId)
    }).pipe(Effect.provide(inMemory({ tenants: [{ tenantId: "contoso", permissions: [] }] })))
  )

  it.effect("fails where an item does not have the contract's form", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const error = yield* Effect.flip(TestClock.withLive(collect(misreadGroups, {})))
      assert.strictEqual(error.reasonCode, "provider_response_invalid")
      assert.notInclude(JSON.stringify(error), (yield* fake.groups(entraTenantId))[0]?.displayName ?? "")
    }).pipe(Effect.provide(inMemory(options, prompt)))
  )
})
