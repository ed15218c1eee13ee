import { FakeGraph, Fault } from "@atlas/fake-graph"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { groups } from "../Contracts.ts"
import { collect, inMemory, overHttp } from "../Fixtures.ts"

describe("that only contracts are asked for", () => {
  it.effect("holds for everything that the live client sends, next links included", () =>
    Effect.gen(function* () {
      yield* collect(groups, {})
      yield* (yield* FakeGraph).assertOnlyContracts([groups])
    }).pipe(Effect.provide(inMemory()))
  )
})

describe("that no token goes to another host", () => {
  const hostile = ["foreignHost", "userinfo", "http", "otherTenant", "otherResource"] as const

  it.live.each(hostile)("holds for the live client, which refuses a link to %s", (kind) =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      yield* fake.inject({ path: "/v1.0/groups", nth: 2, times: 9, fault: Fault.hostileLink(kind) })
      const error = yield* Effect.flip(collect(groups, {}))
      assert.strictEqual(error.reasonCode, "provider_untrusted_link")
      yield* fake.assertNoForeignBearer
      yield* fake.assertOnlyContracts([groups])
    }).pipe(Effect.provide(overHttp()))
  )

  it.live.each([301, 302, 307, 308] as const)(
    "holds for the live client, which follows no redirect with %s",
    (status) =>
      Effect.gen(function* () {
        const fake = yield* FakeGraph
        const location = `${fake.foreignOrigin}/v1.0/groups`
        yield* fake.inject({ path: "/v1.0/groups", times: 9, fault: Fault.redirect(location, status) })
        assert.strictEqual((yield* Effect.flip(collect(groups, {}))).reasonCode, "provider_untrusted_link")
        assert.isEmpty((yield* fake.requests).filter(({ foreign }) => foreign))
      }).pipe(Effect.provide(overHttp()))
  )
})
