import { FakeGraph } from "@atlas/fake-graph"
import { Graph, GraphContract, type GraphError } from "@atlas/operations"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer, Redacted, Result, Schema, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { LiveGraph, ProviderConnections } from "../src/index.ts"
import { connection, contoso, entraTenantId } from "./Fixtures.ts"

const permission = (name: string, appRoleId: string) => ({ name, appRoleId })
const groupsPermission = permission("GroupMember.Read.All", "98830695-27a2-44f7-8c18-0c3ebc9698f6")
const Group = Schema.Struct({ id: Schema.String, displayName: Schema.NullOr(Schema.String) })
const common = {
  version: "v1.0",
  select: ["id", "displayName"],
  schema: Group,
  permissions: [groupsPermission]
} as const

const list = GraphContract.list({ ...common, name: "groups.list", path: "/groups", pageSize: 100, count: true })
const tooLarge = GraphContract.list({ ...common, name: "groups.listTooLarge", path: "/groups", pageSize: 1_000 })
const unknownProperty = GraphContract.list({
  ...common,
  name: "groups.listUnknown",
  path: "/groups",
  select: ["id", "noSuchProperty"]
})
const count = GraphContract.get({
  name: "groups.count",
  version: "v1.0",
  path: "/groups/$count",
  eventual: true,
  schema: Schema.Int,
  permissions: [groupsPermission]
})
const get = GraphContract.get({ ...common, name: "groups.get", path: "/groups/{groupId}" })
const delta = GraphContract.delta({
  ...common,
  name: "groups.delta",
  path: "/groups/delta",
  select: ["displayName"],
  schema: Schema.Struct({ id: Schema.String, displayName: Schema.optionalKey(Schema.NullOr(Schema.String)) })
})
const organization = GraphContract.list({
  name: "organization.list",
  version: "v1.0",
  path: "/organization",
  schema: Schema.Struct({ id: Schema.String }),
  permissions: [permission("Organization.Read.All", "498476ce-e0fe-48b0-b801-37ba7e2685c6")]
})
const roles = GraphContract.list({
  name: "roleDefinitions.list",
  version: "v1.0",
  path: "/roleManagement/directory/roleDefinitions",
  schema: Schema.Struct({ id: Schema.String, displayName: Schema.String, isBuiltIn: Schema.Boolean }),
  permissions: [permission("RoleManagement.Read.Directory", "483bed4a-2ad3-4361-a73b-c83ccdbdc53c")]
})

const all = <A, E>(pages: Stream.Stream<{ readonly items: ReadonlyArray<A> }, E>) =>
  Effect.map(Stream.runCollect(pages), (found) => found.flatMap(({ items }) => items))

