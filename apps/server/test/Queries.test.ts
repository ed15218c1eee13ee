import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { host, makeHandler } from "./MatrixHost.ts"

layer(host, { excludeTestServices: true, timeout: "60 seconds" })("a query that cannot be decoded", (it) => {
  it.effect("is answered with at most twenty problems, and no long sentence twice", () =>
    Effect.gen(function* () {
      const handle = yield* makeHandler
      const wrong = Array.from({ length: 500 }, () => "status=wrong").join("&")
      const answer = yield* handle(
        new Request(`https://atlas.example/api/v1/operations?${wrong}&limit=many&outcome=wrong`, {
          headers: { authorization: "owner all" }
        })
      )
      assert.strictEqual(answer.status, 400)
      assert.isAtMost(answer.body.errors.length, 20)
      assert.includeDeepMembers(
        answer.body.errors.map(({ pointer }: { pointer: string }) => pointer),
        ["/query/limit", "/query/outcome"]
      )
      assert.isBelow(answer.text.length, 4_000)
    })
  )
})
