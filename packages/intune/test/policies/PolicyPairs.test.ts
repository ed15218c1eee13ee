import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { type PairedPolicy, pairPolicies } from "../../src/policies/PolicyPairs.ts"

const policy = (id: string, contentHash: string, more: Partial<PairedPolicy> = {}): PairedPolicy => ({
  id,
  odataType: null,
  foldedTitle: "pilot ring",
  contentHash,
  assignmentsHash: "nobody",
  ...more
})

const pairs = (from: ReadonlyArray<PairedPolicy>, to: ReadonlyArray<PairedPolicy>) =>
  Object.fromEntries([...pairPolicies(from, to)].map(([id, partner]) => [id, partner.id]))

const Policies = Schema.Array(
  Schema.Struct({
    foldedTitle: Schema.Literals(["pilot ring", "baseline"]),
    contentHash: Schema.Literals(["one", "two", "three"]),
    assignmentsHash: Schema.Literals(["nobody", "everybody"]),
    /** Where it comes when the policies were made anew, with other ids. */
    place: Schema.Int
  })
).check(Schema.isMaxLength(12))

describe("pairing policies", () => {
  it.prop("finds every policy again, whatever its namesakes, its id and its place", { made: Policies }, ({ made }) => {
    const from = made.map((each, at) => ({ ...policy(`old ${at}`, each.contentHash), ...each }))
    const to = from.toSorted((a, b) => a.place - b.place).map((each, at) => ({ ...each, id: `new ${at}` }))
    const partners = pairPolicies(from, to)
    assert.strictEqual(partners.size, from.length)
    assert.strictEqual(new Set(partners.values()).size, from.length)
    for (const { assignmentsHash, contentHash, foldedTitle, id } of from) {
      assert.deepInclude({ ...partners.get(id) }, { assignmentsHash, contentHash, foldedTitle })
    }
  })

  it("goes by id before anything else", () => {
    const from = [policy("a", "one"), policy("b", "two")]
    assert.deepStrictEqual(pairs(from, [policy("a", "two"), policy("b", "one")]), { a: "a", b: "b" })
    assert.deepStrictEqual(pairs(from, [policy("a", "one", { foldedTitle: "renamed" })]), { a: "a" })
  })

  it("goes by content and assignments, then by content, then by the order of ids", () => {
    const everybody = { assignmentsHash: "everybody" }
    const from = [policy("a", "one"), policy("b", "one", everybody), policy("c", "two"), policy("d", "three")]
    const to = [policy("w", "other"), policy("x", "two", everybody), policy("y", "one", everybody), policy("z", "one")]
    assert.deepStrictEqual(pairs(from, to), { a: "z", b: "y", c: "x", d: "w" })
  })

  it("pairs nothing twice, and no policies of other types or titles", () => {
    assert.deepStrictEqual(pairs([policy("b", "one"), policy("a", "one")], [policy("x", "one")]), { a: "x" })
    const other = [policy("x", "one", { foldedTitle: "other" }), policy("y", "one", { odataType: "type" })]
    assert.deepStrictEqual(pairs([policy("a", "one")], other), {})
  })
})
