import { FakeGraph, Fault } from "@atlas/fake-graph"
import { Intune } from "@atlas/intune"
import { DatabaseClock } from "@atlas/operations/testing"
import { as, call, completed, kill, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"

const tenant = "11111111-0000-4000-8000-000000000001"
const configurations = "deviceManagement/deviceConfigurations"
const permissions = [
  ...new Set(
    Intune.operations.flatMap(({ contracts }) => contracts.flatMap((each) => each.permissions.map(({ name }) => name)))
  )
]
// Seven pages of the collection that is read first.
const fixture = Layer.mergeAll(
  FakeGraph.layerHttp({ tenants: [{ permissions, collections: { [configurations]: 650 } }] }),
  TestDatabase.layer
)
const api = "/api/v1/tenants/contoso"
const manager = { ...as("manager@northwind"), "content-type": "application/json" }

layer(fixture, { excludeTestServices: true, timeout: "120 seconds" })("workers killed in the middle", (it) => {
  it.effect("of a backup and of an inventory leave runs that others complete, each exact", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const sql = yield* SqlClient.SqlClient
      const settings = { ATLAS_FAKE_GRAPH_URL: graph.origin, ATLAS_LEASE: "10 minutes" }
      const web = yield* startServer({ ...settings, ATLAS_ROLE: "web" })
      const worker = startServer({ ...settings, ATLAS_ROLE: "worker" })
      const post = (path: string, body: object) =>
        Effect.map(
          call(web, path, {
            method: "POST",
            headers: { ...manager, "idempotency-key": "1" },
            body: JSON.stringify(body)
          }),
          (answer) => answer.body
        )
      const { schedule } = yield* post(`${api}/backup-schedules`, { name: "All", cron: "0 2 * * *", timeZone: "UTC" })
      for (const [type, input, table] of [
        ["backup_schedule.run_now", { schedule: schedule.id }, "backup_items"],
        ["inventory.sync", {}, "policies"]
      ] as const) {
        const doomed = yield* worker
        // It comes so far and no further.
        yield* graph.inject({ fault: Fault.noAnswer, path: `/beta/${configurations}`, nth: 5 })
        const { run } = yield* post(`${api}/operations/${type}`, { input })
        yield* sql<{ n: number }>`SELECT count(*)::int AS n FROM ${sql(table)}`.pipe(
          Effect.repeat({ until: ([row]) => (row?.n ?? 0) >= 200, schedule: Schedule.spaced("10 millis") }),
          Effect.timeout("60 seconds")
        )
        yield* kill(doomed)
        yield* DatabaseClock.advance("10 minutes")
        // What was read before is gone before the others come to it.
        const [first] = yield* graph.items(tenant, configurations)
        yield* graph.removeItem(tenant, configurations, first!.id)
        yield* graph.clearFaults
        const next = yield* worker
        const done = yield* completed(web, run.id)
        assert.deepInclude(done, { outcome: "succeeded", attempt: 1 })
        yield* kill(next)
        const existing = yield* graph.items(tenant, configurations)
        const of = table === "policies" ? sql`removed_at IS NULL` : sql`true`
        const known = yield* sql<{ id: string }>`
          SELECT id FROM ${sql(table)} WHERE source = 'device_configurations' AND ${of} ORDER BY id`
        assert.deepStrictEqual(
          known.map(({ id }) => id),
          existing.map(({ id }) => id).sort()
        )
      }
      const { backups } = (yield* call(web, `${api}/backups`, { headers: manager })).body
      assert.deepStrictEqual(
        backups.map(({ state }: { state: string }) => state),
        ["complete"]
      )
    }).pipe(Effect.scoped)
  )
})
