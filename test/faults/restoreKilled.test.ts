import { FakeGraph, Fault } from "@atlas/fake-graph"
import { Intune } from "@atlas/intune"
import { DatabaseClock } from "@atlas/operations/testing"
import { as, call, completed, kill as killProcess, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"

const tenant = "11111111-0000-4000-8000-000000000001"
const configurations = "deviceManagement/deviceConfigurations"
const policies = 40
const kills = 3

const permissions = [
  ...new Set(
    Intune.operations.flatMap(({ contracts }) => contracts.flatMap((each) => each.permissions.map(({ name }) => name)))
  )
]
const fixture = Layer.mergeAll(
  FakeGraph.layerHttp({ tenants: [{ permissions, collections: { [configurations]: policies } }] }),
  TestDatabase.layer
)
const api = "/api/v1/tenants/contoso"
const manager = { ...as("manager@northwind"), "content-type": "application/json" }

layer(fixture, { excludeTestServices: true, timeout: "120 seconds" })(
  "workers killed in the middle of a restore",
  (it) => {
    it.effect("leave each policy untouched or written once, and the truth on record", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        const sql = yield* SqlClient.SqlClient
        const settings = { ATLAS_FAKE_GRAPH_URL: graph.origin, ATLAS_LEASE: "10 minutes" }
        const web = yield* startServer({ ...settings, ATLAS_ROLE: "web" })
        const post = (path: string, body: object) =>
          Effect.map(
            call(web, path, {
              method: "POST",
              headers: { ...manager, "idempotency-key": path },
              body: JSON.stringify(body)
            }),
            (answer) => answer.body
          )
        const worker = startServer({ ...settings, ATLAS_ROLE: "worker" })
        const first = yield* worker
        const only = { name: "All", cron: "0 2 * * *", timeZone: "UTC", types: ["device_configurations"] }
        const { schedule } = yield* post(`${api}/backup-schedules`, only)
        const made = yield* post(`${api}/operations/backup_schedule.run_now`, { input: { schedule: schedule.id } })
        yield* completed(web, made.run.id)
        const { backups } = (yield* call(web, `${api}/backups`, { headers: manager })).body
        const before = yield* graph.items(tenant, configurations)
        for (const { id } of before) yield* graph.removeItem(tenant, configurations, id)

        const request = { backup: backups[0].id, items: null, withAssignments: true }
        const planned = yield* post(`${api}/restores`, request)
        yield* completed(web, planned.runId, "manager@northwind")
        // What is asked for is done at once, and the answer is late: most kills come between the two.
        yield* graph.inject({ fault: Fault.latency(80), method: "POST", times: 10 * policies })
        const { runId } = yield* post(`${api}/restores/${planned.restore.id}/confirm`, { tenantName: "Contoso" })

        const done = Effect.map(
          sql<{ n: number }>`SELECT count(*)::int AS n FROM restore_items WHERE result = 'done'`,
          ([row]) => row?.n ?? 0
        )
        let doomed = first
        for (let kill = 1; kill <= kills; kill++) {
          yield* done.pipe(
            Effect.repeat({ until: (n) => n >= kill * 8, schedule: Schedule.spaced("10 millis") }),
            Effect.timeout("60 seconds")
          )
          yield* killProcess(doomed)
          yield* DatabaseClock.advance("10 minutes")
          assert.isBelow(yield* done, policies)
          doomed = yield* worker
        }
        const run = yield* completed(web, runId, "manager@northwind")
        // Each death is an attempt, and there are three: whoever comes last tells what is left.
        const { items } = (yield* call(web, `${api}/restores/${planned.restore.id}/items?limit=200`, {
          headers: manager
        })).body
        const present = yield* graph.items(tenant, configurations)
        const titles = present.map((item) => String(item["displayName"])).sort()
        assert.strictEqual(new Set(titles).size, titles.length, "nothing is there twice")
        const restored = items.filter(({ result }: { result: string }) => result === "done")
        for (const { resultId, title } of restored) {
          assert.isTrue(
            present.some((item) => item.id === resultId && item["displayName"] === title),
            title
          )
        }
        const open = items
          .filter(({ result }: { result: string }) => result !== "done")
          .map(({ title }: { title: string }) => title)
        const lacking = before.map((item) => String(item["displayName"])).filter((title) => !titles.includes(title))
        for (const title of lacking) assert.include(open, title)
        if (run.outcome !== "succeeded") {
          // The same restore goes on with what is left.
          const again = yield* call(web, `${api}/restores/${planned.restore.id}/confirm`, {
            method: "POST",
            headers: { ...manager, "idempotency-key": "again" },
            body: JSON.stringify({ tenantName: "Contoso" })
          })
          assert.strictEqual((yield* completed(web, again.body.runId, "manager@northwind")).outcome, "succeeded")
        }
        const all = yield* graph.items(tenant, configurations)
        assert.deepStrictEqual(
          all.map((item) => String(item["displayName"])).sort(),
          before.map((item) => String(item["displayName"])).sort()
        )
      }).pipe(Effect.scoped)
    )
  }
)
