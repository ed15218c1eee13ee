import { FakeGraph, Fault } from "@atlas/fake-graph"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { groups } from "../Contracts.ts"
import { collect, inMemory, options, overHttp, prompt, whileTimePasses } from "../Fixtures.ts"

/** Where nothing comes, the client waits for all of its time limit; what comes too late for it on a busy machine is asked for again. */
const hangs = { ...prompt, requestTimeout: "500 millis", retryAttempts: 4 } as const

const onSecondPage = (fault: Fault.Fault, times = 1) => ({ path: "/v1.0/groups", nth: 2, times, fault })

const recovers: ReadonlyArray<readonly [string, Fault.Fault]> = [
  ["429 with a fraction", Fault.throttled("0.02")],
  ["429 with an empty Retry-After", Fault.throttled("")],
  ["429 without Retry-After", Fault.throttled()],
  ["500", Fault.status(500, "InternalServerError")],
  ["503", Fault.status(503, "ServiceNotAvailable")],
  ["504 with HTML", Fault.html(504)],
  ["truncated JSON", Fault.truncatedJson],
  ["a body of another shape", Fault.shapelessBody],
  ["a connection reset", Fault.connectionReset],
  ["an empty page", Fault.emptyPage],
  ["a slow answer", Fault.latency(50)]
]

const hanging: ReadonlyArray<readonly [string, Fault.Fault]> = [
  ["no answer", Fault.noAnswer],
  ["a hung body", Fault.hungBody]
]

const intune = JSON.stringify({
  Message:
    "Application is not authorized. Application must have one of the following scopes: GroupMember.Read.All, " +
    "DeviceManagementApps.Read.All - Operation ID: 1 - Url: https://internal.manage.microsoft.com/x"
})

const fails: ReadonlyArray<readonly [string, Fault.Fault, string]> = [
  ["429 again and again", Fault.throttled("0.01"), "provider_throttled"],
  ["429 with a longer wait than the window", Fault.throttled("3600"), "provider_throttled"],
  ["503 again and again", Fault.status(503), "provider_unavailable"],
  ["HTML again and again", Fault.html(502), "provider_unavailable"],
  ["truncated JSON twice", Fault.truncatedJson, "provider_response_invalid"],
  ["resets again and again", Fault.connectionReset, "provider_network_error"],
  ["a link cycle", Fault.nextLinkCycle, "provider_pagination_loop"],
  ["a redirect", Fault.redirect("http://127.0.0.1:1/"), "provider_untrusted_link"],
  ["400", Fault.status(400, "BadRequest"), "provider_request_invalid"],
  ["an unsupported query", Fault.status(400, "Request_UnsupportedQuery"), "provider_query_unsupported"],
  ["404", Fault.status(404, "Request_ResourceNotFound"), "provider_resource_not_found"],
  ["409", Fault.status(409, "Conflict"), "provider_conflict"],
  ["410", Fault.status(410), "provider_resync_required"],
  ["an expired state", Fault.status(400, "SyncStateNotFound"), "provider_resync_required"],
  ["412", Fault.status(412), "provider_precondition_failed"],
  ["501", Fault.status(501), "provider_query_unsupported"],
  ["507", Fault.status(507), "provider_quota_exceeded"],
  ["403 from Intune", Fault.status(403, "Forbidden", intune), "provider_permission_denied"],
  ["401 from Intune", Fault.status(401, "UnknownError", intune), "provider_permission_denied"],
  [
    "a missing licence",
    Fault.status(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant"),
    "provider_license_required"
  ]
]

describe("faults recover without losing a group", () => {
  const recovering = Effect.fnUntraced(function* (fault: Fault.Fault) {
    const fake = yield* FakeGraph
    yield* fake.inject(onSecondPage(fault))
    const [tenant] = fake.tenants
    assert.deepStrictEqual(yield* collect(groups, {}), yield* fake.groups(tenant?.entraTenantId ?? ""))
  })

  it.live.each(recovers)("%s", ([, fault]) => recovering(fault).pipe(Effect.provide(overHttp())))

  it.live.each(hanging)("%s", ([, fault]) => recovering(fault).pipe(Effect.provide(overHttp(options, hangs))))
})

describe("faults that stay end the listing with their reason", () => {
  const failing = Effect.fnUntraced(function* (fault: Fault.Fault, reasonCode: string) {
    const fake = yield* FakeGraph
    yield* fake.inject(onSecondPage(fault, 1_000))
    const error = yield* Effect.flip(collect(groups, {}))
    assert.strictEqual(error.reasonCode, reasonCode)
    assert.strictEqual(error.contract, "groups.list")
    assert.notInclude(JSON.stringify(error), "internal.manage")
  })

  it.live.each(fails)("%s", ([, fault, reasonCode]) => failing(fault, reasonCode).pipe(Effect.provide(overHttp())))

  it.live("hung bodies again and again", () =>
    failing(Fault.hungBody, "provider_timeout").pipe(Effect.provide(overHttp(options, hangs)))
  )
})

describe("Retry-After", () => {
  const waits: ReadonlyArray<readonly [form: string, header: string, least: number, most: number]> = [
    ["an integer", "3", 3_000, 3_300],
    ["a fraction", "2.128", 2_128, 2_341],
    ["an HTTP date", "Thu, 01 Jan 1970 00:00:05 GMT", 5_000, 5_500],
    ["a date in the past", "Wed, 31 Dec 1969 23:59:00 GMT", 0, 0]
  ]

  it.effect.each(waits)("%s is waited for in full", ([, header, least, most]) =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      yield* collect(groups, {})
      yield* fake.forgetRequests
      yield* fake.inject({ path: "/v1.0/groups", fault: Fault.throttled(header) })
      const listing = yield* Effect.forkChild(collect(groups, {}))
      if (least > 0) {
        yield* TestClock.adjust(least - 1)
        assert.lengthOf(yield* fake.requests, 1)
      }
      yield* TestClock.adjust(most - least + 1)
      assert.isAtLeast((yield* fake.requests).length, 2)
      // The pages after it come at the slower pace that was asked for.
      assert.lengthOf(yield* whileTimePasses(Fiber.join(listing)), 65)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("a wait beyond the window is not begun but told", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      yield* fake.inject({ path: "/v1.0/groups", fault: Fault.throttled("3600") })
      const error = yield* Effect.flip(collect(groups, {}))
      assert.strictEqual(error.reasonCode, "provider_throttled")
      assert.strictEqual(error.retryAfterMillis, 3_600_000)
    }).pipe(Effect.provide(inMemory(options)))
  )
})

