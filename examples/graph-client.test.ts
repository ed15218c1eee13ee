import { FakeGraph, Fault } from "@atlas/fake-graph"
import {
  ConnectionAdministration,
  CredentialRotation,
  CredentialVault,
  GraphCloud,
  LiveGraph,
  ProviderConnections
} from "@atlas/graph"
import * as GraphMigrations from "@atlas/graph/migrations"
import { type Actor, AuditLog, Graph, type GraphCursor, GraphContract, TenantId, WorkspaceId } from "@atlas/operations"
import * as Pg from "@atlas/operations/pg"
import { TestDatabase } from "@atlas/test"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Redacted, Result, Schema, Stream } from "effect"
import { FetchHttpClient } from "effect/http"

const contoso = { workspaceId: WorkspaceId.make("northwind"), tenantId: TenantId.make("contoso") }

// #region contracts
const readGroups = { name: "GroupMember.Read.All", appRoleId: "98830695-27a2-44f7-8c18-0c3ebc9698f6" }

const groupChanges = GraphContract.delta({
  name: "groups.delta",
  version: "v1.0",
  path: "/groups/delta",
  select: ["displayName"],
  schema: Schema.Struct({ id: Schema.String, displayName: Schema.optionalKey(Schema.NullOr(Schema.String)) }),
  permissions: [readGroups]
})

const group = GraphContract.get({
  name: "groups.get",
  version: "v1.0",
  path: "/groups/{groupId}",
  select: ["id", "displayName"],
  schema: Schema.Struct({ id: Schema.String, displayName: Schema.String }),
  permissions: [readGroups]
})
// #endregion

const configure = {
  name: "DeviceManagementConfiguration.ReadWrite.All",
  appRoleId: "9241abd9-d0e6-425a-bd4f-47ba86e767a4"
}

// #region write
const createFilter = GraphContract.write({
  name: "assignmentFilters.create",
  version: "beta",
  method: "POST",
  path: "/deviceManagement/assignmentFilters",
  body: Schema.Struct({ displayName: Schema.String, platform: Schema.String, rule: Schema.String }),
  schema: Schema.Struct({ id: Schema.String }),
  permissions: [configure],
  replay: "never"
})
// #endregion

// #region delta
const follow = Effect.fnUntraced(function* (names: Map<string, string>, from?: GraphCursor) {
  const graph = yield* Graph
  let cursor = from
  yield* Stream.runForEach(graph.delta(contoso, groupChanges, {}, from), (page) =>
    Effect.sync(() => {
      for (const change of page.changes) {
        if (change._tag === "Removed") names.delete(change.id)
        else names.set(change.id, change.item.displayName ?? "")
      }
      // In an application, in the same transaction: what was read, and where to go on.
      cursor = page.cursor
    })
  )
  return cursor
})
// #endregion

const options = {
  tenants: [{ tenantId: "contoso", groups: 450, permissions: [readGroups.name, configure.name] }]
}

describe("the Graph client", () => {
  it.effect("follows changes from where it stopped", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const tenant = fake.tenants[0]!.entraTenantId
      const names = new Map<string, string>()
      const cursor = yield* follow(names)
      const [first, second] = yield* fake.groups(tenant)
      yield* fake.renameGroup(tenant, first!.id, "Renamed")
      yield* fake.removeGroup(tenant, second!.id)
      yield* follow(names, cursor)
      assert.strictEqual(names.get(first!.id), "Renamed")
      assert.strictEqual(names.size, 449)
    }).pipe(Effect.provide(FakeGraph.layer(options)))
  )

  // #region batch
  it.effect("reads many in few requests, each with an answer of its own", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const graph = yield* Graph
      const some = (yield* fake.groups(fake.tenants[0]!.entraTenantId)).slice(0, 30)
      const ids = [...some.map(({ id }) => id), "unknown"]
      const answers = yield* graph.batch(
        contoso,
        ids.map((groupId) => GraphContract.reading(group, { groupId }))
      )
      assert.lengthOf(answers.filter(Result.isSuccess), 30)
      assert.strictEqual(answers.find(Result.isFailure)?.failure.reasonCode, "provider_resource_not_found")
    }).pipe(Effect.provide(FakeGraph.layer(options)))
  )
  // #endregion

  // #region outcome
  it.effect("does not repeat what may have been done", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const graph = yield* Graph
      yield* fake.inject({ path: "/beta/deviceManagement", fault: Fault.writeThenReset })
      const filter = { displayName: "Corporate", platform: "windows10AndLater", rule: '(device.model -eq "X1")' }
      const { reasonCode } = yield* Effect.flip(graph.write(contoso, createFilter, {}, filter))
      assert.strictEqual(reasonCode, "provider_outcome_unknown")
    }).pipe(Effect.provide(FakeGraph.layer(options)))
  )
  // #endregion
})

const ada: Actor = { id: "ada", kind: "user", name: "Ada" }
const secret = Redacted.make("a secret of the host, at least 32 bytes")
// The tables exist before anything uses them.
const database = (url: Redacted.Redacted) => Pg.layer({ url }, GraphMigrations.run)
const connections = Layer.merge(ProviderConnections.layer, ConnectionAdministration.layer).pipe(
  Layer.provide([CredentialVault.layer(secret), AuditLog.layer])
)
const client = LiveGraph.layer.pipe(Layer.provideMerge(connections), Layer.provide(FetchHttpClient.layer))
// Microsoft's clouds are known already. In development, the fake's is known as well.
const cloud = Layer.unwrap(Effect.map(FakeGraph, ({ origin }) => GraphCloud.layerFake(origin)))
const host = client.pipe(
  Layer.provide(cloud),
  Layer.provideMerge(Layer.unwrap(Effect.map(TestDatabase.url, database))),
  Layer.provideMerge(Layer.merge(FakeGraph.layerHttp(options), TestDatabase.layerNoClient))
)

layer(host, { excludeTestServices: true })("the live client", (test) => {
  test.effect("uses the tenant's default connection, whose credential survives a new secret of the host", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const { clientId, clientSecret, entraTenantId } = fake.tenants[0]!
      const administration = yield* ConnectionAdministration
      yield* administration.create(ada, {
        scope: contoso,
        displayName: "Contoso",
        cloud: "fake",
        entraTenantId,
        clientId,
        credential: { credential: { kind: "client_secret", secret: Redacted.make(clientSecret) } }
      })
      const graph = yield* Graph
      const [first] = yield* fake.groups(entraTenantId)
      const { displayName } = yield* graph.get(contoso, group, { groupId: first!.id })
      assert.strictEqual(displayName, first!.displayName)

      const vault = CredentialVault.layer(Redacted.make("another secret of the host, 32 bytes"), [secret])
      const { resealed, unreadable } = yield* Effect.provide(CredentialRotation.reseal, vault)
      assert.deepStrictEqual([resealed, unreadable], [1, 0])
    })
  )
})
