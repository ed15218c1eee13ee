import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { browser, publicUrl, whole } from "./WholeApp.ts"

const start = "test.check"
const limit = 64 * 1024

layer(whole, { excludeTestServices: true, timeout: "60 seconds" })("a body", (it) => {
  it.effect("larger than any form or input is refused before it is read, and nothing is done", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { cookieOf, send } = yield* browser
      const cookie = yield* cookieOf("owner@northwind")
      const runs = sql`SELECT count(*)::int AS runs FROM operation_runs`
      const before = yield* runs
      const post = (path: string, type: string, body: string) =>
        send(path, { method: "POST", headers: { cookie, origin: publicUrl, "content-type": type }, body })
      const form = "application/x-www-form-urlencoded"
      const page = `/admin/tenants/contoso/operations/${start}`
      const call = `/api/v1/tenants/contoso/operations/${start}`
      assert.strictEqual((yield* post(page, form, `input=${"1".repeat(limit)}`)).status, 413)
      assert.strictEqual((yield* post(call, "application/json", `{"a":"${"1".repeat(limit)}"}`)).status, 413)
      // Within the limit, but more than a field may hold, or more fields than the form has.
      assert.strictEqual((yield* post(page, form, `input=${"1".repeat(20_000)}`)).status, 422)
      assert.strictEqual(
        (yield* post(page, form, Array.from({ length: 5_000 }, (_, n) => `f${n}=1`).join("&"))).status,
        422
      )
      assert.strictEqual((yield* post(page, form, "input=%7B%7D&input=%7B%7D")).status, 422)
      assert.strictEqual((yield* post(page, form, "input=%7B")).status, 422)
      assert.deepStrictEqual(yield* runs, before)
      assert.strictEqual((yield* post(page, form, "input=%7B%7D")).status, 303)
    }).pipe(Effect.scoped)
  )

  it.effect("that is no JSON is refused with what to send instead", () =>
    Effect.gen(function* () {
      const { cookieOf, send } = yield* browser
      const headers = { cookie: yield* cookieOf("owner@northwind"), origin: publicUrl }
      for (const type of ["application/x-www-form-urlencoded", "text/plain"]) {
        const { status, text } = yield* send(`/api/v1/tenants/contoso/operations/${start}`, {
          method: "POST",
          headers: { ...headers, "content-type": type },
          body: "{}"
        })
        assert.strictEqual(status, 415)
        assert.include(JSON.parse(text).detail, "Content-Type: application/json")
      }
    }).pipe(Effect.scoped)
  )
})