describe("the live client", () => {
  it.live("reads on after a connection that was cut in the middle of a body", () =>
    Effect.gen(function* () {
      yield* (yield* FakeGraph).inject({ path: "/v1.0/groups", nth: 2, fault: Fault.resetInBody })
      assert.lengthOf(yield* collect(groups, {}), 65)
    }).pipe(Effect.provide(overHttp()))
  )

  it.effect("notices a link that leads back to an earlier page", () =>
    Effect.gen(function* () {
      yield* (yield* FakeGraph).inject({ path: "/v1.0/groups", nth: 3, fault: Fault.hostileLink("earlierPage") })
      const error = yield* Effect.flip(collect(groups, {}))
      assert.strictEqual(error.reasonCode, "provider_pagination_loop")
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("names the permission that Intune asks for", () =>
    Effect.gen(function* () {
      yield* (yield* FakeGraph).inject({
        path: "/v1.0/groups",
        fault: Fault.intuneForbidden("DeviceManagementApps.Read.All")
      })
      const error = yield* Effect.flip(collect(groups, {}))
      assert.strictEqual(error.missingPermission, "DeviceManagementApps.Read.All")
      assert.include(error.message, "the app lacks the permission DeviceManagementApps.Read.All.")
      assert.notInclude(JSON.stringify(error), "manage.microsoft")
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("answers a claims challenge with a token that meets it", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      yield* fake.inject({ path: "/v1.0", times: 1_000, fault: Fault.claimsChallenge() })
      assert.lengthOf(yield* collect(groups, {}), 65)
      const tokens = (yield* fake.requests).filter(({ path }) => path.endsWith("/token"))
      assert.lengthOf(tokens, 2)
    }).pipe(Effect.provide(inMemory()))
  )
})
