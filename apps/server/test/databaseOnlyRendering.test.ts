import net from "node:net"
import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Predicate, Redacted } from "effect"
import { backupId, fill, fillInventory, restoreId, scheduleId } from "./Filled.ts"
import { app, foundation } from "./Pages.ts"

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

layer(foundation, { excludeTestServices: true, timeout: "60 seconds" })("rendering", (it) => {
  it.effect("every page and selector, and every call of the directory, opens no connection but the database's", () =>
    Effect.gen(function* () {
      yield* fill
      yield* fillInventory
      const { request } = yield* app
      const { attempts } = yield* outbound
      yield* Effect.promise(async () => {
        for (const path of paths) {
          const answer = await request(path, { headers: { authorization: "operator@northwind" } })
          assert.strictEqual(answer.status, 200, path)
          await answer.text()
        }
        for (const path of calls) {
          const answer = await request(path, { headers: { authorization: "operator@northwind" } })
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
