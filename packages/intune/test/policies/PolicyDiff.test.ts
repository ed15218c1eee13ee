import { assert, describe, it } from "@effect/vitest"
import { differenceOf } from "../../src/policies/PolicyDiff.ts"

const fields = (from: unknown, to: unknown) =>
  differenceOf(JSON.stringify(from), JSON.stringify(to)).fields.map((field) => [field.path, field.from, field.to])

const setting = (settingDefinitionId: string, value: number) => ({ settingInstance: { settingDefinitionId, value } })

describe("the difference between two policies", () => {
  it("is each field that differs, by its path", () => {
    assert.deepStrictEqual(fields({ a: 1, b: [1, 2], c: {} }, { a: 2, b: [1, 3, 4], d: null }), [
      ["a", "1", "2"],
      ["b/1", "2", "3"],
      ["b/2", null, "4"],
      ["c", "{}", null],
      ["d", null, "null"]
    ])
  })

  it("is only what changed in a list whose order means nothing", () => {
    const [a, b, c] = ["a", "b", "c"].map((id) => setting(id, 1))
    assert.deepStrictEqual(fields({ settings: [a, b, c] }, { settings: [b, setting("c", 2)] }), [
      ["settings/0", JSON.stringify(a), null],
      ["settings/1/settingInstance/value", "1", "2"]
    ])
    assert.deepStrictEqual(fields({ roleScopeTagIds: ["0", "1"] }, { roleScopeTagIds: ["1", "2"] }), [
      ["roleScopeTagIds/0", '"0"', null],
      ["roleScopeTagIds/1", null, '"2"']
    ])
    const target = (groupId: string) => ({ target: { groupId } })
    assert.deepStrictEqual(fields([target("a"), target("b")], [target("b"), target("c")]), [
      ["0", JSON.stringify(target("a")), null],
      ["1", null, JSON.stringify(target("c"))]
    ])
  })

  it("is exact for 64-bit integers", () => {
    const { fields: found } = differenceOf(`{"x":9223372036854775806}`, `{"x":9223372036854775807}`)
    assert.deepStrictEqual(found, [{ path: "x", from: "9223372036854775806", to: "9223372036854775807" }])
  })

  it("is short enough to read", () => {
    const list = (text: string) => ({ x: Array.from({ length: 120 }, () => text.repeat(400)) })
    const { fields: found, more } = differenceOf(JSON.stringify(list("a")), JSON.stringify(list("b")))
    assert.strictEqual(found.length, 100)
    assert.strictEqual(more, 20)
    assert.isAtMost(found[0]?.from?.length ?? 0, 301)
  })
})
