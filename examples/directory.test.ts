import { TestOperations } from "@atlas/operations/testing"
import * as Pg from "@atlas/operations/pg"
import {
  Directory,
  DirectoryGroups,
  DirectoryHttp,
  type DirectoryRoleDefinitions,
  GroupLabels,
  GroupsSync,
  StaleAfter
} from "@atlas/directory"
import * as DirectoryMigrations from "@atlas/directory/migrations"
import { FakeGraph, fakeGroup } from "@atlas/fake-graph"
import {
  type Actor,
  Operations,
  OperationsApi,
  Runs,
  StartGate,
  TenantId,
  Worker,
  WorkspaceId
} from "@atlas/operations"
import { RemovalGuard } from "@atlas/replica"
import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Layer, Stream } from "effect"
import { HttpRouter, HttpServer } from "effect/http"

const actor: Actor = { id: "ada", kind: "user", name: "Ada" }
const scope = { workspaceId: WorkspaceId.make("northwind"), tenantId: TenantId.make("contoso") }
const capabilities = new Set(["tenant.directory.sync", "tenant.directory.view"] as const)

const access = TestOperations.accessIn(scope.workspaceId, () => capabilities)
const gate = StartGate.layer(StartGate.make(StartGate.providerConnection, () => Effect.succeed(StartGate.open)))
const groups = ["Finance", "All Finance", "Refinanced", "Sales"].map((displayName, n) =>
  fakeGroup({ id: `group-${n}`, displayName })
)
const graph = FakeGraph.layer({ tenants: [{ tenantId: "contoso", entraTenantId: "contoso", groups }] })
// This host has a client of its own. The tables exist before anything uses them.
const tables = Pg.migrated(DirectoryMigrations.run)
const platform = Layer.mergeAll(access, Pg.listener, tables).pipe(Layer.provideMerge(TestDatabase.layer))

// #region compose
const host = Directory.layer.pipe(
  Layer.provideMerge(Operations.layer(...Directory.operations)),
  // Both have defaults: a day, and a quarter.
  Layer.provide(Layer.succeed(StaleAfter, Duration.hours(12))),
  Layer.provide(Layer.succeed(RemovalGuard, 0.5))
)
// Only workers have a Graph; they are composed in the same process or in another.
const worker = Worker.layer(...Directory.handlers).pipe(
  Layer.provide(Layer.succeed(RemovalGuard, 0.5)),
  Layer.provideMerge(host)
)
// #endregion

// #region search
const find = Effect.fnUntraced(function* (query: string) {
  const directory = yield* DirectoryGroups
  const { freshness, items, nextCursor, typeMore } = yield* directory.search(actor, "contoso", { query, limit: 20 })
  return { names: items.map(({ displayName }) => displayName), freshness, nextCursor, typeMore }
})
// #endregion

// #region sync
const syncNow = Effect.gen(function* () {
  const runs = yield* Runs
  // While one is active, this is the same run.
  const { run } = yield* runs.start(actor, GroupsSync.operation, { tenantId: "contoso", input: {} })
  return run.id
})
// #endregion

const completed = Effect.gen(function* () {
  const runs = yield* Runs
  const id = yield* syncNow
  yield* Stream.runDrain(runs.follow(actor, id, 0))
  return yield* runs.get(actor, id)
})

const fixture = worker.pipe(Layer.provide(gate), Layer.provideMerge(graph), Layer.provideMerge(platform))

layer(fixture, { excludeTestServices: true })("docs/directory.md", (it) => {
  it.effect("finds by name, the best matches first", () =>
    Effect.gen(function* () {
      assert.isTrue((yield* find("")).freshness.stale)
      yield* completed
      const { freshness, names } = yield* find("finance")
      assert.deepStrictEqual(names, ["Finance", "All Finance", "Refinanced"])
      assert.isFalse(freshness.stale)
    })
  )

  it.effect("labels what somebody kept, also what is gone", () =>
    Effect.gen(function* () {
      yield* completed
      yield* (yield* FakeGraph).softDeleteGroup("contoso", "group-3")
      yield* completed
      // #region labels
      const directory = yield* DirectoryGroups
      const { labels } = yield* directory.labels(actor, "contoso", ["group-0", "group-3", "never-heard-of"])
      assert.deepStrictEqual(labels, [
        { id: "group-0", displayName: "Finance", state: "exists" },
        { id: "group-3", displayName: "Sales", state: "soft_deleted" },
        { id: "never-heard-of", displayName: null, state: "never_seen" }
      ])
      // #endregion
      const trusted = yield* GroupLabels
      assert.deepStrictEqual(yield* trusted.of(scope, ["group-0", "group-3", "never-heard-of"]), labels)
    })
  )

  it.effect("answers the same over HTTP", () =>
    Effect.gen(function* () {
      yield* completed
      const services = Layer.succeedContext(yield* Effect.context<DirectoryGroups | DirectoryRoleDefinitions>())
      const authentication = Layer.succeed(
        OperationsApi.Authentication,
        OperationsApi.Authentication.of((answer) => Effect.provideService(answer, OperationsApi.CurrentActor, actor))
      )
      const routes = DirectoryHttp.layer.pipe(Layer.provide([authentication, services, HttpServer.layerServices]))
      const { dispose, handler } = HttpRouter.toWebHandler(routes, { disableLogger: true })
      const url = "http://localhost/api/v1/tenants/contoso/directory/groups?query=finance"
      const text = yield* Effect.promise(async () => (await handler(new Request(url))).text())
      assert.include(text, '"displayName":"All Finance"')
      yield* Effect.promise(dispose)
    })
  )
})
