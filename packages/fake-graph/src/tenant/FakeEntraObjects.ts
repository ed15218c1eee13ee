/**
 * Generates the objects of Entra's collections other than groups: directory roles and conditional access.
 *
 * @module
 */
import type { FakeItem } from "./FakeCollection.ts"
import { pick, type Random, uuidFrom } from "../FakeRandom.ts"

/** What generated objects may refer to. */
export interface Surroundings {
  /** The ids of a collection of the tenant, by its path; some of the ids of `groups`. */
  readonly idsOf: (path: string) => ReadonlyArray<string>
}

/** Makes one object of a collection. */
export type Make<A = FakeItem> = (random: Random, index: number, around: Surroundings) => A

/** A date in the past. */
export const when = (random: Random): string => `2024-0${1 + Math.floor(random() * 9)}-15T08:00:00Z`

const directoryRoles = [
  ["Global Administrator", true],
  ["Helpdesk Administrator", true],
  ["User Administrator", true],
  ["Intune Administrator", true],
  ["Reports Reader", false],
  ["Directory Readers", false],
  ["Message Center Reader", false]
] as const

const directoryRole: Make = (random, index) => {
  const [name, isPrivileged] = directoryRoles[index] ?? [`Custom role ${index}`, false]
  const id = uuidFrom(random)
  return {
    id,
    displayName: name,
    description: `Members of ${name}.`,
    isBuiltIn: index < directoryRoles.length,
    isEnabled: true,
    isPrivileged,
    templateId: id,
    version: "1",
    rolePermissions: [{ allowedResourceActions: ["microsoft.directory/users/standard/read"], condition: null }],
    inheritsPermissionsFrom: []
  }
}

const locations = "identity/conditionalAccess/namedLocations"
const strengths = "policies/authenticationStrengthPolicies"

const conditionalAccess: Make = (random, index, { idsOf }) => {
  const excluded = idsOf(locations)
  const required = idsOf(strengths)
  const isStrong = index % 3 === 0 && required.length > 0
  return {
    id: uuidFrom(random),
    displayName: `Access rule ${index + 1}`,
    state: "enabled",
    createdDateTime: when(random),
    modifiedDateTime: when(random),
    conditions: {
      clientAppTypes: ["all"],
      applications: { includeApplications: ["All"], excludeApplications: [] },
      users: { includeUsers: ["All"], excludeUsers: [] },
      locations:
        excluded.length === 0 ? null : { includeLocations: ["All"], excludeLocations: [pick(random, excluded)] }
    },
    grantControls: {
      operator: isStrong ? "AND" : "OR",
      builtInControls: isStrong ? [] : ["mfa"],
      authenticationStrength: isStrong ? { id: pick(random, required) } : null
    },
    sessionControls: null
  }
}

const namedLocation: Make = (random, index) => ({
  ...(index % 2 === 0
    ? {
        "@odata.type": "#microsoft.graph.ipNamedLocation",
        isTrusted: false,
        ipRanges: [{ "@odata.type": "#microsoft.graph.iPv4CidrRange", cidrAddress: `192.0.2.${index * 8}/29` }]
      }
    : {
        "@odata.type": "#microsoft.graph.countryNamedLocation",
        countriesAndRegions: ["DE"],
        includeUnknownCountriesAndRegions: false
      }),
  id: uuidFrom(random),
  displayName: `Location ${index + 1}`,
  createdDateTime: when(random),
  modifiedDateTime: when(random)
})

/** Microsoft's strengths have the same ids in every tenant. */
const builtInStrengths = ["00000000-0000-0000-0000-000000000002", "00000000-0000-0000-0000-000000000004"]

const strength: Make = (random, index) => ({
  id: builtInStrengths[index] ?? uuidFrom(random),
  displayName: `Strength ${index + 1}`,
  description: null,
  policyType: index < builtInStrengths.length ? "builtIn" : "custom",
  requirementsSatisfied: "mfa",
  allowedCombinations: ["fido2"],
  createdDateTime: when(random),
  modifiedDateTime: when(random),
  combinationConfigurations: []
})

const context: Make = (_, index) => ({
  id: `c${index + 1}`,
  displayName: `Context ${index + 1}`,
  description: null,
  isAvailable: true
})

/** The makers, by the path of their collection below the version. */
export const makersOfEntra: Readonly<Record<string, Make>> = {
  "roleManagement/directory/roleDefinitions": directoryRole,
  "identity/conditionalAccess/policies": conditionalAccess,
  [locations]: namedLocation,
  "identity/conditionalAccess/authenticationContextClassReferences": context,
  [strengths]: strength
}
