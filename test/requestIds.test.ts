import { as, call, get, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const sync = "/operations/directory_groups.sync"

layer(TestDatabase.layer, { excludeTestServices: true, timeout: "60 seconds" })("the id of a request", (it) => {
  it.effect("is the caller's own or a new one, and is on the answer, on record and in the log", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const server = yield* startServer()
      const post = (path: string, account: string, id: string, headers: Record<string, string> = {}) =>
        call(server, path, {
          method: "POST",
          headers: { ...as(account), origin: server.origin, "x-request-id": id, ...headers },
          body: path.startsWith("/admin/") ? new URLSearchParams() : '{"input":{}}'
        })
      const idOf = (answer: { headers: Headers }) => answer.headers.get("x-request-id") ?? ""

      const blocked = yield* post(`/api/v1/tenants/fabrikam${sync}`, "operator@northwind", "api-1")
      const refused = yield* post(`/admin/tenants/contoso${sync}`, "readonly@northwind", "page-1")
      assert.deepStrictEqual([blocked.status, refused.status], [202, 403])
      assert.deepStrictEqual([idOf(blocked), idOf(refused)], ["api-1", "page-1"])
      assert.deepStrictEqual(
        yield* sql`SELECT action, request_id AS id FROM operation_audit WHERE request_id IS NOT NULL ORDER BY id`,
        [
          { action: "blocked", id: "api-1" },
          { action: "forbidden", id: "page-1" }
        ]
      )

      const ids = yield* Effect.forEach(["", "a b", "x".repeat(101), 'forged" level=ERROR'], (id) =>
        Effect.map(post("/nowhere", "operator@northwind", id), idOf)
      )
      for (const id of ids) assert.match(id, /^[0-9a-f-]{36}$/)
      assert.lengthOf(new Set(ids), ids.length)

      yield* sql`ALTER TABLE entitlements RENAME TO elsewhere`
      const failed = yield* get(server, "/operations")
      assert.strictEqual(failed.status, 500)
      const page = yield* post(`/admin/tenants/contoso${sync}`, "operator@northwind", "page-2")
      assert.strictEqual(page.status, 500)
      for (const id of [idOf(failed), "page-2"]) assert.include(server.output(), `requestId=${id}`)
    }).pipe(Effect.scoped)
  )
})
