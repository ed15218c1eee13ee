/**
 * Every collection of Graph that Atlas reads policies from, as data. What Microsoft's metadata says of them is tested; where the
 * service does otherwise, a comment says so.
 *
 * @module
 */

import { policySource, type PolicySource } from "./PolicySource.ts"

const configuration = "DeviceManagementConfiguration.Read.All"
const writesConfiguration = { permission: "DeviceManagementConfiguration.ReadWrite.All" } as const

/**
 * The collections that hold policies.
 *
 * @see https://learn.microsoft.com/graph/api/resources/intune-graph-overview
 */
export const policySources = {
  deviceConfigurations: policySource("device_configurations", "deviceManagement/deviceConfigurations", {
    permission: configuration,
    assignments: "expanded",
    plainText: "getOmaSettingPlainTextValue",
    writes: writesConfiguration
  }),
  settingsCatalog: policySource("settings_catalog", "deviceManagement/configurationPolicies", {
    permission: configuration,
    // Expanded on one policy, the list is empty whatever the policy is assigned to.
    assignments: "listed",
    listed: { property: "settings", count: "settingCount" },
    writes: { ...writesConfiguration, replaces: true }
  }),
  compliancePolicies: policySource("compliance_policies", "deviceManagement/deviceCompliancePolicies", {
    permission: configuration,
    assignments: "expanded",
    // What happens to a device that does not comply: Graph creates no policy without it. Its own route, which the metadata
    // lists, answers 400.
    expanded: { property: "scheduledActionsForRule", within: "scheduledActionConfigurations" },
    writes: {
      ...writesConfiguration,
      children: {
        of: "scheduledActionsForRule",
        action: "scheduleActionsForRules",
        property: "deviceComplianceScheduledActionForRules"
      }
    }
  }),
  enrollmentConfigurations: policySource(
    "enrollment_configurations",
    "deviceManagement/deviceEnrollmentConfigurations",
    {
      permission: "DeviceManagementServiceConfig.Read.All",
      // Expanding works for some subtypes only.
      assignments: "listed",
      writes: {
        permission: "DeviceManagementServiceConfig.ReadWrite.All",
        assignments: "enrollmentConfigurationAssignments"
      }
    }
  ),
  // The listing leaves out the script itself.
  scripts: policySource("powershell_scripts", "deviceManagement/deviceManagementScripts", {
    permission: "DeviceManagementScripts.Read.All",
    assignments: "expanded",
    isBrief: true,
    writes: {
      permission: "DeviceManagementScripts.ReadWrite.All",
      assignments: "deviceManagementScriptAssignments"
    }
  }),
  assignmentFilters: policySource("assignment_filters", "deviceManagement/assignmentFilters", {
    permission: configuration,
    writes: writesConfiguration
  }),
  scopeTags: policySource("scope_tags", "deviceManagement/roleScopeTags", {
    permission: configuration,
    isNumbered: true,
    // Expanded, the list is always empty.
    assignments: "listed",
    writes: writesConfiguration
  }),
  appProtectionPolicies: policySource("app_protection_policies", "deviceAppManagement/managedAppPolicies", {
    permission: "DeviceManagementApps.Read.All"
  }),
  namedLocations: policySource("named_locations", "identity/conditionalAccess/namedLocations", {
    permission: "Policy.Read.All"
  }),
  conditionalAccess: policySource("conditional_access", "identity/conditionalAccess/policies", {
    permission: "Policy.Read.All"
  })
} as const satisfies Readonly<Record<string, PolicySource>>
