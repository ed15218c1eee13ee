import { as, call, type ServerProcess, start, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const reach: Readonly<Record<string, ReadonlyArray<string>>> = {
  "owner@northwind": ["contoso", "fabrikam"],
  "manager@northwind": ["contoso", "fabrikam"],
  "operator@northwind": ["contoso", "fabrikam"],
  "readonly@northwind": ["contoso", "fabrikam"],
  "contoso-operator@northwind": ["contoso"],
  "owner@fourth-coffee": ["adatum"]
}
const people = Object.keys(reach)
const tenants = ["contoso", "fabrikam", "adatum"]
const unknownRun = "01920000-0000-7000-8000-000000000000"

const ask = (server: ServerProcess, account: string | null, path: string, init: RequestInit = {}) =>
  Effect.map(
    call(server, path, {
      ...init,
      headers: {
        ...(account === null ? {} : { authorization: as(account).authorization }),
        ...(init.headers as Record<string, string>)
      }
    }),
    ({ headers, status, text }) => ({ status, text, location: headers.get("location"), etag: headers.get("etag") })
  )

interface Route {
  readonly name: string
  readonly path: (tenant: string, run: string) => string
  readonly init?: RequestInit
  /** What those get who may see it. */
  readonly status: number
}

const stream = { headers: { accept: "text/event-stream", "last-event-id": "999" } }

// Every route that shows something of one tenant. The runs are completed.
const routes: ReadonlyArray<Route> = [
  { name: "run", path: (_, run) => `/api/v1/operations/${run}`, status: 200 },
  {
    name: "run that is cached",

    path: (_, run) => `/api/v1/operations/${run}`,
    init: { headers: { "if-none-match": "*" } },
    status: 304
  },
  { name: "timeline", path: (_, run) => `/api/v1/operations/${run}/events`, status: 200 },
  {
    name: "live timeline",

    path: (_, run) => `/api/v1/operations/${run}/events`,
    init: stream,
    status: 204
  },
  { name: "lineage", path: (_, run) => `/api/v1/operations/${run}/lineage`, status: 200 },
  { name: "waiting", path: (_, run) => `/api/v1/operations/${run}/waiting`, status: 200 },
  { name: "groups", path: (tenant) => `/api/v1/tenants/${tenant}/directory/groups`, status: 200 },
  { name: "labels", path: (tenant) => `/api/v1/tenants/${tenant}/directory/groups/labels?ids=a`, status: 200 },
  { name: "role definitions", path: (tenant) => `/api/v1/tenants/${tenant}/directory/role-definitions`, status: 200 },
  { name: "inventory", path: (tenant) => `/api/v1/tenants/${tenant}/inventory`, status: 200 },
  { name: "inventory at a glance", path: (tenant) => `/api/v1/tenants/${tenant}/inventory/summary`, status: 200 },
  { name: "schedules", path: (tenant) => `/api/v1/tenants/${tenant}/backup-schedules`, status: 200 },
  { name: "backups", path: (tenant) => `/api/v1/tenants/${tenant}/backups`, status: 200 },
  { name: "restores", path: (tenant) => `/api/v1/tenants/${tenant}/restores`, status: 200 },
  { name: "restores page", path: (tenant) => `/admin/tenants/${tenant}/restores`, status: 200 },
  { name: "drift page", path: (tenant) => `/admin/tenants/${tenant}/drift`, status: 200 },
  { name: "inventory page", path: (tenant) => `/admin/tenants/${tenant}/inventory`, status: 200 },
  { name: "schedules page", path: (tenant) => `/admin/tenants/${tenant}/backup-schedules`, status: 200 },
  { name: "backups page", path: (tenant) => `/admin/tenants/${tenant}/backups`, status: 200 },
  { name: "viewer", path: (_, run) => `/admin/operations/${run}`, status: 200 },
  { name: "tenant page", path: (tenant) => `/admin/tenants/${tenant}`, status: 200 },
  { name: "configuration", path: (tenant) => `/admin/tenants/${tenant}/configuration`, status: 200 },
  { name: "history", path: (tenant) => `/admin/tenants/${tenant}/history`, status: 200 },
  { name: "confirmation", path: (_, run) => `/admin/operations/${run}/cancel`, status: 303 },
  { name: "legacy redirect", path: (tenant) => `/admin/legacy/entra_group_sync_runs/old-${tenant}`, status: 308 },
  { name: "legacy record", path: (tenant) => `/admin/legacy/backup_schedule_runs/old-${tenant}`, status: 200 }
]

/** An old table of a host's own, with a record of each tenant; the ones of groups syncs are mapped. */
const legacyRecords = (runs: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    for (const table of ["entra_group_sync_runs", "backup_schedule_runs"]) {
      yield* sql`ALTER TABLE ${sql(table)} DISABLE TRIGGER USER`
      yield* sql`ALTER TABLE ${sql(table)} ALTER COLUMN id TYPE text`
      for (const [tenant, run] of Object.entries(runs)) {
        yield* sql`INSERT INTO ${sql(table)} (id, tenant_id, operation_run_id)
          VALUES (${`old-${tenant}`}, ${tenant}, ${table === "entra_group_sync_runs" ? run : null}::uuid)`
      }
      yield* sql`ALTER TABLE ${sql(table)} ENABLE TRIGGER USER`
    }
  })

