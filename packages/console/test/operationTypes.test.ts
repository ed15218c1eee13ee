import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Console } from "../src/index.ts"
import { hostOptions, services, work } from "./Mounted.ts"

const origin = "https://host.example"

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: unknown
}

layer(services, { excludeTestServices: true, timeout: "60 seconds" })("the input of an operation", (it) => {
  it.effect("is described as closed, as a start takes no unknown member", () =>
    Effect.gen(function* () {
      const console = yield* Console.make(hostOptions(origin, ""))
      const ask = (path: string, init: RequestInit = {}) =>
        Effect.promise(async () => {
          const headers = { cookie: "user=ada", origin, "content-type": "application/json", "idempotency-key": "1" }
          return (await console(new Request(`${origin}/api/v1${path}`, { ...init, headers }))).json()
        })
      const { types } = (yield* ask("/operations/types")) as {
        types: ReadonlyArray<{ name: string; input: JsonSchema }>
      }
      assert.isAbove(types.length, 5)
      for (const { input, name } of types) assert.strictEqual(input.additionalProperties, false, name)
      const body = JSON.stringify({ input: { extra: 1 } })
      const refused = yield* ask(`/tenants/contoso/operations/${work.name}`, { method: "POST", body })
      const { errors, status } = refused as { status: number; errors: ReadonlyArray<{ pointer: string }> }
      assert.deepStrictEqual([status, errors.map(({ pointer }) => pointer)], [422, ["/input/extra"]])
    }).pipe(Effect.scoped)
  )
})
