import { createHash } from "node:crypto"
import net from "node:net"
import { DirectoryCache, DirectoryHttp } from "@atlas/directory"
import { IntuneHttp, PolicyStore } from "@atlas/intune"
import { Authentication, CurrentActor, RunId, TenantId, WorkspaceId } from "@atlas/operations"
import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Predicate, Redacted } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { SqlClient } from "effect/sql"
import { makeBackupRoutes } from "../src/BackupRoutes.ts"
import { makeDriftRoutes } from "../src/DriftRoutes.ts"
import { makeRestoreRoutes } from "../src/RestoreRoutes.ts"
import { makeScheduleRoutes } from "../src/ScheduleRoutes.ts"
import { makeInventoryRoutes } from "../src/InventoryRoutes.ts"
import { makeConfigurationRoutes } from "../src/ConfigurationRoutes.ts"
import { app, pages } from "./Pages.ts"

const tenant = { workspaceId: WorkspaceId.make("northwind"), tenantId: TenantId.make("contoso") }
const owner = { tenant, run: RunId.make("01920000-0000-7000-8000-000000000000") }

const scheduleId = "01920000-0000-7000-8000-000000000001"
const restoreId = "01920000-0000-7000-8000-000000000003"
const backupId = "01920000-0000-7000-8000-000000000002"

/** A cache as syncs leave it, with something removed. */
const fill = Effect.gen(function* () {
  const { groups, roleDefinitions } = yield* DirectoryCache
  const proof = { expected: null, share: 0, confirmed: 0 }
  for (const collection of [groups, roleDefinitions]) {
    const set = (name: string) => ({ display_name: name, folded_name: name.toLowerCase() })
    yield* collection.begin(owner, "full")
    const changes = Array.from({ length: 45 }, (_, n) => ({ id: `id-${n}`, set: set(`Finance ${n}`) }))
    yield* collection.writePage(owner, { changes, cursor: null })
    yield* collection.complete(owner, proof, null)
    // Withheld: nothing may vanish.
    yield* collection.begin(owner, "changes")
    yield* collection.writePage(owner, { changes: [{ id: "id-1", removal: "purged" }], cursor: null })
    yield* collection.complete(owner, proof, null)
  }
})

/** An inventory as a sync leaves it. */
const fillInventory = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const store = yield* PolicyStore
  const text = `{"displayName":"Default"}`
  const hash = createHash("sha256").update(text).digest("hex")
  yield* store.put(tenant, [{ text, hash, secrets: new Map() }])
  yield* sql`
    INSERT INTO policies (workspace_id, tenant_id, source, id, type, title, folded_title, scope_tags, content_hash, seen_run,
      seen_pass)
    VALUES (${tenant.workspaceId}, ${tenant.tenantId}, 'scope_tags', '0', 'scope_tags', 'Default', 'default', '{}',
      decode(${hash}, 'hex'), ${owner.run}::uuid, ${owner.run}::uuid)`
  yield* sql`
    INSERT INTO backup_schedules (id, workspace_id, tenant_id, name, cron, time_zone, skipped_time, repeated_time, missed,
      missed_limit, created_by)
    VALUES (${scheduleId}::uuid, ${tenant.workspaceId}, ${tenant.tenantId}, 'Nightly', '0 2 * * *', 'UTC', 'later', 'earlier',
      'once', 3, '{"id":"someone","kind":"user","name":"Someone"}')`
  yield* sql`
    INSERT INTO backup_sets (id, workspace_id, tenant_id, origin, schedule_id, run_id, name)
    VALUES (${backupId}::uuid, ${tenant.workspaceId}, ${tenant.tenantId}, 'schedule', ${scheduleId}::uuid, ${owner.run}::uuid,
      'Nightly')`
  yield* sql`
    INSERT INTO backup_items (set_id, source, id, workspace_id, tenant_id, type, title, folded_title, content_hash)
    VALUES (${backupId}::uuid, 'scope_tags', '0', ${tenant.workspaceId}, ${tenant.tenantId}, 'scope_tags', 'Default',
      'default', decode(${hash}, 'hex'))`
  yield* sql`
    UPDATE backup_sets SET state = 'complete', sealed_at = now(), item_count = 1, manifest_hash = decode(${hash}, 'hex')
    WHERE id = ${backupId}::uuid`
  yield* sql`
    INSERT INTO restores (id, workspace_id, tenant_id, set_id, with_assignments, state, created_by, planned_at)
    VALUES (${restoreId}::uuid, ${tenant.workspaceId}, ${tenant.tenantId}, ${backupId}::uuid, true, 'planned',
      '{"id":"someone","kind":"user","name":"Someone"}', now())`
  yield* sql`
    INSERT INTO restore_items (restore_id, source, id, workspace_id, tenant_id, type, title, content_hash, action,
      difference)
    VALUES (${restoreId}::uuid, 'scope_tags', '0', ${tenant.workspaceId}, ${tenant.tenantId}, 'scope_tags', 'Default',
      decode(${hash}, 'hex'), 'update', '{"fields":[{"path":"a","from":null,"to":"1"}],"more":2}')`
})

