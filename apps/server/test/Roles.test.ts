import { assert, it } from "@effect/vitest"
import { operationTypes } from "../src/OperationTypes.ts"
import { capabilitiesOf, Role } from "../src/Roles.ts"

for (const { capabilities, name, startedBy } of operationTypes) {
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

it("the role that only reads has nothing but rights to see", () => {
  for (const capability of capabilitiesOf.readonly) assert.match(capability, /\.view$/)
})
