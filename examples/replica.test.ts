import { TestOperations } from "@atlas/operations/testing"
import { FakeGraph } from "@atlas/fake-graph"
import {
  type Actor,
  Graph,
  GraphContract,
  Operations,
  Operation,
  Runs,
  sqlText,
  StartGate,
  TenantId,
  Worker,
  WorkspaceId
} from "@atlas/operations"
import {
  type Collection,
  ConfirmedRemovals,
  copy,
  makeFreshness,
  makeReplicaStore,
  resultOf,
  unset
} from "@atlas/replica"
import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema, Stream } from "effect"
import { SqlClient } from "effect/sql"

const listTags = GraphContract.list({
  name: "scope_tags.list",
  version: "beta",
  path: "/deviceManagement/roleScopeTags",
  select: ["id", "displayName"],
  schema: Schema.Struct({ id: Schema.String, displayName: Schema.String }),
  permissions: [{ name: "DeviceManagementRBAC.Read.All", appRoleId: "58ca0d9a-1575-47e1-a3cb-007ef2e4583b" }]
})

const syncTags = Operation.make({
  name: "scope_tags.sync",
  label: "Sync scope tags",
  description: "Copies the scope tags of the tenant's Intune.",
  category: "Intune",
  input: Schema.Struct({ confirmRemovals: Schema.optionalKey(ConfirmedRemovals) }),
  capabilities: { start: "tenant.scope_tags.sync", view: "tenant.scope_tags.view" },
  identity: { rule: "while_active" },
  gates: [StartGate.providerConnection],
  contracts: [listTags]
})

// #region copy
const tags: Collection = {
  name: "scope_tags",
  tables: { objects: sqlText`scope_tags`, rounds: sqlText`scope_tag_rounds`, sightings: sqlText`scope_tag_sightings` },
  member: null,
  properties: { title: { type: "text", unset: unset.id } },
  ginIndex: null
}

const handler = syncTags.toLayer(
  Effect.fnUntraced(function* (run) {
    const graph = yield* Graph
    const store = makeReplicaStore(yield* SqlClient.SqlClient, tags)
    const pages = Stream.map(graph.list(run.scope, listTags, {}), ({ items, next }) => ({
      changes: items.map(({ displayName, id }) => ({ id, set: { title: displayName } })),
      cursor: null,
      isLast: next === null
    }))
    const source = { noun: "scope tags", history: null, count: null, pages: () => pages }
    return resultOf(yield* copy({ run, store, source, confirmed: run.input.confirmRemovals }))
  })
)
// #endregion

const actor: Actor = { id: "ada", kind: "user", name: "Ada" }
const scope = { workspaceId: WorkspaceId.make("northwind"), tenantId: TenantId.make("contoso") }
const capabilities = new Set(["tenant.scope_tags.sync", "tenant.scope_tags.view"] as const)
const access = TestOperations.accessIn(scope.workspaceId, () => capabilities)
const gate = StartGate.layer(StartGate.make(StartGate.providerConnection, () => Effect.succeed(StartGate.open)))
const graph = FakeGraph.layer({
  tenants: [
    {
      tenantId: "contoso",
      entraTenantId: "contoso",
      permissions: ["DeviceManagementRBAC.Read.All"],
      collections: {
        "deviceManagement/roleScopeTags": [
          { id: "0", displayName: "Default" },
          { id: "1", displayName: "Berlin" }
        ]
      }
    }
  ]
})

const tables = Layer.effectDiscard(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`
      CREATE TABLE scope_tags (workspace_id text, tenant_id text, id text, title text NOT NULL, seen_round integer,
        changed_at timestamptz, removed_at timestamptz, removal text, PRIMARY KEY (workspace_id, tenant_id, id))`
    yield* sql`CREATE TABLE scope_tag_rounds (LIKE directory_syncs INCLUDING DEFAULTS INCLUDING INDEXES)`
    yield* sql`CREATE UNLOGGED TABLE scope_tag_sightings (LIKE directory_sightings INCLUDING INDEXES)`
  })
)

const fixture = Worker.layer(handler).pipe(
  Layer.provideMerge(Operations.layer(syncTags).pipe(Layer.provide(gate))),
  Layer.provideMerge(graph),
  Layer.provideMerge(Layer.mergeAll(access, tables)),
  Layer.provideMerge(TestDatabase.layer)
)

layer(fixture, { excludeTestServices: true })("packages/replica/README.md", (test) => {
  test.effect("copies a collection of a host's own", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const sql = yield* SqlClient.SqlClient
      const { run } = yield* runs.start(actor, syncTags, { tenantId: "contoso", input: {} })
      yield* Stream.runDrain(runs.follow(actor, run.id, 0))
      assert.strictEqual((yield* runs.get(actor, run.id)).outcome, "succeeded")
      assert.deepStrictEqual(yield* sql`SELECT id, title FROM scope_tags ORDER BY id`, [
        { id: "0", title: "Default" },
        { id: "1", title: "Berlin" }
      ])
      const store = makeReplicaStore(sql, tags)
      const freshnessOf = yield* makeFreshness(syncTags.name, store.state)
      const { count, lastRunId, stale } = yield* freshnessOf(actor, scope)
      assert.deepStrictEqual([count, lastRunId, stale], [2, run.id, false])
    })
  )
})
