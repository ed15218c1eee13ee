import { DriftCompare } from "@atlas/intune"
import { assert, it } from "@effect/vitest"
import { registeredOperations } from "../src/RegisteredOperations.ts"
import { capabilitiesOf, Role } from "../src/Roles.ts"

for (const { capabilities, name, startedBy } of registeredOperations) {
  it(`${name} may be seen by every role, and seeing it is not the right to start it`, () => {
    assert.match(capabilities.view, /\.view$/)
    assert.notMatch(capabilities.start, /\.view$/)
    for (const role of Role.literals) {
      assert.isTrue(capabilitiesOf[role].has(capabilities.view), `${role} lacks ${capabilities.view}`)
    }
    assert.isFalse(capabilitiesOf.readonly.has(capabilities.start), `readonly starts ${name}`)
    assert.isTrue(capabilitiesOf.owner.has(capabilities.start) || startedBy === "system", `nobody starts ${name}`)
  })
}

it("every role may see a comparison of any two states", () => {
  const states = [{ kind: "inventory" }, { kind: "live" }, { kind: "backup", id: "" }] as const
  for (const from of states) {
    for (const to of states) {
      const needed = DriftCompare.operation.capabilities.viewOf?.({ from, to }) ?? []
      assert.isNotEmpty(needed)
      for (const role of Role.literals)
        assert.isTrue(needed.every((capability) => capabilitiesOf[role].has(capability)))
    }
  }
})

it("the role that only reads has nothing but rights to see", () => {
  for (const capability of capabilitiesOf.readonly) assert.match(capability, /\.view$/)
})
