import { FakeGraph, Fault } from "@atlas/fake-graph"
import { Intune } from "@atlas/intune"
import { DatabaseClock } from "@atlas/operations/testing"
import { as, call, completed, kill as killProcess, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"

const tenant = "11111111-0000-4000-8000-000000000001"
const configurations = "deviceManagement/deviceConfigurations"
const tags = "deviceManagement/roleScopeTags"
const filters = "deviceManagement/assignmentFilters"

/** Scope tags and filters, and policies that each refer to one of either. */
const counted = <A>(count: number, make: (index: number) => A) =>
  Array.from({ length: count }, (_, index) => make(index))
const filterId = (index: number) => `00000000-0000-4000-8000-0000000000${10 + index}`
const collections = {
  [tags]: [
    { id: "0", displayName: "Default", isBuiltIn: true },
    ...counted(8, (index) => ({ id: String(index + 1), displayName: `Region ${index}`, isBuiltIn: false }))
  ],
  [filters]: counted(6, (index) => ({
    id: filterId(index),
    displayName: `Filter ${index}`,
    platform: "windows10AndLater",
    rule: '(device.deviceOwnership -eq "Corporate")',
    assignmentFilterManagementType: "devices",
    roleScopeTags: [String(1 + index)]
  })),
  [configurations]: counted(32, (index) => ({
    id: `00000000-0000-4000-8000-0000000001${10 + index}`,
    "@odata.type": "#microsoft.graph.windowsWifiConfiguration",
    displayName: `Wi-Fi ${index}`,
    networkName: `Network ${index}`,
    roleScopeTagIds: [String(1 + (index % 8))],
    assignments: [
      {
        target: {
          "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget",
          deviceAndAppManagementAssignmentFilterId: filterId(index % 6),
          deviceAndAppManagementAssignmentFilterType: "include"
        }
      }
    ]
  }))
}
const policies = 46
/** Among the tags, among the filters, and among the policies. */
const killedAt = [4, 11, 20]

/** What a tenant has, with names in place of ids. */
const stateOf = Effect.fnUntraced(function* () {
  const graph = yield* FakeGraph
  const [allTags, allFilters, all] = [
    yield* graph.items(tenant, tags),
    yield* graph.items(tenant, filters),
    yield* graph.items(tenant, configurations)
  ]
  const names = new Map([...allTags, ...allFilters].map((item) => [item.id, String(item["displayName"])]))
  const nameOf = (id: string) => names.get(id) ?? `nothing (${id})`
  type Assigned = { readonly target: { readonly deviceAndAppManagementAssignmentFilterId: string } }
  const told = all.map((item) => [
    item["displayName"],
    (item["roleScopeTagIds"] as ReadonlyArray<string>).map(nameOf),
    ((item["assignments"] ?? []) as ReadonlyArray<Assigned>).map(({ target }) =>
      nameOf(target.deviceAndAppManagementAssignmentFilterId)
    )
  ])
  const ofFilters = allFilters.map((item) => [
    item["displayName"],
    (item["roleScopeTags"] as ReadonlyArray<string>).map(nameOf)
  ])
  return [...allTags.map((item) => [item["displayName"]]), ...ofFilters, ...told]
    .map((each) => JSON.stringify(each))
    .sort()
})

const permissions = [
  ...new Set(
    Intune.operations.flatMap(({ contracts }) => contracts.flatMap((each) => each.permissions.map(({ name }) => name)))
  )
]
const fixture = Layer.mergeAll(FakeGraph.layerHttp({ tenants: [{ permissions, collections }] }), TestDatabase.layer)
const api = "/api/v1/tenants/contoso"
const manager = { ...as("manager@northwind"), "content-type": "application/json" }

layer(fixture, { excludeTestServices: true, timeout: "120 seconds" })(
  "workers killed in the middle of a restore",
  (it) => {
    it.effect("leave each policy untouched or written once, with what it refers to, and the truth on record", () =>
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
        const only = {
          name: "All",
          cron: "0 2 * * *",
          timeZone: "UTC",
          types: ["scope_tags", "assignment_filters", "device_configurations"]
        }
        const { schedule } = yield* post(`${api}/backup-schedules`, only)
        const made = yield* post(`${api}/operations/backup_schedule.run_now`, { input: { schedule: schedule.id } })
        yield* completed(web, made.run.id)
        const { backups } = (yield* call(web, `${api}/backups`, { headers: manager })).body
        const before = yield* stateOf()
        for (const path of [configurations, filters, tags]) {
          for (const { id } of yield* graph.items(tenant, path)) {
            if (id !== "0") yield* graph.removeItem(tenant, path, id)
          }
        }

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
        for (const count of killedAt) {
          yield* done.pipe(
            Effect.repeat({ until: (n) => n >= count, schedule: Schedule.spaced("10 millis") }),
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
        const present = (yield* Effect.forEach([tags, filters, configurations], (path) =>
          graph.items(tenant, path)
        )).flat()
        const titles = present.map((item) => String(item["displayName"])).sort()
        assert.strictEqual(new Set(titles).size, titles.length, "nothing is there twice")
        const restored = items.filter(({ result }: { result: string }) => result === "done")
        for (const { resultId, title } of restored) {
          assert.isTrue(
            present.some((item) => item.id === resultId && item["displayName"] === title),
            title
          )
        }
        if (run.outcome !== "succeeded") {
          // The same restore goes on with what is left.
          const again = yield* call(web, `${api}/restores/${planned.restore.id}/confirm`, {
            method: "POST",
            headers: { ...manager, "idempotency-key": "again" },
            body: JSON.stringify({ tenantName: "Contoso" })
          })
          assert.strictEqual((yield* completed(web, again.body.runId, "manager@northwind")).outcome, "succeeded")
        }
        assert.deepStrictEqual(yield* stateOf(), before)
      }).pipe(Effect.scoped)
    )
  }
)
