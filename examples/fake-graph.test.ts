import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { listGroups } from "@atlas/directory"
import { FakeGraph, fakeGroup, Fault, generateGroups, loadData, parseFaultRules } from "@atlas/fake-graph"
import { LiveGraph } from "@atlas/graph"
import { TenantId, WorkspaceId } from "@atlas/operations"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { mailGroups } from "./mail-groups.ts"

const contoso = { workspaceId: WorkspaceId.make("northwind"), tenantId: TenantId.make("contoso") }

const addresses = Effect.map(
  Effect.flatMap(FakeGraph, (fake) => fake.groups(fake.tenants[0]!.entraTenantId)),
  (groups) => groups.flatMap(({ mail }) => mail ?? [])
)

/** Runs something while the test clock goes on, a second at a time. */
const whileTimePasses = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.raceFirst(
    effect,
    Effect.forever(Effect.andThen(TestClock.adjust("1 second"), TestClock.withLive(Effect.sleep("2 millis"))))
  )

describe("the fake's tenants", () => {
  // #region state
  it.effect("keep what they are given, and make up the rest", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const tenant = fake.tenants[0]!.entraTenantId
      yield* fake.putGroup(tenant, fakeGroup({ id: "00000000-0000-4000-8000-000000000001", displayName: "Auditors" }))
      assert.lengthOf(yield* fake.groups(tenant), 26)
      assert.lengthOf(yield* fake.items(tenant, "deviceManagement/configurationPolicies"), 3)
    }).pipe(
      Effect.provide(
        FakeGraph.layer({ tenants: [{ groups: 25, collections: { "deviceManagement/configurationPolicies": 3 } }] })
      )
    )
  )
  // #endregion

  it.effect("hold what a folder of JSON holds", () =>
    Effect.gen(function* () {
      const folder = mkdtempSync(join(tmpdir(), "fake-graph-"))
      writeFileSync(
        join(folder, "groups.json"),
        '[{ "id": "1", "displayName": "Audit", "mail": "audit@contoso.example" }]'
      )
      const data = yield* loadData(folder)
      const layer = FakeGraph.layer({ tenants: [{ tenantId: "contoso", data }] })
      assert.deepStrictEqual(yield* Effect.provide(mailGroups(contoso), layer), ["audit@contoso.example"])
    })
  )
})

describe("the fake's answers", () => {
  /** The status that a client without a token gets. */
  const status = Effect.gen(function* () {
    const { origin } = yield* FakeGraph
    const client = yield* HttpClient.HttpClient
    const response = yield* client.execute(HttpClientRequest.get(`${origin}/v1.0/groups`))
    return response.status
  })

  it.effect("reach any client in memory", () => {
    const groups = generateGroups(25, 7)
    const engine = FakeGraph.layerEngine({ tenants: [{ groups }] })
    const inMemory = FakeGraph.layerHttpClient.pipe(Layer.provideMerge(engine))
    return Effect.gen(function* () {
      const fake = yield* FakeGraph
      assert.strictEqual(yield* status, 401)
      assert.deepStrictEqual(yield* fake.groups(fake.tenants[0]!.entraTenantId), groups)
    }).pipe(Effect.provide(inMemory))
  })

  it.live("reach the live client over HTTP", () => {
    const served = LiveGraph.layer.pipe(
      Layer.provide([FetchHttpClient.layer, FakeGraph.layerConnections, FakeGraph.layerCloud]),
      Layer.provideMerge(FakeGraph.layerHttp({ tenants: [{ tenantId: "contoso", groups: 25 }] }))
    )
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* mailGroups(contoso), yield* addresses)
    }).pipe(Effect.provide(served))
  })

  it.effect("break as a file of faults says", () => {
    const faults = Result.getOrThrow(parseFaultRules('[{ "fault": { "kind": "html", "status": 502 } }]'))
    const engine = FakeGraph.layerEngine({ faults })
    return Effect.gen(function* () {
      assert.strictEqual(yield* status, 502)
    }).pipe(Effect.provide(FakeGraph.layerHttpClient.pipe(Layer.provideMerge(engine))))
  })
})

describe("mailGroups", () => {
  // #region faults
  it.live("loses nothing while every fifth answer is broken", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      yield* fake.inject({ path: "/v1.0/groups", probability: 0.2, fault: Fault.truncatedJson })
      yield* fake.inject({ path: /\/groups$/, nth: 3, fault: Fault.connectionReset })
      assert.deepStrictEqual(yield* mailGroups(contoso), yield* addresses)
    }).pipe(Effect.provide(FakeGraph.layer({ seed: 7, tenants: [{ tenantId: "contoso", groups: 5_000 }] })))
  )
  // #endregion

  // #region throttling
  it.effect("waits where the tenant's units are used up", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      assert.deepStrictEqual(yield* whileTimePasses(mailGroups(contoso)), yield* addresses)
      const listing = (yield* fake.requests).filter(({ path }) => path === "/v1.0/groups")
      assert.deepStrictEqual(
        listing.map(({ status }) => status),
        [200, 200, 429, 200]
      )
    }).pipe(
      Effect.provide(FakeGraph.layer({ throttle: { units: 2 }, tenants: [{ tenantId: "contoso", groups: 2_500 }] }))
    )
  )
  // #endregion

  // #region tokens
  it.effect("is told apart from a wrong secret that this one expired", () => {
    const credentials = { secrets: [{ value: "last year's", expiresAt: "1969-12-31T00:00:00Z" }] }
    return Effect.gen(function* () {
      const fake = yield* FakeGraph
      const { entraTenantId, clientId } = fake.tenants[0]!
      const answer = yield* fake.handle({
        method: "POST",
        url: new URL(`${fake.origin}/${entraTenantId}/oauth2/v2.0/token`),
        headers: {},
        body: `grant_type=client_credentials&client_id=${clientId}&client_secret=last year's&scope=${fake.origin}/.default`
      })
      assert.include(answer.body, "AADSTS7000222")
    }).pipe(Effect.provide(FakeGraph.layerEngine({ tenants: [{ credentials }] })))
  })
  // #endregion

  // #region ledger
  it.effect("asks for its own contract only, and takes no token elsewhere", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      yield* fake.inject({ path: "/v1.0/groups", nth: 2, fault: Fault.hostileLink("foreignHost") })
      const { reasonCode } = yield* Effect.flip(mailGroups(contoso))
      assert.strictEqual(reasonCode, "provider_untrusted_link")
      yield* fake.assertOnlyContracts([listGroups])
      yield* fake.assertNoForeignBearer
    }).pipe(Effect.provide(FakeGraph.layer({ tenants: [{ tenantId: "contoso", groups: 2_500 }] })))
  )
  // #endregion
})