const completedRuns = (server: ServerProcess) =>
  Effect.gen(function* () {
    const found: Record<string, string> = {}
    for (const [tenant, account] of [
      ["contoso", "operator@northwind"],
      ["fabrikam", "operator@northwind"],
      ["adatum", "owner@fourth-coffee"]
    ] as const) {
      const { id } = (yield* start(server, tenant, account)).body.run
      yield* call(server, `/api/v1/operations/${id}/cancel`, { method: "POST", headers: as(account) })
      found[tenant] = id
    }
    return found
  })

layer(TestDatabase.layer, { excludeTestServices: true, timeout: "120 seconds" })(
  "who sees what, on every route",
  (it) => {
    it.effect("is what they may see; the rest is, byte for byte, what does not exist", () =>
      Effect.gen(function* () {
        const server = yield* startServer({ ATLAS_ROLE: "web" })
        const runs = yield* completedRuns(server)
        yield* legacyRecords(runs)
        for (const person of people) {
          for (const { init, name, path, status } of routes) {
            const unknown = yield* ask(server, person, path("nowhere", unknownRun), init)
            assert.strictEqual(unknown.status, 404, `${name} that is not there, by ${person}`)
            for (const tenant of tenants) {
              const answer = yield* ask(server, person, path(tenant, runs[tenant] ?? ""), init)
              const label = `${name} in ${tenant} by ${person}`
              if (reach[person]?.includes(tenant)) assert.strictEqual(answer.status, status, label)
              else assert.deepStrictEqual(answer, unknown, label)
            }
          }
        }
      }).pipe(Effect.scoped)
    )

    it.effect("is nothing without a sign-in, whatever exists", () =>
      Effect.gen(function* () {
        const server = yield* startServer({ ATLAS_ROLE: "web" })
        for (const { init, name, path } of routes) {
          const [hidden, unknown] = yield* Effect.all([
            ask(server, null, path("contoso", unknownRun), init),
            ask(server, null, path("nowhere", unknownRun), init)
          ])
          assert.strictEqual(hidden.status, path("", "").startsWith("/api/") ? 401 : 302, name)
          assert.strictEqual(hidden.status, unknown.status, name)
          assert.strictEqual(hidden.text, unknown.text, name)
        }
      }).pipe(Effect.scoped)
    )

    it.effect(
      "starting is refused to readers with the right that they lack, and to outsiders like what is not there",
      () =>
        Effect.gen(function* () {
          const server = yield* startServer({ ATLAS_ROLE: "web" })
          for (const type of ["directory_groups.sync", "directory_role_definitions.sync"]) {
            for (const person of people) {
              const begin = (tenant: string) =>
                call(server, `/api/v1/tenants/${tenant}/operations/${type}`, {
                  method: "POST",
                  headers: as(person),
                  body: '{"input":{}}'
                })
              const unknown = yield* begin("nowhere")
              for (const tenant of tenants) {
                const answer = yield* begin(tenant)
                const label = `${type} in ${tenant} by ${person}`
                if (!reach[person]?.includes(tenant)) {
                  assert.deepStrictEqual([answer.status, answer.text], [404, unknown.text], label)
                } else if (person === "readonly@northwind") {
                  assert.strictEqual(answer.status, 403, label)
                  assert.strictEqual(answer.body.requiredCapability, "tenant.directory.sync", label)
                } else assert.strictEqual(answer.status, 202, label)
              }
            }
          }
        }).pipe(Effect.scoped)
    )
  }
)
