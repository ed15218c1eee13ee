import { Runs } from "@atlas/operations"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { app, foundation, types } from "./Pages.ts"

const operator = "operator@northwind"
const mapped = "/admin/legacy/inventory_sync_runs/77777777-0000-4000-8000-000000000001"
const unmapped = "/admin/legacy/entra_group_sync_runs/77777777-0000-4000-8000-000000000003"

const ask = (path: string, account = operator, method = "GET") =>
  Effect.gen(function* () {
    const hono = yield* app
    return yield* Effect.promise(async () => {
      const response = await hono.request(path, { method, headers: { authorization: account } })
      return { status: response.status, headers: response.headers, text: await response.text() }
    })
  })

layer(foundation, { excludeTestServices: true, timeout: "60 seconds" })("the old run pages", (it) => {
  it.effect("lead to the canonical viewer where the record is mapped, and are read-only otherwise", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { run } = yield* Runs.use((runs) =>
        runs.start({ id: operator, kind: "user", name: "Oskar Operator" }, types.checked, {
          tenantId: "contoso",
          input: {}
        })
      )
      yield* sql`UPDATE inventory_sync_runs SET operation_run_id = ${run.id}::uuid`
      for (const method of ["GET", "HEAD"]) {
        const { headers, status, text } = yield* ask(mapped, operator, method)
        assert.deepStrictEqual([status, text], [308, ""])
        assert.strictEqual(headers.get("location"), `/admin/operations/${run.id}`)
        assert.strictEqual(headers.get("cache-control"), "no-store")
        assert.match(headers.get("deprecation") ?? "", /^@\d+$/)
        assert.isFalse(Number.isNaN(Date.parse(headers.get("sunset") ?? "")))
        assert.strictEqual(headers.get("link"), `</admin/operations/${run.id}>; rel="successor-version"`)
      }
      const shown = yield* ask(unmapped)
      assert.strictEqual(shown.status, 200)
      assert.include(shown.text, "HTTP 504")
      assert.notInclude(shown.text.replaceAll(/<form[^>]*sign-out[\s\S]*?<\/form>/g, ""), "<form")
    })
  )

  it.effect("refuse every write, and do not exist for outsiders whatever is asked", () =>
    Effect.gen(function* () {
      for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
        for (const path of [mapped, unmapped]) {
          const { headers, status } = yield* ask(path, operator, method)
          assert.deepStrictEqual([status, headers.get("allow")], [405, "GET, HEAD"])
        }
      }
      const outsider = "owner@fourth-coffee"
      const unknown = yield* ask("/admin/legacy/inventory_sync_runs/0", outsider)
      assert.strictEqual(unknown.status, 404)
      for (const path of [
        mapped,
        unmapped,
        "/admin/legacy/operation_runs/1",
        "/admin/legacy/inventory_sync_runs/%00"
      ]) {
        for (const method of ["GET", "POST"]) {
          const hidden = yield* ask(path, outsider, method)
          assert.deepStrictEqual([hidden.status, hidden.text], [404, unknown.text], `${method} ${path}`)
        }
      }
    })
  )

  it.effect("are found from the tenant", () =>
    Effect.gen(function* () {
      const { text } = yield* ask("/admin/tenants/contoso/history")
      assert.include(text, unmapped)
      assert.include((yield* ask("/admin/tenants/fabrikam/history")).text, "There is no earlier history")
      assert.strictEqual((yield* ask("/admin/tenants/contoso/history", "owner@fourth-coffee")).status, 404)
    })
  )

  it.effect("stay readable where their visitor may not see the run they are mapped to", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const runOf = Effect.fnUntraced(function* (id: string, workspace: string, tenant: string, view: string) {
        yield* sql`
          INSERT INTO operation_runs (id, workspace_id, tenant_id, type, actor, identity_rule, identity_key, identity_digest,
            view_capabilities, input, max_attempts)
          VALUES (${id}::uuid, ${workspace}, ${tenant}, 'gone.sync', '{"id":"x","kind":"user","name":"Someone"}', 'while_active',
            ${id}, sha256(${id}::bytea), ARRAY[${view}], '{}', 1)`
        return id
      })
      const hidden = [
        yield* runOf("01920000-0000-7000-8000-000000000001", "northwind", "contoso", "tenant.secret.view"),
        yield* runOf("01920000-0000-7000-8000-000000000002", "fourth-coffee", "adatum", "tenant.inventory.view")
      ]
      for (const run of hidden) {
        yield* sql`UPDATE inventory_sync_runs SET operation_run_id = ${run}::uuid`
        for (const person of [operator, "readonly@northwind"]) {
          const shown = yield* ask(mapped, person)
          assert.deepStrictEqual([shown.status, shown.headers.get("location")], [200, null], `${run} by ${person}`)
          assert.include(shown.text, "Inventory sync")
          assert.notInclude(shown.text, run)
          const { text } = yield* ask("/admin/tenants/contoso/history", person)
          assert.include(text, mapped)
          assert.notInclude(text, run)
        }
      }
      // A look that refuses nobody is no refusal.
      const [{ refusals } = { refusals: -1 }] = yield* sql<{ refusals: number }>`
        SELECT count(*)::int AS refusals FROM operation_audit WHERE data ->> 'capability' = 'tenant.secret.view'`
      assert.strictEqual(refusals, 0)
      const seen = yield* runOf("01920000-0000-7000-8000-000000000003", "northwind", "contoso", "tenant.inventory.view")
      yield* sql`UPDATE inventory_sync_runs SET operation_run_id = ${seen}::uuid`
      assert.strictEqual((yield* ask(mapped, "readonly@northwind")).status, 308)
      assert.include((yield* ask("/admin/tenants/contoso/history")).text, seen)
    })
  )
})
