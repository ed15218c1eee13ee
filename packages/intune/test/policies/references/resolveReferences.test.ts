import { Folding } from "@atlas/operations"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { resolveReference } from "../../../src/policies/references/resolveReferences.ts"

const Id = Schema.Literals(["1", "2", "3", "4"])
const Name = Schema.Literals(["Berlin", "BERLIN", "München", "Munchen", "Rome"])
const Target = Schema.Struct({ id: Id, name: Name })

const given = {
  id: Id,
  name: Schema.NullOr(Name),
  targets: Schema.NullOr(Schema.UniqueArray(Target)),
  isComplete: Schema.Boolean,
  isForeign: Schema.Boolean
}

describe("what a reference is in a tenant", () => {
  it.prop("is an object that the tenant has, and the only one that may be meant", given, (all) => {
    const { id, isComplete, isForeign, name } = all
    const byId = new Map((all.targets ?? []).map((target) => [target.id, target]))
    const targets = all.targets === null ? null : [...byId.values()]
    const found = resolveReference(
      { kind: "scope_tag", id, name },
      { targets, isComplete, isForeign, restored: undefined }
    )
    const namesakes = (targets ?? []).filter(
      (target) => name !== null && Folding.foldName(target.name) === Folding.foldName(name)
    )
    if (found._tag === "Found") {
      const target = byId.get(found.id as typeof Id.Type)
      assert.isDefined(target)
      // The id decides where the backup is of this tenant; elsewhere, it has to be the namesake, too.
      if (found.id !== id) assert.deepStrictEqual(namesakes, [target])
      if (isForeign) assert.include(namesakes, target)
    }
    if (found._tag === "Ambiguous") assert.strictEqual(found.count, namesakes.length)
    if (found._tag === "Missing") assert.isTrue(isComplete && namesakes.length === 0)
    // Of what is not all there is, nobody knows how many have a name.
    if (found._tag === "Found" && found.id !== id) assert.isTrue(isComplete)
    // Nobody guesses what another tenant's id means.
    if (found._tag === "Unchecked") assert.isTrue(!isForeign && (targets === null || !isComplete))
    if (found._tag === "Unreadable") assert.isTrue(isForeign && (targets === null || !isComplete))
    assert.notStrictEqual(found._tag, "Made")
  })

  it.prop("is what the same restore does with it, before all", { ...given, to: Schema.NullOr(Id) }, (all) => {
    const { id, isComplete, isForeign, name, targets, to } = all
    const found = resolveReference(
      { kind: "scope_tag", id, name },
      { targets, isComplete, isForeign, restored: { id: to, isOther: false } }
    )
    if (to === null) assert.include(["Made", "Found"], found._tag)
    else assert.deepStrictEqual(found, { _tag: "Found", id: to })
  })
})
