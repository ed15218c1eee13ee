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

  it("parses what nests deeper than the stack, and keeps the digits of what is beside it", () => {
    const deep = `${'{"a":['.repeat(20_000)}"[}\\""${"]}".repeat(20_000)}`
    const text = `[9223372036854775807,${deep},{"b":9223372036854775807}]`
    const [before, nested, after] = ExactJson.parse(text) as ReadonlyArray<unknown>
    assert.strictEqual(JSON.stringify([before, after]), `[9223372036854775807,{"b":9223372036854775807}]`)
    let depth = 0
    for (let at = nested; at !== null && typeof at === "object"; at = Object.values(at)[0]) depth++
    assert.isAbove(depth, 400)
    assert.throws(() => ExactJson.parse(text.slice(0, -40_000)), SyntaxError)
  })

  it("tells long integers from objects", () => {
    const [long, object] = ExactJson.parse(`[9223372036854775807,{}]`) as ReadonlyArray<unknown>
    assert.isTrue(ExactJson.isLongInteger(long))
    assert.isFalse(ExactJson.isLongInteger(object))
  })
})
