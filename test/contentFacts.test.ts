/** What `@atlas/intune` takes for content of a policy, held against the types that Microsoft publishes. */
import { ContentFacts, isSilentType } from "@atlas/intune/testing"
import { assert, describe, it } from "@effect/vitest"
import { graphTypes, itemOf, subtypesOf } from "./src/MicrosoftGraphTypes.ts"

/** The types that the collections of policies declare, also of kinds that Atlas does not read yet. */
const collections = `
  AndroidDeviceOwnerEnrollmentProfile AndroidForWorkEnrollmentProfile AppleUserInitiatedEnrollmentProfile Agreement
  AuthenticationContextClassReference AuthenticationStrengthPolicy CloudPcProvisioningPolicy CloudPcUserSetting
  ConditionalAccessPolicy DeviceAndAppManagementAssignmentFilter DeviceAndAppManagementRoleAssignment
  DeviceCategory DeviceCompliancePolicy DeviceComplianceScript DeviceConfiguration DeviceCustomAttributeShellScript
  DeviceEnrollmentConfiguration DeviceHealthScript DeviceManagementCompliancePolicy DeviceManagementConfigurationPolicy
  DeviceManagementIntent DeviceManagementReusablePolicySetting DeviceManagementScript DeviceShellScript EnrollmentProfile
  GroupPolicyConfiguration GroupPolicyUploadedDefinitionFile HardwareConfiguration IntuneBrandingProfile ManagedAppPolicy
  ManagedDeviceMobileAppConfiguration MobileApp MobileAppCategory NamedLocation NotificationMessageTemplate PolicySet
  RoleDefinition RoleScopeTag TermsAndConditions WindowsAutopilotDeploymentProfile WindowsDriverUpdateProfile
  WindowsFeatureUpdateProfile WindowsQualityUpdatePolicy WindowsQualityUpdateProfile
`
  .trim()
  .split(/\s+/)

/** The navigations whose entities are part of a policy. All others lead out of it. */
const parts = new Set(
  `apps assignments categories combinationConfigurations definition definitionValues exemptAppLockerFiles files
  groupPolicyUploadedLanguageFiles items localizedNotificationMessages presentation presentationValues
  protectedAppLockerFiles relationships roleDefinition roleScopeTags scheduledActionConfigurations scheduledActionsForRule
  settings authenticationStrength`.split(/\s+/)
)

const types = graphTypes("beta")
const basesOf = (name: string): ReadonlyArray<string> => {
  const base = types.get(name)?.base
  return base === undefined ? [] : [base, ...basesOf(base)]
}
const isEntity = (name: string) => name === "Entity" || basesOf(name).includes("Entity")
const withSubtypes = (name: string) => [name, ...subtypesOf("beta", name)]

/** A member of a type that policies have, and the type that it is declared with. */
interface Declared {
  readonly holder: string
  readonly type: string
}

/** Walks from the collections to everything that a policy may hold. */
const walk = () => {
  const declared: Array<Declared> = collections.map((type) => ({ holder: "", type }))
  const seen = new Set<string>()
  const open = collections.flatMap(withSubtypes)
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue
    seen.add(name)
    open.push(...basesOf(name).filter((base) => base !== "Entity"))
    for (const [holder, member] of types.get(name)?.members ?? []) {
      const type = itemOf(member)
      if (!types.has(type) || (isEntity(type) && !parts.has(holder))) continue
      declared.push({ holder, type })
      open.push(...withSubtypes(type))
    }
  }
  return { declared, reached: [...seen] }
}

const { declared, reached } = walk()
const annotation = (type: string) => `#microsoft.graph.${type.charAt(0).toLowerCase()}${type.slice(1)}`
const memberNames = new Set(reached.flatMap((name) => [...(types.get(name)?.members.keys() ?? [])]))

describe("of Microsoft's types,", () => {
  it("those that a policy reaches are many", () => {
    assert.isAbove(reached.length, 500)
    assert.isAbove(declared.length, 500)
  })

  it("those that are declared as such say nothing in an annotation", () => {
    const speaking = declared.filter(({ holder, type }) => !isSilentType(annotation(type), holder))
    assert.deepStrictEqual(speaking, [])
  })

  it("those that only a subtype's annotation tells say something", () => {
    const exact = new Set(declared.map(({ holder, type }) => `${holder} ${type}`))
    const silent = declared
      .flatMap(({ holder, type }) => subtypesOf("beta", type).map((subtype) => ({ holder, type: subtype })))
      .filter(({ holder, type }) => !exact.has(`${holder} ${type}`) && isSilentType(annotation(type), holder))
    assert.deepStrictEqual(silent, [])
  })

  it("only entities have what the service makes anew inside a policy", () => {
    const complex = reached.filter((name) => !isEntity(name) && !collections.includes(name))
    const withIds = complex.filter((name) =>
      [...(types.get(name)?.members.keys() ?? [])].some((member) => ContentFacts.volatileInside.has(member))
    )
    // An entity in all but its declaration.
    assert.deepStrictEqual(withIds, ["GroupPolicyUploadedLanguageFile"])
  })

  it("those that are embedded in place of a reference are entities", () => {
    for (const holder of Object.keys(ContentFacts.embedded)) {
      const held = declared.filter((each) => each.holder === holder)
      assert.isNotEmpty(held, holder)
      assert.isTrue(
        held.every(({ type }) => isEntity(type)),
        holder
      )
    }
  })

  it("each member exists that the facts are about", () => {
    const { assignmentDefaults, optionalReferences, unordered, volatileIn } = ContentFacts
    const named = [...optionalReferences, ...unordered, ...Object.keys(volatileIn), ...Object.keys(assignmentDefaults)]
    assert.deepStrictEqual(
      named.filter((name) => !memberNames.has(name)),
      []
    )
  })
})
