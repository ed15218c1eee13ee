import { FakeGraph, Fault } from "@atlas/fake-graph"
import { as, call, completed, get, start, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"

const fixture = Layer.mergeAll(FakeGraph.layerHttp({ tenants: [{ groups: 4 * 999 }] }), TestDatabase.layer)

layer(fixture, { excludeTestServices: true, timeout: "60 seconds" })("a database that fails", (it) => {
  it.effect(
    "by cutting every connection in the middle of a sync costs neither the run nor the cache, and the server recovers by itself",
    () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        const sql = yield* SqlClient.SqlClient
        const server = yield* startServer({ ATLAS_FAKE_GRAPH_URL: graph.origin })
        yield* graph.inject({ fault: Fault.latency(250), path: "/v1.0/groups", times: 4 })
        const { run } = (yield* start(server, "contoso")).body
        yield* sql<{ n: number }>`SELECT count(*)::int AS n FROM directory_groups`.pipe(
          Effect.repeat({ until: ([row]) => (row?.n ?? 0) > 0, schedule: Schedule.spaced("20 millis") }),
          Effect.timeout("60 seconds")
        )
        yield* sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'atlas'`

        // Whoever asks at that moment gets an answer that says so.
        const asked = yield* Effect.all(
          Array.from({ length: 8 }, () => get(server, `/operations/${run.id}`)),
          { concurrency: 8 }
        )
        for (const { status, headers } of asked) {
          if (status !== 200) assert.strictEqual(headers.get("content-type"), "application/problem+json")
        }
        assert.deepInclude(yield* completed(server, run.id), { outcome: "succeeded" })
        const cached = yield* sql<{ id: string }>`SELECT id FROM directory_groups WHERE removed_at IS NULL ORDER BY id`
        const existing = yield* graph.groups("11111111-0000-4000-8000-000000000001")
        assert.deepStrictEqual(
          cached.map(({ id }) => id),
          existing.map(({ id }) => id).sort()
        )
        assert.strictEqual((yield* call(server, "/readyz")).status, 200)
        // Signals as well: the next run is picked up at once.
        const next = (yield* start(server, "contoso")).body.run
        assert.deepInclude(yield* completed(server, next.id), { outcome: "succeeded" })
      }).pipe(Effect.scoped)
  )

  it.effect("at a statement is a 500 that says nothing of it, and is logged", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const server = yield* startServer()
      yield* sql`ALTER TABLE entitlements RENAME TO elsewhere`
      const answer = yield* get(server, "/operations")
      assert.strictEqual(answer.status, 500)
      assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
      assert.notInclude(answer.text, "entitlements")
      assert.include(server.output(), String.raw`relation \"entitlements\" does not exist`)
      const page = yield* call(server, "/admin/operations", { headers: as("operator@northwind") })
      assert.strictEqual(page.status, 500)
      assert.notInclude(page.text, "entitlements")
      yield* call(server, "/admin/tenants/password=hunter2", { headers: as("operator@northwind") })
      assert.include(server.output(), "/admin/tenants/password=[removed: password]")
      assert.notInclude(server.output(), "hunter2")
    }).pipe(Effect.scoped)
  )
})
