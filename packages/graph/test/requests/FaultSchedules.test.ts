import { FakeGraph, Fault } from "@atlas/fake-graph"
import { Graph } from "@atlas/operations"
import { thorough } from "@atlas/test"
import { assert, it } from "@effect/vitest"
import { Effect, Random, Result, Stream } from "effect"
import { countedGroups, groups } from "../Contracts.ts"
import { contoso, entraTenantId, inMemory, whileTimePasses } from "../Fixtures.ts"

const schedules = thorough({ usually: 500, thoroughly: 10_000 })

/** Short waits: what counts is the order of things, not how long they take. */
const hasty = {
  requestTimeout: "1 second",
  retryBase: "10 millis",
  retryCap: "30 millis",
  retryWindow: "10 seconds",
  retryAttempts: 4,
  breakerOpen: "50 millis"
} as const

const faults: ReadonlyArray<Fault.Fault> = [
  Fault.throttled("0.01"),
  Fault.throttled(""),
  Fault.throttled(),
  Fault.throttled("3600"),
  Fault.status(500, "InternalServerError"),
  Fault.status(503, "ServiceNotAvailable"),
  Fault.html(502),
  Fault.status(401, "InvalidAuthenticationToken"),
  Fault.status(403, "Authorization_RequestDenied"),
  Fault.status(410),
  Fault.truncatedJson,
  Fault.shapelessBody,
  Fault.connectionReset,
  Fault.noAnswer,
  Fault.hungBody,
  Fault.emptyPage,
  Fault.nextLinkCycle,
  Fault.nextLink("https://attacker.example/v1.0/groups?$skiptoken=1"),
  Fault.nextLink("http://localhost/v1.0/users"),
  Fault.redirect("https://attacker.example/"),
  Fault.latency(2)
]

/** A fault or a few, anywhere in a listing and in the request for its token. */
const schedule = Effect.gen(function* () {
  const count = yield* Random.nextIntBetween(0, 4)
  return yield* Effect.forEach(Array.from({ length: count }), () =>
    Effect.gen(function* () {
      const fault = faults[yield* Random.nextIntBetween(0, faults.length)] ?? Fault.truncatedJson
      const nth = yield* Random.nextIntBetween(1, 7)
      const times = (yield* Random.next) < 0.8 ? 1 : yield* Random.nextIntBetween(2, 8)
      return { fault, nth, times }
    })
  )
})

/** One listing of a directory of any size under a schedule: how it ended, and whether that is a lie. */
const listing = Effect.fnUntraced(function* (number: number) {
  const seeded = Effect.gen(function* () {
    const rules = yield* schedule
    const size = yield* Random.nextIntBetween(0, 90)
    return { rules, size, contract: (yield* Random.next) < 0.5 ? groups : countedGroups }
  })
  const { contract, rules, size } = yield* Random.withSeed(seeded, `schedule ${number}`)
  const outcome = yield* Effect.gen(function* () {
    const fake = yield* FakeGraph
    const graph = yield* Graph
    const pages = yield* Effect.result(Stream.runCollect(graph.list(contoso, contract, {})))
    const expected = [...(yield* fake.groups(entraTenantId))]
    const foreign = (yield* fake.requests).filter(({ path }) => path === "/v1.0/users")
    assert.lengthOf(foreign, 0, `schedule ${number} followed a hostile link`)
    if (Result.isFailure(pages)) return pages.failure.reasonCode
    assert.deepStrictEqual(
      pages.success.flatMap(({ items }) => items),
      expected,
      `schedule ${number} listed something else than the directory`
    )
    return "complete"
  }).pipe(Effect.provide(inMemory({ tenants: [{ tenantId: "contoso", groups: size }], faults: rules }, hasty)))
  return outcome
})

it.effect(
  `of ${schedules} random fault schedules, each listing is exact or fails with its reason`,
  () =>
    Effect.gen(function* () {
      const outcomes = yield* whileTimePasses(
        Effect.forEach(
          Array.from({ length: schedules }, (_, number) => number),
          listing,
          { concurrency: 64 }
        )
      )
      const tally = Map.groupBy(outcomes, (outcome) => outcome)
      // Both ends have to be common, or the schedules prove nothing.
      assert.isAbove(tally.get("complete")?.length ?? 0, schedules / 3)
      assert.isAbove(schedules - (tally.get("complete")?.length ?? 0), schedules / 10)
      assert.isAbove(tally.size, 8)
    }),
  300_000
)
