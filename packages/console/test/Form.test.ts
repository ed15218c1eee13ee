import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Hono } from "hono"
import { FormText, FormTexts, readForm } from "../src/shell/Form.ts"

const Fields = Schema.Struct({ name: FormText, tags: Schema.optionalKey(FormTexts) })

/** What the form of a request is read as, or what is wrong with it. */
const read = (init: RequestInit) =>
  Effect.promise(async () => {
    const app = new Hono().post("/", (c) =>
      Effect.runPromise(
        readForm(c, Fields).pipe(
          Effect.map((form): unknown => form),
          Effect.catchTag("InvalidInput", ({ errors }) => Effect.succeed(errors.map(({ pointer }) => pointer))),
          Effect.map((value) => c.json(value))
        )
      )
    )
    return (await app.request("/", { method: "POST", ...init })).json()
  })

const urlencoded = (body: string) => ({ headers: { "content-type": "application/x-www-form-urlencoded" }, body })

const multipart = (...parts: ReadonlyArray<readonly [name: string, value: string | File]>) => {
  const body = new FormData()
  for (const [name, value] of parts) body.append(name, value)
  return { body }
}

it.effect("reads the fields of both kinds of form", () =>
  Effect.gen(function* () {
    const expected = { name: "A b", tags: ["x", "y"] }
    assert.deepStrictEqual(yield* read(urlencoded("name=A+b&tags=x&tags=y")), expected)
    assert.deepStrictEqual(yield* read(multipart(["name", "A b"], ["tags", "x"], ["tags", "y"])), expected)
    assert.deepStrictEqual(yield* read(urlencoded("name=")), { name: "" })
  })
)

it.effect("names what is unknown, missing, repeated, a file, too long or not to be stored", () =>
  Effect.gen(function* () {
    const cases: ReadonlyArray<readonly [what: string, init: RequestInit, pointers: ReadonlyArray<string>]> = [
      ["missing", urlencoded(""), ["/name"]],
      ["no body", {}, ["/name"]],
      ["unknown", urlencoded("name=a&admin=1&x~/y=2"), ["/admin", "/x~0~1y"]],
      ["an unknown field of every object", urlencoded("name=a&__proto__=1"), ["/__proto__"]],
      ["repeated", urlencoded("name=a&name=b"), ["/name"]],
      ["a file", multipart(["name", new File(["a"], "a.txt")]), ["/name"]],
      ["a file among texts", multipart(["name", "a"], ["tags", "b"], ["tags", new File(["a"], "a")]), ["/tags"]],
      ["too long", urlencoded(`name=${"a".repeat(10_001)}`), ["/name"]],
      ["with NUL", urlencoded("name=a%00b"), ["/name"]],
      ["JSON", { headers: { "content-type": "application/json" }, body: '{"name":"a"}' }, [""]],
      ["plain text", { headers: { "content-type": "text/plain" }, body: "name=a" }, [""]],
      ["no multipart", { headers: { "content-type": "multipart/form-data" }, body: "name=a" }, [""]],
      ["cut multipart", { headers: { "content-type": "multipart/form-data; boundary=b" }, body: "--b\r\n" }, [""]]
    ]
    for (const [what, init, pointers] of cases)
      assert.sameMembers((yield* read(init)) as Array<string>, [...pointers], what)
  })
)
