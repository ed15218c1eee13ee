import { describe, expect, it } from "vitest"
import { policySources } from "../../src/policies/policySources.ts"
import { unclaimedReason } from "../../src/policies/PolicyType.ts"

describe("why an object that no kind claims cannot be written back", () => {
  it.each([
    ["no type", null, "It does not say its type (`@odata.type`), and its collection holds several."],
    [
      "an abstract one",
      "#microsoft.graph.deviceConfiguration",
      "Its type deviceConfiguration is abstract: Graph takes only types that extend it."
    ],
    [
      "one of another collection",
      "#microsoft.graph.windows10CompliancePolicy",
      "Its type windows10CompliancePolicy belongs to another collection: compliance policies."
    ],
    ["one that nobody knows", "#microsoft.graph.policyOfTheFuture", "Atlas does not know its type policyOfTheFuture."]
  ])("is that it has %s", (_, odataType, reason) => {
    expect(unclaimedReason(policySources.deviceConfigurations, odataType)).toBe(reason)
  })
})
