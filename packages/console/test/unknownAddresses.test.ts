import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { intune } from "../src/intune/index.ts"
import { Console } from "../src/index.ts"
import { hostOptions, services, work } from "./Mounted.ts"

const origin = "https://host.example"
const base = "/ops"

const asked = Effect.map(
  Console.make({ ...hostOptions(origin, base), parts: [intune] }),
  (console) =>
    (path: string, { method = "GET", user = "ada" as string | null } = {}) =>
      Effect.promise(async () => {
        const headers = { ...(user === null ? {} : { cookie: `user=${user}` }), origin }
        const answer = await console(new Request(`${origin}${base}${path}`, { method, headers }))
        const type = answer.headers.get("content-type")?.split(";")[0]
        return { status: answer.status, allow: answer.headers.get("allow"), type, text: await answer.text() }
      })
)

layer(services, { excludeTestServices: true, timeout: "60 seconds" })("an address that nothing answers", (it) => {
  it.effect("shows people who are signed in where they can go, and others the sign-in", () =>
    Effect.gen(function* () {
      const ask = yield* asked
      const [known, stranger] = [yield* ask("/nowhere"), yield* ask("/nowhere", { user: null })]
      assert.deepStrictEqual([known.status, known.allow, stranger.status], [404, null, 404])
      for (const part of ['<nav aria-label="Main">', "Signed in as"]) {
        assert.include(known.text, part)
        assert.notInclude(stranger.text, part)
      }
      assert.notMatch(known.text, />\s*Sign in\s*</)
      assert.match(stranger.text, />\s*Sign in\s*</)
    }).pipe(Effect.scoped)
  )

  it.effect("tells a page from a request with a method that the page does not take", () =>
    Effect.gen(function* () {
      const ask = yield* asked
      const operations = yield* ask("/operations", { method: "DELETE" })
      assert.deepStrictEqual([operations.status, operations.allow, operations.type], [405, "GET, HEAD", "text/html"])
      assert.include(operations.text, "This address does not take DELETE.")
      const start = `/tenants/contoso/operations/${work.name}`
      assert.deepInclude(yield* ask(start), { status: 405, allow: "POST" })
      assert.deepInclude(yield* ask("/tenants/contoso/restores", { method: "PUT" }), { allow: "GET, HEAD, POST" })
      assert.deepInclude(yield* ask("/operations", { method: "HEAD" }), { status: 200, allow: null })
      assert.deepInclude(yield* ask("/operations/", { method: "DELETE" }), { status: 404, allow: null })
    }).pipe(Effect.scoped)
  )

  it.effect("tells a call of the API from a request with a method that the call does not take", () =>
    Effect.gen(function* () {
      const ask = yield* asked
      const problem = "application/problem+json"
      const list = yield* ask("/api/v1/operations", { method: "DELETE" })
      assert.deepStrictEqual([list.status, list.allow, list.type], [405, "GET, HEAD", problem])
      assert.deepInclude(JSON.parse(list.text), { status: 405, title: "This address does not take DELETE." })
      assert.deepInclude(yield* ask("/api/v1/operations/1/cancel"), { status: 405, allow: "POST" })
      assert.deepInclude(yield* ask("/api/v1/openapi.json", { method: "POST" }), { status: 405, allow: "GET, HEAD" })
      assert.deepInclude(yield* ask("/api/v1/operations/1/cancel/2"), { status: 404, allow: null, type: problem })
      // What a call itself does not find is not found.
      assert.deepInclude(yield* ask("/api/v1/operations/1"), { status: 404, allow: null, type: problem })
      assert.strictEqual((yield* ask("/api/v1/operations", { method: "HEAD" })).status, 200)
    }).pipe(Effect.scoped)
  )
})
