import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { host, makeHandler } from "./MatrixHost.ts"

const bodies: ReadonlyArray<readonly [body: unknown, status: number, pointer?: string]> = [
  [{ input: {}, supersedes: { toString: 1 } }, 422, "/supersedes"],
  [{ input: {}, supersedes: { toString: "x", valueOf: null } }, 422, "/supersedes"],
  [{ input: {}, supersedes: null }, 422, "/supersedes"],
  [{ input: {}, supersedes: 7 }, 422, "/supersedes"],
  [{ input: {}, supersedes: true }, 422, "/supersedes"],
  [{ input: {}, supersedes: [] }, 422, "/supersedes"],
  [{ input: {}, supersedes: ["019845e1-682f-7b02-a706-3b2422d13aec"] }, 422, "/supersedes"],
  [{ input: {}, supersedes: "" }, 422, "/supersedes"],
  [{ input: {}, supersedes: "no run" }, 422, "/supersedes"],
  [{ input: { toString: 1 } }, 422, "/input/toString"],
  [{ toString: 1 }, 422, "/toString"],
  [{}, 422, "/input"],
  [{ input: { constructor: { name: 1 } } }, 422, "/input/constructor"],
  ...[null, [], "text", 7].map((input) => [{ input }, 422, "/input"] as const),
  [{ constructor: { name: 1 } }, 422, "/constructor"],
  [null, 422, ""],
  [[], 422, ""],
  ["text", 422, ""],
  [7, 422, ""]
]

layer(host, { excludeTestServices: true, timeout: "60 seconds" })("the body of a start", (it) => {
  it.effect("is refused with the place of what is wrong, whatever JSON it is", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const handle = yield* makeHandler
      const count = sql`SELECT count(*)::int AS runs FROM operation_runs`
      const before = yield* count
      for (const type of ["provider.connection.check", "directory_role_definitions.sync"]) {
        for (const [body, status, pointer] of bodies) {
          const answer = yield* handle(
            new Request(`https://atlas.example/api/v1/tenants/contoso/operations/${type}`, {
              method: "POST",
              headers: { authorization: "owner all", "content-type": "application/json" },
              body: JSON.stringify(body)
            })
          )
          // A valid id is one problem less: then the type answers, which may not allow it.
          const what = `${JSON.stringify(body)} for ${type}`
          if (type !== "provider.connection.check" && answer.status === 409) continue
          assert.strictEqual(answer.status, status, what)
          assert.include(
            answer.body.errors.map((error: { readonly pointer: string }) => error.pointer),
            pointer,
            what
          )
        }
      }
      assert.deepStrictEqual(yield* count, before)
    }).pipe(Effect.scoped)
  )
})
