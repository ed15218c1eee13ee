/**
 * Generates the objects of every collection other than groups, in the shapes that Graph documents.
 *
 * @module
 */
import type { FakeItem } from "./FakeCollection.ts"
import { pick, type Random, randomFrom, uuidFrom } from "../FakeRandom.ts"

const places = ["Berlin", "Zürich", "Málaga", "Seattle", "Kraków", "London"]
const subjects = ["BitLocker", "Defender", "Firewall", "Windows Update", "Wi-Fi", "Browser", "Kiosk", "VPN"]

type Make = (random: Random, index: number) => FakeItem

const when = (random: Random): string => `2024-0${1 + Math.floor(random() * 9)}-15T08:00:00Z`

const assigned = (random: Random, id: string): ReadonlyArray<unknown> =>
  random() < 0.5
    ? []
    : [
        {
          id: `${id}_0`,
          target: { "@odata.type": "#microsoft.graph.groupAssignmentTarget", groupId: uuidFrom(random) }
        }
      ]

const policy =
  (
    types: ReadonlyArray<string>,
    title: "displayName" | "name" = "displayName",
    more: Make = () => ({ id: "" })
  ): Make =>
  (random, index) => {
    const id = uuidFrom(random)
    const type = types[index % types.length]
    return {
      ...(type === undefined ? {} : { "@odata.type": `#microsoft.graph.${type}` }),
      description: null,
      createdDateTime: when(random),
      lastModifiedDateTime: when(random),
      roleScopeTagIds: ["0"],
      version: 1,
      assignments: assigned(random, id),
      ...more(random, index),
      id,
      [title]: `${pick(random, subjects)} ${pick(random, places)} ${index + 1}`
    }
  }

const setting = (random: Random, index: number, depth: number): unknown => ({
  "@odata.type":
    depth > 0
      ? "#microsoft.graph.deviceManagementConfigurationGroupSettingCollectionInstance"
      : "#microsoft.graph.deviceManagementConfigurationChoiceSettingInstance",
  settingDefinitionId: `device_vendor_msft_policy_${pick(random, subjects).toLowerCase().replaceAll(" ", "_")}_${index}`,
  ...(depth > 0
    ? { groupSettingCollectionValue: [{ children: [setting(random, index, depth - 1)] }] }
    : { choiceSettingValue: { value: `option_${Math.floor(random() * 4)}`, children: [] } })
})

/** Settings; every third policy has more than a page holds. */
const withSettings: Make = (random, index) => {
  const count = index % 3 === 0 ? 25 + Math.floor(random() * 40) : 1 + Math.floor(random() * 6)
  const settings = Array.from({ length: count }, (_, at) => ({
    id: String(at),
    settingInstance: setting(random, at, at % 3)
  }))
  return {
    id: "",
    platforms: "windows10",
    technologies: "mdm",
    settingCount: count,
    templateReference: { templateId: "", templateFamily: "none" },
    priorityMetaData: null,
    settings
  }
}

const enrollmentTypes = [
  ["deviceEnrollmentLimitConfiguration", "DefaultLimit"],
  ["deviceEnrollmentPlatformRestrictionsConfiguration", "DefaultPlatformRestrictions"],
  ["deviceEnrollmentPlatformRestrictionConfiguration", undefined],
  ["deviceEnrollmentWindowsHelloForBusinessConfiguration", "DefaultWindowsHelloForBusiness"],
  ["windows10EnrollmentCompletionPageConfiguration", "DefaultWindows10EnrollmentCompletionPageConfiguration"],
  ["deviceComanagementAuthorityConfiguration", undefined],
  ["windowsRestoreDeviceEnrollmentConfiguration", "DefaultWindowsRestore"],
  ["deviceEnrollmentNotificationConfiguration", undefined]
] as const

