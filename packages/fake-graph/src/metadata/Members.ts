/**
 * What the members of an object may not say when it is written: those that the service makes by itself, and those that cannot be
 * changed. A new kind's members are new rows here.
 *
 * @module
 */

/** How Intune refuses a member. */
export type MemberRefusal =
  | { readonly as: "sentence"; readonly sentence: string; readonly code?: string }
  /** Intune gives no reason. */
  | { readonly as: "generic" }
  /** "Invalid property name: Version". */
  | { readonly as: "invalidName" }

/** Members that a write may not have. */
export interface MemberRule {
  /** The type that has them, or one that it extends. */
  readonly type: string
  readonly members: ReadonlyArray<string>
  readonly on: ReadonlyArray<"create" | "update">
  /** Which values are refused: any, those that differ from the object's, or any but null, false and the empty text. */
  readonly values: "any" | "changed" | "some"
  readonly refusal: MemberRefusal
  /** Who saw it; undefined where nobody has said what the service does, and the fake refuses. */
  readonly source: string | undefined
}

const always = ["create", "update"] as const
const create = ["create"] as const
const update = ["update"] as const
const generic = { as: "generic" } as const
const invalidName = { as: "invalidName" } as const
const sentence = (text: string, code?: string): MemberRefusal => ({
  as: "sentence",
  sentence: text,
  ...(code === undefined ? {} : { code })
})

/** A row for members that tools in use leave out of a write, without anybody saying what happens otherwise. */
const leftOut = (type: string, on: MemberRule["on"], ...members: ReadonlyArray<string>): MemberRule => ({
  type,
  members,
  on,
  values: "any",
  refusal: generic,
  source: undefined
})

/** A row for members whose refusal somebody has reported. */
const refused = (
  type: string,
  on: MemberRule["on"],
  members: ReadonlyArray<string>,
  refusal: MemberRefusal,
  source: string,
  values: MemberRule["values"] = "any"
): MemberRule => ({ type, members, on, values, refusal, source })

const catalog = "deviceManagementConfigurationPolicy"
const ring = "windowsUpdateForBusinessConfiguration"
const filter = "deviceAndAppManagementAssignmentFilter"
const enrollment = "deviceEnrollmentConfiguration"
const protection = "managedAppProtection"

/** The rules, of which the first that applies decides. */
export const memberRules: ReadonlyArray<MemberRule> = [
  refused(
    catalog,
    update,
    ["platforms", "technologies", "creationSource", "templateReference"],
    sentence("Platform, PolicyType, CreationSource and TemplateReference of a policy cannot be changed once created"),
    "CIPP 3744",
    "changed"
  ),
  leftOut(catalog, create, "creationSource"),
  leftOut(catalog, always, "settingCount", "isAssigned"),
  leftOut("deviceManagementConfigurationSetting", always, "id"),
  refused(
    ring,
    update,
    [
      "qualityUpdatesPauseStartDate",
      "featureUpdatesPauseStartDate",
      "qualityUpdatesPauseExpiryDateTime",
      "featureUpdatesPauseExpiryDateTime",
      "qualityUpdatesWillBeRolledBack",
      "featureUpdatesWillBeRolledBack",
      "qualityUpdatesRollbackStartDateTime",
      "featureUpdatesRollbackStartDateTime"
    ],
    generic,
    "IntuneCD 218"
  ),
  refused("deviceConfiguration", always, ["supportsScopeTags"], generic, "microsoft-graph-docs 4003"),
  refused(
    "omaSetting",
    always,
    ["secretReferenceValueId"],
    sentence("SecretReferenceValueId invalid for create", "NotSupported"),
    "powershell-intune-samples 179",
    "some"
  ),
  { ...leftOut("omaSetting", always, "isEncrypted"), values: "some" },
  leftOut("deviceComplianceScheduledActionForRule", always, "id"),
  leftOut("deviceComplianceActionItem", always, "id"),
  refused(filter, update, ["platform"], sentence("Platform cannot be changed"), "IntuneCD, TenuVault"),
  leftOut(filter, always, "payloads"),
  leftOut(enrollment, always, "priority", "deviceEnrollmentConfigurationType"),
  refused(enrollment, update, ["platformType"], generic, "IntuneCD, IntuneManagement"),
  refused("deviceComplianceScript", always, ["version"], invalidName, "IntuneManagement"),
  refused(
    "deviceHealthScript",
    always,
    ["version", "isGlobalScript", "highestAvailableVersion"],
    invalidName,
    "IntuneManagement"
  ),
  refused("deviceHealthScript", update, ["deviceHealthScriptType"], invalidName, "IntuneManagement"),
  leftOut("roleScopeTag", always, "isBuiltIn"),
  refused("notificationMessageTemplate", always, ["defaultLocale"], generic, "microsoft-graph-docs 2243"),
  leftOut("localizedNotificationMessage", update, "locale"),
  leftOut("roleDefinition", always, "isBuiltIn", "isBuiltInRoleDefinition", "permissions"),
  leftOut("deviceManagementReusablePolicySetting", always, "referencingConfigurationPolicyCount"),
  leftOut(
    "mobileApp",
    always,
    "uploadState",
    "publishingState",
    "isAssigned",
    "isFeatured",
    "size",
    "dependentAppCount",
    "supersededAppCount",
    "supersedingAppCount",
    "committedContentVersion"
  ),
  leftOut("mobileApp", update, "appStoreUrl"),
  leftOut("winGetApp", update, "packageIdentifier", "installExperience"),
  leftOut(protection, always, "isAssigned", "deployedAppCount"),
  leftOut("conditionalAccessPolicy", always, "templateId", "deletedDateTime"),
  leftOut("namedLocation", always, "deletedDateTime"),
  leftOut(
    "authenticationStrengthPolicy",
    always,
    "displayName",
    "description",
    "policyType",
    "requirementsSatisfied",
    "allowedCombinations",
    "createdDateTime",
    "modifiedDateTime"
  ),
  // What every object has and the service alone writes.
  leftOut("", always, "id", "createdDateTime", "lastModifiedDateTime", "modifiedDateTime", "version")
]

/** Navigations that a body may have inside: all others are written at routes of their own. */
export const deepWrites: ReadonlyArray<{
  readonly type: string
  readonly member: string
  readonly verbs: ReadonlyArray<"POST" | "PUT" | "PATCH">
}> = [
  { type: catalog, member: "settings", verbs: ["POST", "PUT"] },
  { type: "deviceCompliancePolicy", member: "scheduledActionsForRule", verbs: ["POST"] },
  { type: "deviceComplianceScheduledActionForRule", member: "scheduledActionConfigurations", verbs: ["POST"] },
  // Only its id: it refers to a strength.
  { type: "conditionalAccessGrantControls", member: "authenticationStrength", verbs: ["POST", "PATCH"] }
]