/** Every connection that this process opens, but to the database. */
const outbound = Effect.acquireRelease(
  Effect.gen(function* () {
    const database = new URL(Redacted.value(yield* TestDatabase.url))
    const attempts: Array<unknown> = []
    const original = net.Socket.prototype.connect
    net.Socket.prototype.connect = function (this: net.Socket, ...args: ReadonlyArray<any>) {
      const [first] = args.flat()
      const isDatabase = Predicate.hasProperty(first, "port") && String(first.port) === database.port
      if (!isDatabase) attempts.push(first)
      return Reflect.apply(original, this, args)
    } as typeof original
    return { attempts, restore: () => (net.Socket.prototype.connect = original) }
  }),
  ({ restore }) => Effect.sync(restore)
)

const authentication = Layer.succeed(
  Authentication,
  Authentication.of((answer) =>
    Effect.provideService(answer, CurrentActor, { id: "operator@northwind", kind: "user", name: "Oskar" })
  )
)

const configuration = "/admin/tenants/contoso/configuration"
const directory = "/api/v1/tenants/contoso/directory"
const paths = [
  "/admin/tenants",
  "/admin/tenants/contoso",
  "/admin/tenants/fabrikam",
  "/admin/operations",
  "/admin/operations?status=active&actor=someone&from=2026-01-01&reason=run_stale",
  "/admin/operations/cancel?tenant=contoso",
  "/admin/tenants/contoso/history",
  "/admin/legacy/entra_group_sync_runs/77777777-0000-4000-8000-000000000003",
  configuration,
  "/admin/tenants/fabrikam/configuration",
  `${configuration}?group.query=nance&group.filter=security&group=id-1&group=nobody&role=id-2&role.query=finance`,
  `${configuration}/group/options?group.query=finance`,
  `${configuration}/role/options?role.query=ina`,
  `${configuration}/removals/directory_groups.sync`,
  `${configuration}/removals/directory_role_definitions.sync`,
  "/admin/tenants/contoso/inventory",
  "/admin/tenants/contoso/inventory?query=wi&type=settings_catalog&platform=windows&findings=true",
  "/admin/tenants/contoso/inventory/scope_tags/0",
  "/admin/tenants/contoso/backup-schedules",
  `/admin/tenants/contoso/backup-schedules/${scheduleId}`,
  "/admin/tenants/contoso/backups",
  "/admin/tenants/contoso/restores",
  "/admin/tenants/contoso/drift",
  `/admin/tenants/contoso/restores/${restoreId}`,
  `/admin/tenants/contoso/backups/${backupId}`,
  `/admin/tenants/contoso/backups/${backupId}/scope_tags/0`
]
const calls = ["groups", "role-definitions"]
  .flatMap((collection) => [
    `${directory}/${collection}`,
    `${directory}/${collection}?query=nance&limit=3`,
    `${directory}/${collection}/labels?ids=id-1,nobody`,
    `${directory}/${collection}/id-3`
  ])
  .concat(["", "/summary", "/scope_tags/0"].map((rest) => `/api/v1/tenants/contoso/inventory${rest}`))
  .concat(
    ["", `/${scheduleId}`, `/${scheduleId}/slots`].map((rest) => `/api/v1/tenants/contoso/backup-schedules${rest}`)
  )
  .concat(
    ["", `/${backupId}`, `/${backupId}/items`, `/${backupId}/items/scope_tags/0`].map(
      (rest) => `/api/v1/tenants/contoso/backups${rest}`
    )
  )

layer(pages, { excludeTestServices: true, timeout: "60 seconds" })("rendering", (it) => {
  it.effect("every page and selector, and every call of the directory, opens no connection but the database's", () =>
    Effect.gen(function* () {
      yield* fill
      yield* fillInventory
      const hono = yield* app
      ;(yield* makeConfigurationRoutes)(hono)
      ;(yield* makeInventoryRoutes)(hono)
      ;(yield* makeScheduleRoutes)(hono)
      ;(yield* makeBackupRoutes)(hono)
      ;(yield* makeRestoreRoutes)(hono)
      ;(yield* makeDriftRoutes)(hono)
      const routes = Layer.merge(DirectoryHttp.layer, IntuneHttp.layer).pipe(
        Layer.provide(authentication),
        Layer.provide(Layer.succeedContext(yield* Effect.context<Layer.Success<typeof pages>>())),
        Layer.provide(HttpServer.layerServices)
      )
      const api = yield* Effect.acquireRelease(
        Effect.sync(() => HttpRouter.toWebHandler(routes, { disableLogger: true })),
        ({ dispose }) => Effect.promise(() => dispose())
      )
      const { attempts } = yield* outbound
      yield* Effect.promise(async () => {
        for (const path of paths) {
          const answer = await hono.request(path, { headers: { authorization: "operator@northwind" } })
          assert.strictEqual(answer.status, 200, path)
          await answer.text()
        }
        for (const path of calls) {
          const answer = await api.handler(new Request(`https://atlas.example${path}`))
          assert.strictEqual(answer.status, 200, path)
          const body = await answer.json()
          if (path.startsWith(directory)) assert.isNotNull(body.freshness.completedAt, path)
        }
      })
      assert.deepStrictEqual(attempts, [])
      // The trap does catch what goes elsewhere.
      yield* Effect.promise(() => fetch("http://127.0.0.1:49152/").catch(() => undefined))
      assert.lengthOf(attempts, 1)
    }).pipe(Effect.scoped)
  )
})
