/**
 * Generates the objects of Intune's collections, in the shapes that Graph documents. What they refer to exists in the tenant.
 *
 * @module
 */
import type { FakeItem } from "./FakeCollection.ts"
import { type Make, makersOfEntra, type Surroundings, when } from "./FakeEntraObjects.ts"
import { pick, type Random, randomFrom, uuidFrom } from "../FakeRandom.ts"
import { findMember, hasType } from "../metadata/TypeModel.ts"

const places = ["Berlin", "Zürich", "Málaga", "Seattle", "Kraków", "London"]
const subjects = ["BitLocker", "Defender", "Firewall", "Windows Update", "Wi-Fi", "Browser", "Kiosk", "VPN"]
const none = "00000000-0000-0000-0000-000000000000"
const script = "V3JpdGUtT3V0cHV0ICJIZWxsbyI="

const filterOf = (random: Random, { idsOf }: Surroundings) => {
  const filters = idsOf("deviceManagement/assignmentFilters")
  return filters.length > 0 && random() < 0.3
    ? {
        deviceAndAppManagementAssignmentFilterId: pick(random, filters),
        deviceAndAppManagementAssignmentFilterType: "include"
      }
    : { deviceAndAppManagementAssignmentFilterId: null, deviceAndAppManagementAssignmentFilterType: "none" }
}

const assigned = (random: Random, id: string, around: Surroundings): ReadonlyArray<unknown> => {
  if (random() < 0.5) return []
  const groups = around.idsOf("groups")
  const target =
    groups.length === 0
      ? { "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget" }
      : { "@odata.type": "#microsoft.graph.groupAssignmentTarget", groupId: pick(random, groups) }
  return [{ id: `${id}_${uuidFrom(random)}`, target: { ...target, ...filterOf(random, around) } }]
}

/** Whether a type has a member. What no version knows may have all. */
const has = (type: string, member: string): boolean => !hasType(type) || findMember(type, member, "beta") !== undefined

/**
 * Makes policies.
 *
 * @param base the type of the collection; its only type, unless `types` has others
 */
