import { as, call, start, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"

layer(TestDatabase.layer, { excludeTestServices: true, timeout: "60 seconds" })("limits on requests", (it) => {
  it.effect("stop a person who starts too much, and nobody else", () =>
    Effect.gen(function* () {
      // One a minute: no machine is so slow that the next one is allowed before the test asks for it.
      const server = yield* startServer({ ATLAS_STARTS_PER_MINUTE: "1", ATLAS_ROLE: "web" })
      assert.strictEqual((yield* start(server, "contoso")).status, 202)
      const refused = yield* start(server, "contoso")
      assert.strictEqual(refused.status, 429)
      assert.strictEqual(refused.headers.get("content-type"), "application/problem+json")
      const seconds = Number(refused.headers.get("retry-after"))
      assert.isTrue(seconds >= 1 && seconds <= 60, `${seconds}`)
      assert.strictEqual((yield* start(server, "contoso", "manager@northwind")).status, 202)
      // Reading is free, and so is what nobody may do.
      assert.strictEqual((yield* call(server, "/api/v1/operations", { headers: as("operator@northwind") })).status, 200)
      assert.strictEqual((yield* start(server, "contoso", "nobody")).status, 401)
    }).pipe(Effect.scoped)
  )

  it.effect("stop a body that is larger than any input is", () =>
    Effect.gen(function* () {
      const server = yield* startServer({ ATLAS_ROLE: "web" })
      const large = { text: "x".repeat(64 * 1024) }
      const { headers, status } = yield* start(server, "contoso", "operator@northwind", large)
      assert.deepStrictEqual([status, headers.get("content-type")], [413, "application/problem+json"])
    }).pipe(Effect.scoped)
  )

  it.effect("stop an address that signs in too often, told apart behind a proxy by what the proxy adds", () =>
    Effect.gen(function* () {
      const server = yield* startServer({ ATLAS_ROLE: "web", ATLAS_TRUSTED_PROXIES: "1" })
      const signIn = (forwarded: string) =>
        Effect.map(call(server, "/sign-in", { headers: { "x-forwarded-for": forwarded } }), ({ status }) => status)
      // Sixty at once, and another one each second while the test asks.
      let allowed = 0
      while ((yield* signIn(`10.0.0.${allowed % 256}, 192.0.2.1`)) === 200) assert.isBelow(++allowed, 600)
      assert.isAtLeast(allowed, 60)
      assert.strictEqual(yield* signIn("192.0.2.1, 192.0.2.2"), 200)
    }).pipe(Effect.scoped)
  )
})
