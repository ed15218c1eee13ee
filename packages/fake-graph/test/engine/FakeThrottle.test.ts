import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import type { FakeThrottleOption } from "../../src/index.ts"
import { ask, batch, bearer, logIn, send, wire } from "../Wire.ts"

const throttled = (throttle: FakeThrottleOption) => wire({ throttle, tenants: [{}, {}] })

describe("throttling", () => {
  it.effect("refuses what would exceed the units of ten seconds, and serves again after the wait it names", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* ask("/v1.0/groups")).status, 200)
      yield* TestClock.adjust("3500 millis")
      assert.strictEqual((yield* ask("/v1.0/groups")).status, 200)
      const { headers, status } = yield* ask("/v1.0/groups")
      assert.strictEqual(status, 429)
      assert.strictEqual(headers["retry-after"], "7")
      assert.strictEqual(headers["x-ms-throttle-information"], "ResourceUnitLimitExceeded")
      assert.strictEqual(
        headers["x-ms-throttle-scope"],
        "Tenant_Application/Read/22222222-0000-4000-8000-000000000001/11111111-0000-4000-8000-000000000001"
      )
      yield* TestClock.adjust("6400 millis")
      assert.strictEqual((yield* ask("/v1.0/groups")).status, 429)
      yield* TestClock.adjust("100 millis")
      assert.strictEqual((yield* ask("/v1.0/groups")).status, 200)
    }).pipe(Effect.provide(throttled({ units: 2 })))
  )

  const costs: ReadonlyArray<readonly [path: string, units: string]> = [
    ["/v1.0/groups", "1"],
    ["/v1.0/groups?$select=id&$top=5", "1"],
    ["/v1.0/groups/x/members", "3"],
    ["/v1.0/groups/x/members?$select=id", "2"],
    ["/v1.0/groups/x/members?$select=id&$top=19", "1"],
    ["/v1.0/groups/x/members?$top=20", "3"],
    ["/v1.0/servicePrincipals/x/appRoleAssignments", "2"]
  ]

  it.effect.each(costs)("charges %s with %s", ([path, units]) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* ask(path)).headers["x-ms-resource-unit"], units)
    }).pipe(Effect.provide(throttled("S")))
  )

  it.effect("warns from four fifths on", () =>
    Effect.gen(function* () {
      const warnings: Array<string | undefined> = []
      for (let asked = 0; asked < 5; asked++) {
        warnings.push((yield* ask("/v1.0/groups")).headers["x-ms-throttle-limit-percentage"])
      }
      assert.deepStrictEqual(warnings, [undefined, undefined, undefined, "0.80", "1.00"])
    }).pipe(Effect.provide(throttled({ units: 5 })))
  )

  it.effect("lets a small tenant have 3,500 units in ten seconds", () =>
    Effect.gen(function* () {
      const { access_token } = yield* logIn()
      const statuses: Array<number> = []
      for (let asked = 0; asked < 1_168; asked++) {
        statuses.push((yield* send("/v1.0/groups/x/members", { headers: bearer(access_token) })).status)
      }
      // 1,166 times three units are 3,498.
      assert.strictEqual(statuses.indexOf(429), 1_166)
    }).pipe(Effect.provide(throttled("S")))
  )

  it.effect("counts writes for 150 seconds, and Intune by requests for twenty", () =>
    Effect.gen(function* () {
      const write = { method: "POST", body: {} } as const
      assert.notStrictEqual((yield* ask("/v1.0/groups", write)).status, 429)
      const refused = yield* ask("/v1.0/groups", write)
      assert.deepStrictEqual(
        [refused.status, refused.headers["retry-after"], refused.headers["x-ms-throttle-information"]],
        [429, "150", "WriteLimitExceeded"]
      )
      assert.strictEqual((yield* ask("/v1.0/groups")).status, 200)
      const intune = "/v1.0/deviceManagement/deviceConfigurations"
      const first = yield* ask(intune)
      assert.notStrictEqual(first.status, 429)
      assert.isUndefined(first.headers["x-ms-resource-unit"])
      const second = yield* ask(intune)
      assert.deepStrictEqual([second.status, second.headers["retry-after"]], [429, "20"])
    }).pipe(Effect.provide(throttled({ writes: 1, intune: 1 })))
  )

  it.effect("concerns the items of a batch one by one", () =>
    Effect.gen(function* () {
      const item = (id: string) => ({ id, method: "GET", url: "/groups" })
      const { byId, status } = yield* batch([item("a"), item("b"), item("c")])
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(
        ["a", "b", "c"].map((id) => [byId.get(id)?.status, byId.get(id)?.headers["retry-after"]]),
        [
          [200, undefined],
          [200, undefined],
          [429, "10"]
        ]
      )
    }).pipe(Effect.provide(throttled({ units: 2 })))
  )

  it.effect("is off unless asked for", () =>
    Effect.gen(function* () {
      const { headers, status } = yield* ask("/v1.0/groups")
      assert.strictEqual(status, 200)
      assert.isUndefined(headers["x-ms-throttle-limit-percentage"])
    }).pipe(Effect.provide(wire()))
  )
})
