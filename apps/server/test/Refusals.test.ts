import { Runs } from "@atlas/operations"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { backupId, fill, fillInventory, restoreId, scheduleId } from "./Filled.ts"
import { types } from "./Pages.ts"
import { browser, publicUrl, registered, whole } from "./WholeApp.ts"

const reader = "readonly@northwind"

/** Records that exist, so that a refusal is about a right and not about a name. */
const existing = Effect.gen(function* () {
  yield* fill
  yield* fillInventory
  const runs = yield* Runs
  const owner = { id: "owner@northwind", kind: "user", name: "Olivia Owner" } as const
  const { run } = yield* runs.start(owner, types.checked, { tenantId: "contoso", input: {} })
  return {
    schedule: scheduleId,
    restore: restoreId,
    backup: backupId,
    run: run.id,
    source: "scope_tags",
    selector: "group"
  }
})

layer(whole, { excludeTestServices: true, timeout: "120 seconds" })("a refusal for want of a right", (it) => {
  it.effect("names the right and is on record, on every page and call", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const names = yield* existing
      const { cookieOf, routes, send } = yield* browser
      const cookie = yield* cookieOf(reader)
      const refused: Array<string> = []
      for (const path of registered(routes, { ...names, type: types.checked.name })) {
        for (const method of ["GET", "POST"]) {
          const isApi = path.startsWith("/api/")
          const type = isApi ? "application/json" : "application/x-www-form-urlencoded"
          const headers = { cookie, origin: publicUrl, "content-type": type }
          const body = method === "GET" ? {} : { body: isApi ? '{"input":{}}' : "" }
          const { status, text } = yield* send(path, { method, headers, ...body })
          if (status !== 403) continue
          refused.push(`${method} ${path}`)
          const [, capability = ""] =
            (isApi ? /"requiredCapability":"([\w.]+)"/ : /<code>([\w.]+)<\/code>/).exec(text) ?? []
          const records = yield* sql`
            SELECT 1 FROM operation_audit WHERE action = 'forbidden' AND actor ->> 'id' = ${reader}
              AND tenant_id = 'contoso' AND data ->> 'capability' = ${capability}`
          assert.isNotEmpty(capability, `${method} ${path}`)
          assert.isNotEmpty(records, `${method} ${path} for want of ${capability}`)
          // So that the next one of the same kind has to leave a record of its own.
          yield* sql`ALTER TABLE operation_audit DISABLE TRIGGER USER`
          yield* sql`DELETE FROM operation_audit`
          yield* sql`ALTER TABLE operation_audit ENABLE TRIGGER USER`
        }
      }
      const tenant = "/admin/tenants/contoso"
      for (const expected of [
        `GET ${tenant}/backup-schedules/new`,
        `GET ${tenant}/backup-schedules/${scheduleId}/edit`,
        `GET ${tenant}/backup-schedules/${scheduleId}/delete`,
        `POST ${tenant}/backup-schedules/${scheduleId}/delete`,
        `POST ${tenant}/backup-schedules/${scheduleId}/pause`,
        `POST ${tenant}/operations/${types.checked.name}`,
        `POST ${tenant}/restores/${restoreId}/archive`,
        `POST /admin/operations/${names.run}/cancel`,
        `POST /api/v1/operations/${names.run}/cancel`,
        `POST /api/v1/tenants/contoso/operations/${types.checked.name}`
      ])
        assert.include(refused, expected)
    }).pipe(Effect.scoped)
  )
})
