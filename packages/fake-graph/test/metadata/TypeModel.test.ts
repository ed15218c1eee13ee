import { assert, describe, it } from "vitest"
import { findMember, hasType, isAbstract, isOfType, membersOf } from "../../src/metadata/TypeModel.ts"

describe("the types of Graph", () => {
  it("are in the versions that have them, with their members", () => {
    assert.isTrue(hasType("windowsWifiConfiguration"))
    assert.isFalse(hasType("windowsWifiConfiguration", "v1.0"))
    assert.isDefined(findMember("windowsWifiConfiguration", "ssid", "beta"))
    assert.isUndefined(findMember("windowsWifiConfiguration", "ssid", "v1.0"))
    assert.isUndefined(findMember("deviceConfiguration", "roleScopeTagIds", "v1.0"))
  })

  it("have the members that are newer than Microsoft's packages", () => {
    assert.isDefined(findMember("iosStoreApp", "appleDeviceAppDeliveryProtocolType", "beta"))
    assert.strictEqual(
      findMember("macOSCompliancePolicy", "deviceCompliancePolicyScript", "beta")?.type,
      "deviceCompliancePolicyScript"
    )
    assert.isDefined(findMember("conditionalAccessPolicy", "deletedDateTime", "v1.0"))
  })

  it("have what they extend, in the version that is asked", () => {
    assert.isTrue(isOfType("windowsWifiEnterpriseEAPConfiguration", "deviceConfiguration"))
    assert.isFalse(isOfType("windows10CompliancePolicy", "deviceConfiguration"))
    assert.deepInclude(findMember("windowsWifiConfiguration", "assignments", "beta"), {
      isNavigation: true,
      isCollection: true,
      type: "deviceConfigurationAssignment"
    })
    assert.includeMembers(
      membersOf("iosManagedAppProtection", "beta").map(({ name }) => name),
      ["id", "displayName", "appGroupType", "apps"]
    )
  })

  it("are abstract where others extend them, but for those that objects have, too", () => {
    assert.isTrue(isAbstract("deviceConfiguration"))
    assert.isFalse(isAbstract("windowsWifiConfiguration"))
    assert.isFalse(isAbstract("windows10GeneralConfiguration"))
  })
})
