import { get, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"

layer(TestDatabase.layerNoClient, { excludeTestServices: true, timeout: "60 seconds" })("the server", (it) => {
  it.effect("does not take an unknown path for an error of its own", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      assert.strictEqual((yield* get(server, "/nothing")).status, 404)
      assert.notInclude(server.output(), "ERROR")
    }).pipe(Effect.scoped)
  )
})
