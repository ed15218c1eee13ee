import { as, call, get, type ServerProcess, start, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"

/** What a page of another site could make a browser send, with whatever else it manages to add. */
const forged = (server: ServerProcess, path: string, headers: Readonly<Record<string, string>> = {}) =>
  call(server, path, {
    method: "POST",
    headers: { origin: "https://evil.example", ...headers },
    body: new URLSearchParams({ account: "owner@northwind" })
  })

layer(TestDatabase.layerNoClient, { excludeTestServices: true, timeout: "60 seconds" })("the server", (it) => {
  it.effect("does not take an unknown path for an error of its own", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      assert.strictEqual((yield* get(server, "/nothing")).status, 404)
      assert.notInclude(server.output(), "ERROR")
    }).pipe(Effect.scoped)
  )

  it.effect("takes a form of another site for forged, whatever headers come with it", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      assert.strictEqual((yield* forged(server, "/sign-in")).status, 403)
      assert.strictEqual((yield* forged(server, "/sign-in", { authorization: "Bearer any" })).status, 403)
      // Programs that bring a token to the API have no origin to prove.
      const sync = "/api/v1/tenants/contoso/operations/directory_groups.sync"
      const { authorization } = as("operator@northwind")
      assert.notStrictEqual((yield* forged(server, sync, { authorization })).status, 403)
    }).pipe(Effect.scoped)
  )

  it.effect("lets no shared cache keep what somebody was answered", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      const policy = ({ headers }: { readonly headers: Headers }) => [headers.get("cache-control"), headers.get("vary")]
      const usual = ["private, no-cache", "Authorization, Cookie"]
      const lists = ["/operations", "/operations/types", "/tenants/contoso/directory/groups", "/nothing"]
      for (const path of lists) assert.deepStrictEqual(policy(yield* get(server, path)), usual, path)
      // Whoever says more about itself is left alone.
      const { run } = (yield* start(server, "fabrikam")).body
      const vary = "Authorization, Cookie, Accept"
      assert.deepStrictEqual(policy(yield* get(server, `/operations/${run.id}`)), ["private, no-cache", vary])
    }).pipe(Effect.scoped)
  )
})