/** What holds for every Graph of whatever content, as long as nobody changes its groups meanwhile. */
const checks = (graph: Layer.Layer<Graph, unknown>, tenantId: string) =>
  layer(graph, { excludeTestServices: true, timeout: "2 minutes" })((it) => {
    it.effect("a listing has every group once, as many as it counts", () =>
      Effect.gen(function* () {
        const pages = yield* Stream.runCollect((yield* Graph).list(contoso, list, {}))
        const ids = pages.flatMap(({ items }) => items.map(({ id }) => id))
        assert.strictEqual(new Set(ids).size, ids.length)
        assert.strictEqual(pages[0]?.count, ids.length)
        assert.isTrue(pages.every(({ items }) => items.length <= 100))
        assert.deepStrictEqual([...new Set(pages.slice(1).map(({ count }) => count))], pages.length > 1 ? [null] : [])
      })
    )

    it.effect("a count, alone and in a batch, is how many the listing has", () =>
      Effect.gen(function* () {
        const { batch, get: read, list: listOf } = yield* Graph
        const listed = (yield* all(listOf(contoso, list, {}))).length
        assert.strictEqual(yield* read(contoso, count, {}), listed)
        assert.deepStrictEqual(yield* batch(contoso, [GraphContract.reading(count, {})]), [Result.succeed(listed)])
      })
    )

    it.effect("a listing goes on from the cursor of any page", () =>
      Effect.gen(function* () {
        const { list: listOf } = yield* Graph
        const pages = yield* Stream.runCollect(listOf(contoso, list, {}))
        const rest = yield* Effect.forEach(pages.slice(0, 2), ({ next }, index) =>
          next === null
            ? Effect.succeed(pages.slice(index + 1).flatMap(({ items }) => items))
            : all(listOf(contoso, list, {}, next))
        )
        for (const [index, found] of rest.entries()) {
          assert.deepStrictEqual(
            [...found],
            pages.slice(index + 1).flatMap(({ items }) => items)
          )
        }
      })
    )

    it.effect("the first round of changes holds what the listing holds, and the next one nothing", () =>
      Effect.gen(function* () {
        const { delta: changesOf, list: listOf } = yield* Graph
        const listed = new Set((yield* all(listOf(contoso, list, {}))).map(({ id }) => id))
        const round = yield* Stream.runCollect(changesOf(contoso, delta, {}))
        const present = new Set<string>()
        for (const change of round.flatMap(({ changes }) => changes)) {
          if (change._tag === "Removed") present.delete(change.id)
          else present.add(change.id)
        }
        assert.deepStrictEqual(present, listed)
        assert.deepStrictEqual(
          round.map(({ isLast }) => isLast),
          round.map((_, index) => index === round.length - 1)
        )
        const next = yield* Stream.runCollect(changesOf(contoso, delta, {}, round.at(-1)?.cursor))
        assert.deepStrictEqual(
          next.flatMap(({ changes }) => changes),
          []
        )
      })
    )

    it.effect("one group, alone and in a batch, is what the listing says", () =>
      Effect.gen(function* () {
        const { batch, get: read, list: listOf } = yield* Graph
        const some = (yield* all(Stream.take(listOf(contoso, list, {}), 1))).slice(0, 25)
        const [first] = some
        if (first === undefined) return
        assert.deepStrictEqual(yield* read(contoso, get, { groupId: first.id }), first)
        const answers = yield* batch(
          contoso,
          some.map(({ id }) => GraphContract.reading(get, { groupId: id }))
        )
        assert.deepStrictEqual(
          answers.map((answer) => (Result.isSuccess(answer) ? answer.success : null)),
          [...some]
        )
      })
    )

    it.effect("what is not there, and what is not supported, is refused with its reason", () =>
      Effect.gen(function* () {
        const { get: read, list: listOf } = yield* Graph
        const reasonOf = <A>(asked: Effect.Effect<A, GraphError>) =>
          Effect.map(Effect.flip(asked), ({ reasonCode }) => reasonCode)
        const groupId = "00000000-0000-4000-8000-00000000dead"
        assert.strictEqual(yield* reasonOf(read(contoso, get, { groupId })), "provider_resource_not_found")
        assert.strictEqual(yield* reasonOf(all(listOf(contoso, tooLarge, {}))), "provider_query_unsupported")
        assert.strictEqual(yield* reasonOf(all(listOf(contoso, unknownProperty, {}))), "provider_request_invalid")
      })
    )

    it.effect("the organization is the tenant, and its role definitions have names", () =>
      Effect.gen(function* () {
        const { list: listOf } = yield* Graph
        const organizations = yield* all(listOf(contoso, organization, {}))
        assert.deepStrictEqual(
          organizations.map(({ id }) => id),
          [tenantId]
        )
        const definitions = yield* all(listOf(contoso, roles, {}))
        assert.isTrue(definitions.some(({ isBuiltIn }) => isBuiltIn))
      })
    )
  })

const options = {
  tenants: [
    {
      tenantId: "contoso",
      groups: 250,
      permissions: ["GroupMember.Read.All", "Organization.Read.All", "RoleManagement.Read.Directory"]
    }
  ]
}
const overHttp = LiveGraph.layer.pipe(
  Layer.provide([FetchHttpClient.layer, FakeGraph.layerConnections, FakeGraph.layerCloud]),
  Layer.provide(FakeGraph.layerHttp({ ...options, deltaIrregularities: true }))
)
describe("Graph: the fake in memory", () => {
  checks(FakeGraph.layer(options), entraTenantId)
})
describe("Graph: the fake over HTTP", () => {
  checks(overHttp, entraTenantId)
})

const {
  ATLAS_CONFORMANCE_TENANT_ID: realTenant,
  ATLAS_CONFORMANCE_CLIENT_ID: clientId = "",
  ATLAS_CONFORMANCE_CLIENT_SECRET: clientSecret = "",
  ATLAS_CONFORMANCE_CLOUD: cloud = "global"
} = process.env

const connectionTo = (tenant: string) =>
  Effect.succeed({
    connection: connection({ id: "conformance", displayName: "Conformance", cloud, entraTenantId: tenant, clientId }),
    credential: { kind: "client_secret" as const, secret: Redacted.make(clientSecret) }
  })

const real = (tenant: string) =>
  LiveGraph.layer.pipe(
    Layer.provide([FetchHttpClient.layer, Layer.mock(ProviderConnections, { defaultFor: () => connectionTo(tenant) })])
  )

describe.skipIf(realTenant === undefined)(
  "Graph: a real tenant (needs ATLAS_CONFORMANCE_TENANT_ID, _CLIENT_ID and _CLIENT_SECRET)",
  () => {
    checks(real(realTenant ?? ""), realTenant ?? "")
  }
)
