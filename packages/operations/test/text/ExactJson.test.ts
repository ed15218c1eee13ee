import { assert, describe, it } from "@effect/vitest"
import { ExactJson } from "../../src/index.ts"

describe("ExactJson", () => {
  it("keeps every digit of integers that JavaScript has no number for", () => {
    const text = `{"least":-9223372036854775808,"most":9223372036854775807,"list":[9007199254740993,[18446744073709551615]]}`
    assert.strictEqual(JSON.stringify(ExactJson.parse(text)), text)
  })

  it("parses all other values as JSON.parse does", () => {
    const text = `{"a":9007199254740991,"b":1e30,"c":0.1000000000000000055,"d":"9223372036854775807","e":[true,null,{}]}`
    assert.deepStrictEqual(ExactJson.parse(text), JSON.parse(text))
    assert.throws(() => ExactJson.parse("{"), SyntaxError)
  })

  it("tells long integers from objects", () => {
    const [long, object] = ExactJson.parse(`[9223372036854775807,{}]`) as ReadonlyArray<unknown>
    assert.isTrue(ExactJson.isLongInteger(long))
    assert.isFalse(ExactJson.isLongInteger(object))
  })
})
