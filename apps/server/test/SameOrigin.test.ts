import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { browser, names, publicUrl, registered, whole } from "./WholeApp.ts"

const unsafeMethods = ["POST", "PUT", "PATCH", "DELETE"]

const bodies: Readonly<Record<string, { readonly type?: string; readonly body?: string | Uint8Array<ArrayBuffer> }>> = {
  form: { type: "application/x-www-form-urlencoded", body: "account=owner%40northwind" },
  multipart: {
    type: "multipart/form-data; boundary=b",
    body: '--b\r\ncontent-disposition: form-data; name="account"\r\n\r\nowner@northwind\r\n--b--\r\n'
  },
  "text/plain": { type: "text/plain", body: "{}" },
  json: { type: "application/json", body: "{}" },
  // A string would bring a content type with it.
  "no content type": { body: new TextEncoder().encode("{}") },
  "no body": {}
}

const foreign: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "a foreign origin": { origin: "https://evil.example" },
  "the origin of another port": { origin: "http://127.0.0.1:3001" },
  "the origin of another scheme": { origin: "https://127.0.0.1:3000" },
  "an origin that only begins like ours": { origin: "http://127.0.0.1:3000.evil.example" },
  "no origin that may be told": { origin: "null" },
  "no origin at all": {},
  "a foreign referrer": { referer: "https://evil.example/?http://127.0.0.1:3000" },
  "another site, as the browser says": { "sec-fetch-site": "cross-site", origin: publicUrl },
  "a sister site, as the browser says": { "sec-fetch-site": "same-site", origin: publicUrl }
}

/** How much is on record. */
const recorded = SqlClient.SqlClient.use(
  (sql) => sql`SELECT (SELECT count(*)::int FROM operation_runs) AS runs, (SELECT count(*)::int FROM operation_audit) AS
    records, (SELECT count(*)::int FROM restores) AS restores, (SELECT count(*)::int FROM backup_schedules) AS schedules`
)

layer(whole, { excludeTestServices: true, timeout: "120 seconds" })("requests that change something", (it) => {
  it.effect("are refused from elsewhere with a session, on every path, by every method, with every body", () =>
    Effect.gen(function* () {
      const { cookieOf, routes, send } = yield* browser
      const cookie = yield* cookieOf("owner@northwind")
      const before = yield* recorded
      const paths = registered(routes)
      for (const path of ["/sign-in", "/sign-out", "/admin/operations/cancel", "/api/v1/operations/x/cancel"]) {
        assert.isTrue(
          paths.some((known) => known === path.replace("/x/", `/${names.run}/`)),
          path
        )
      }
      for (const path of paths) {
        for (const method of unsafeMethods) {
          for (const [kind, { body, type }] of Object.entries(bodies)) {
            for (const [whence, headers] of Object.entries(foreign)) {
              const sent = { cookie, ...(type === undefined ? {} : { "content-type": type }), ...headers }
              const init = { method, headers: sent, ...(body === undefined ? {} : { body }) }
              const { headers: answered, status, text } = yield* send(path, init)
              const what = `${method} ${path} with ${kind} from ${whence}`
              assert.strictEqual(status, 403, what)
              assert.include(text, "does not come from a page of this server", what)
              assert.isNull(answered.get("set-cookie"), what)
            }
          }
        }
      }
      assert.deepStrictEqual(yield* recorded, before)
    }).pipe(Effect.scoped)
  )

  it.effect("are served from pages of this server, however the browser tells that", () =>
    Effect.gen(function* () {
      const { cookieOf, send } = yield* browser
      const cookie = yield* cookieOf("owner@northwind")
      for (const own of [
        { origin: publicUrl },
        { referer: `${publicUrl}/admin/tenants` },
        { "sec-fetch-site": "same-origin", origin: "http://localhost:3000" }
      ] as ReadonlyArray<Record<string, string>>) {
        const init = { method: "POST", headers: { cookie, "content-type": "application/json", ...own } }
        const called = yield* send("/api/v1/tenants/contoso/operations/test.check", { ...init, body: '{"input":{}}' })
        assert.strictEqual(called.status, 202, JSON.stringify(own))
        const pressed = yield* send("/admin/tenants/contoso/operations/test.check", { ...init, body: "" })
        assert.strictEqual(pressed.status, 303, JSON.stringify(own))
      }
    }).pipe(Effect.scoped)
  )

  it.effect("are served to programs with a token, and refused without any credentials as such", () =>
    Effect.gen(function* () {
      const { cookieOf, send } = yield* browser
      const start = (headers: Record<string, string>) =>
        send("/api/v1/tenants/contoso/operations/test.check", {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: '{"input":{}}'
        })
      const authorization = "Bearer dev:owner@northwind"
      assert.strictEqual((yield* start({ authorization })).status, 202)
      assert.strictEqual((yield* start({ authorization, origin: "https://tool.example" })).status, 202)
      assert.strictEqual((yield* start({})).status, 401)
      // A token that nobody accepts is no way for a session to get in.
      const cookie = yield* cookieOf("owner@northwind")
      const forged = { cookie, authorization: "Bearer x", origin: "https://evil.example" }
      assert.strictEqual((yield* start(forged)).status, 401)
    }).pipe(Effect.scoped)
  )

  it.effect("are nobody's business where nothing changes", () =>
    Effect.gen(function* () {
      const { cookieOf, send } = yield* browser
      const cookie = yield* cookieOf("owner@northwind")
      for (const method of ["GET", "HEAD"]) {
        const { status } = yield* send("/admin/tenants", {
          method,
          headers: { cookie, origin: "https://evil.example" }
        })
        assert.strictEqual(status, 200)
      }
    }).pipe(Effect.scoped)
  )
})