const policy =
  (
    base: string,
    { more = () => ({}), types = [] }: { readonly types?: ReadonlyArray<string>; readonly more?: Make<object> } = {}
  ): Make =>
  (random, index, around) => {
    const id = uuidFrom(random)
    const type = types[index % types.length]
    const title = `${pick(random, subjects)} ${pick(random, places)} ${index + 1}`
    const own = type ?? base
    const common = {
      description: null,
      createdDateTime: when(random),
      lastModifiedDateTime: when(random),
      roleScopeTagIds: ["0"],
      roleScopeTags: ["0"],
      version: 1,
      assignments: has(own, "assignments") ? assigned(random, id, around) : [],
      displayName: title,
      name: title
    }
    const fitting = Object.entries(common).filter(([name]) => has(own, name))
    return {
      ...(type === undefined ? {} : { "@odata.type": `#microsoft.graph.${type}` }),
      ...Object.fromEntries(fitting),
      ...more(random, index, around),
      id
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
const withSettings: Make<object> = (random, index) => {
  const count = index % 3 === 0 ? 25 + Math.floor(random() * 40) : 1 + Math.floor(random() * 6)
  const settings = Array.from({ length: count }, (_, at) => ({
    id: String(at),
    settingInstance: setting(random, at, at % 3)
  }))
  return {
    platforms: "windows10",
    technologies: "mdm",
    creationSource: null,
    settingCount: count,
    templateReference: { templateId: "", templateFamily: "none" },
    priorityMetaData: null,
    settings
  }
}

const action = (random: Random, actionType: string, notificationTemplateId: string) => ({
  id: uuidFrom(random),
  actionType,
  gracePeriodHours: 0,
  notificationTemplateId,
  notificationMessageCCList: []
})

/** Every policy blocks, and every second one tells the user, too. */
const withActions: Make<object> = (random, index, { idsOf }) => {
  const templates = idsOf("deviceManagement/notificationMessageTemplates")
  const notified = index % 2 === 0 && templates.length > 0
  const actions = [
    action(random, "block", none),
    ...(notified ? [action(random, "notification", pick(random, templates))] : [])
  ]
  return {
    scheduledActionsForRule: [
      { id: uuidFrom(random), ruleName: "PasswordRequired", scheduledActionConfigurations: actions }
    ]
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
const enrollment: Make = (random, index, around) => {
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
    roleScopeTagIds: ["0"],
    assignments: isDefault ? [] : assigned(random, id, around)
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

const template: Make = (random, index) => {
  const id = uuidFrom(random)
  const message = (locale: string, isDefault: boolean) => ({
    id: `${id}_${locale}`,
    locale,
    subject: "Your device does not comply",
    messageTemplate: "Update it, please.",
    isDefault,
    lastModifiedDateTime: when(random)
  })
  return {
    id,
    displayName: `Notice ${pick(random, places)} ${index + 1}`,
    description: null,
    defaultLocale: "en-us",
    brandingOptions: "includeCompanyName",
    roleScopeTagIds: ["0"],
    lastModifiedDateTime: when(random),
    localizedNotificationMessages: [message("en-us", true), message("de-de", false)]
  }
}

const makers: Readonly<Record<string, Make>> = {
  ...makersOfEntra,
  "deviceManagement/roleDefinitions": intuneRole,
  "deviceManagement/roleScopeTags": scopeTag,
  "deviceManagement/notificationMessageTemplates": template,
  "deviceManagement/deviceConfigurations": policy("deviceConfiguration", {
    types: ["windows10GeneralConfiguration", "windowsWifiConfiguration", "iosGeneralDeviceConfiguration"]
  }),
  "deviceManagement/deviceCompliancePolicies": policy("deviceCompliancePolicy", {
    types: ["windows10CompliancePolicy", "iosCompliancePolicy"],
    more: withActions
  }),
  "deviceManagement/configurationPolicies": policy("deviceManagementConfigurationPolicy", { more: withSettings }),
  "deviceManagement/reusablePolicySettings": policy("deviceManagementReusablePolicySetting", {
    more: (random, index) => ({
      settingDefinitionId: `vendor_msft_firewall_group_${index}`,
      settingInstance: setting(random, index, 0),
      referencingConfigurationPolicyCount: 0
    })
  }),
  "deviceManagement/deviceManagementScripts": policy("deviceManagementScript", {
    more: (_, index) => ({ fileName: `script-${index}.ps1`, scriptContent: script, runAsAccount: "system" })
  }),
  "deviceManagement/deviceShellScripts": policy("deviceShellScript", {
    more: (_, index) => ({
      fileName: `script-${index}.sh`,
      scriptContent: script,
      executionFrequency: "P1D",
      retryCount: 3
    })
  }),
  "deviceManagement/deviceHealthScripts": policy("deviceHealthScript", {
    more: () => ({
      publisher: "Contoso",
      version: "1",
      isGlobalScript: false,
      detectionScriptContent: script,
      remediationScriptContent: script
    })
  }),
  "deviceManagement/deviceComplianceScripts": policy("deviceComplianceScript", {
    more: () => ({ publisher: "Contoso", version: "1", detectionScriptContent: script, runAsAccount: "system" })
  }),
  "deviceManagement/assignmentFilters": policy("deviceAndAppManagementAssignmentFilter", {
    more: () => ({
      platform: "windows10AndLater",
      rule: '(device.manufacturer -eq "Contoso")',
      assignmentFilterManagementType: "devices",
      payloads: []
    })
  }),
  "deviceManagement/deviceEnrollmentConfigurations": enrollment,
  "deviceAppManagement/mobileApps": policy("mobileApp", {
    types: ["win32LobApp", "iosStoreApp", "webApp"],
    more: () => ({ publisher: "Contoso", publishingState: "published", largeIcon: null })
  }),
  "deviceAppManagement/managedAppPolicies": policy("managedAppPolicy", {
    types: ["iosManagedAppProtection", "androidManagedAppProtection", "targetedManagedAppConfiguration"],
    more: () => ({ appGroupType: "selectedPublicApps", apps: [] })
  })
}

/** How many objects of a collection are generated by default. */
const standardCount = 10

/** Generates the objects of a collection, by its path below the version. The same seed gives the same objects. */
export const generateItems = (
  path: string,
  {
    around,
    count = standardCount,
    seed
  }: { readonly seed: number; readonly count?: number | undefined; readonly around: Surroundings }
): ReadonlyArray<FakeItem> => {
  const make = makers[path]
  if (make === undefined) return []
  const random = randomFrom(seed + path.length * 7_919)
  return Array.from({ length: count }, (_, index) => make(random, index, around))
}
