import { FakeGraph, Fault } from "@atlas/fake-graph"
import { GraphContract } from "@atlas/operations"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Schema } from "effect"
import { GraphCloud } from "../../src/index.ts"
import { firstLink, resourcePath, trustedLink } from "../../src/requests/GraphLinks.ts"
import { countedGroups, groups } from "../Contracts.ts"
import { collect, overHttp } from "../Fixtures.ts"

const [global] = GraphCloud.publicClouds
const cloud = global ?? assert.fail("there is a global cloud")

/** The addresses that the two servers of a test have. */
interface Servers {
  readonly own: string
  readonly foreign: string
}

const hostile: ReadonlyArray<readonly [string, (servers: Servers) => string]> = [
  ["another host", ({ foreign }) => `${foreign}/v1.0/groups?$skiptoken=1`],
  ["another host behind userinfo", ({ foreign, own }) => `${own}@${foreign.slice(7)}/v1.0/groups`],
  ["userinfo", ({ own }) => `${own.replace("//", "//user:secret@")}/v1.0/groups`],
  ["a user name alone", ({ own }) => `${own.replace("//", "//user@")}/v1.0/groups`],
  ["a password alone", ({ own }) => `${own.replace("//", "//:secret@")}/v1.0/groups`],
  ["another scheme", ({ own }) => `${own.replace("http:", "https:")}/v1.0/groups`],
  ["another path", ({ own }) => `${own}/v1.0/organization`],
  ["a path that climbs", ({ own }) => `${own}/v1.0/groups/%2e%2e/organization`],
  ["a path that only begins alike", ({ own }) => `${own}/v1.0/groupsettings`],
  ["another version", ({ own }) => `${own}/beta/groups`],
  ["no scheme", ({ foreign }) => `${foreign.slice(5)}/v1.0/groups`],
  ["nothing", () => ""]
]

describe("a hostile next link is refused and never receives the bearer", () => {
  it.live.each(hostile)("%s", ([, link]) =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const foreign = yield* Effect.map(Layer.build(FakeGraph.layerHttp()), Context.get(FakeGraph))
      yield* fake.inject({
        path: "/v1.0/groups",
        nth: 2,
        fault: Fault.nextLink(link({ own: fake.origin, foreign: foreign.origin }))
      })
      const error = yield* Effect.flip(collect(groups, {}))
      assert.strictEqual(error.reasonCode, "provider_untrusted_link")
      assert.lengthOf(
        (yield* fake.requests).filter(({ hadBearer }) => hadBearer),
        2
      )
      assert.lengthOf(yield* foreign.requests, 0)
    }).pipe(Effect.provide(overHttp()))
  )

  it.live("a redirect to another host", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const foreign = yield* Effect.map(Layer.build(FakeGraph.layerHttp()), Context.get(FakeGraph))
      yield* fake.inject({ path: "/v1.0/groups", fault: Fault.redirect(`${foreign.origin}/v1.0/groups`) })
      const error = yield* Effect.flip(collect(groups, {}))
      assert.strictEqual(error.reasonCode, "provider_untrusted_link")
      assert.lengthOf(yield* foreign.requests, 0)
    }).pipe(Effect.provide(overHttp()))
  )
})

describe("links of Microsoft's clouds", () => {
  it.effect("are https on the cloud's own host, below the contract's path, and pass unchanged", () =>
    Effect.gen(function* () {
      const link = "https://graph.microsoft.com/v1.0/groups?$skiptoken=RFN%26a+b=="
      assert.strictEqual(yield* trustedLink(cloud, groups, link), link)
      for (const other of [
        "http://graph.microsoft.com",
        "https://graph.microsoft.us",
        "https://graph.microsoft.com:8443"
      ]) {
        const error = yield* Effect.flip(trustedLink(cloud, groups, link.replace("https://graph.microsoft.com", other)))
        assert.strictEqual(error.reasonCode, "provider_untrusted_link")
        assert.notInclude(error.message, other)
      }
    })
  )

  it.effect("may write keys in either form", () =>
    Effect.gen(function* () {
      const contract = GraphContract.list({
        name: "policies.settings",
        version: "beta",
        path: "/deviceManagement/configurationPolicies/{id}/settings",
        schema: Schema.Unknown,
        permissions: []
      })
      for (const key of ["/1", "('1')"]) {
        const link = `https://graph.microsoft.com/beta/deviceManagement/configurationPolicies${key}/settings?$skiptoken=1`
        assert.strictEqual(yield* trustedLink(cloud, contract, link), link)
      }
    })
  )

  it.effect("begin with what the contract asks for", () =>
    Effect.gen(function* () {
      const path = yield* resourcePath(countedGroups, {})
      assert.match(
        firstLink(cloud, countedGroups, path),
        /^https:\/\/graph\.microsoft\.com\/v1\.0\/groups\?\$select=id,.*&\$top=20&\$count=true$/
      )
    })
  )
})

describe("GraphCloud.fake", () => {
  it("allows http on loopback only", () => {
    assert.strictEqual(GraphCloud.fake("http://127.0.0.1:4000").graphOrigin, "http://127.0.0.1:4000")
    for (const origin of ["http://10.0.0.1:4000", "https://127.0.0.1", "http://localhost.example.com", "nonsense"]) {
      assert.throws(() => GraphCloud.fake(origin), RangeError)
    }
  })
})