/** One of each subtype. If a tenant always has a default of it, that default, with priority 0 and an id that is not a UUID. */
const enrollment: Make = (random, index) => {
  const [type, byDefault] = enrollmentTypes[index % enrollmentTypes.length] ?? enrollmentTypes[0]
  const isDefault = byDefault !== undefined && index < enrollmentTypes.length
  const id = isDefault ? `${uuidFrom(random)}_${byDefault}` : `${uuidFrom(random)}_Custom`
  return {
    "@odata.type": `#microsoft.graph.${type}`,
    id,
    displayName: isDefault ? "All users and all devices" : `Enrollment ${pick(random, places)} ${index}`,
    description: null,
    priority: isDefault ? 0 : index,
    createdDateTime: when(random),
    lastModifiedDateTime: when(random),
    version: 1,
    assignments: assigned(random, id)
  }
}

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

const intuneRole: Make = (random, index) => ({
  "@odata.type": "#microsoft.graph.deviceAndAppManagementRoleDefinition",
  id: uuidFrom(random),
  displayName: `Intune role ${index + 1}`,
  description: null,
  isBuiltIn: index === 0,
  rolePermissions: [
    {
      resourceActions: [{ allowedResourceActions: ["Microsoft.Intune_MobileApps_Read"], notAllowedResourceActions: [] }]
    }
  ]
})

const scopeTag: Make = (_, index) => ({
  id: String(index),
  displayName: index === 0 ? "Default" : `Region ${index}`,
  description: null,
  isBuiltIn: index === 0,
  assignments: []
})

const makers: Readonly<Record<string, Make>> = {
  "roleManagement/directory/roleDefinitions": directoryRole,
  "identity/conditionalAccess/policies": policy([], "displayName", () => ({ id: "", state: "enabled" })),
  "identity/conditionalAccess/namedLocations": policy(["ipNamedLocation", "countryNamedLocation"]),
  "deviceManagement/roleDefinitions": intuneRole,
  "deviceManagement/roleScopeTags": scopeTag,
  "deviceManagement/deviceConfigurations": policy([
    "windows10GeneralConfiguration",
    "windowsWifiConfiguration",
    "iosGeneralDeviceConfiguration"
  ]),
  "deviceManagement/deviceCompliancePolicies": policy(
    ["windows10CompliancePolicy", "iosCompliancePolicy"],
    "displayName",
    () => ({
      id: "",
      scheduledActionsForRule: [
        {
          id: "0",
          ruleName: "PasswordRequired",
          scheduledActionConfigurations: [{ id: "0", actionType: "block", gracePeriodHours: 0 }]
        }
      ]
    })
  ),
  "deviceManagement/configurationPolicies": policy([], "name", withSettings),
  "deviceManagement/deviceManagementScripts": policy([], "displayName", (_, index) => ({
    id: "",
    fileName: `script-${index}.ps1`,
    scriptContent: "V3JpdGUtT3V0cHV0ICJIZWxsbyI=",
    runAsAccount: "system"
  })),
  "deviceManagement/assignmentFilters": policy([], "displayName", () => ({
    id: "",
    platform: "windows10AndLater",
    rule: '(device.manufacturer -eq "Contoso")'
  })),
  "deviceManagement/deviceEnrollmentConfigurations": enrollment,
  "deviceAppManagement/mobileApps": policy(["win32LobApp", "iosStoreApp", "webApp"], "displayName", () => ({
    id: "",
    publisher: "Contoso",
    largeIcon: null
  })),
  "deviceAppManagement/managedAppPolicies": policy([
    "iosManagedAppProtection",
    "androidManagedAppProtection",
    "targetedManagedAppConfiguration"
  ])
}

/** How many objects of a collection are generated by default. */
const standardCount = 10

/** Generates the objects of a collection, by its path below the version. The same seed gives the same objects. */
export const generateItems = (path: string, seed: number, count: number = standardCount): ReadonlyArray<FakeItem> => {
  const make = makers[path]
  if (make === undefined) return []
  const random = randomFrom(seed + path.length * 7_919)
  return Array.from({ length: count }, (_, index) => make(random, index))
}
