/**
 * The members that name other objects of the tenant, and how a write is refused that names one which the tenant does not have. A
 * new reference is a new row here.
 *
 * @module
 */

/** A member that refers to objects by their ids. */
export interface ReferenceRule {
  readonly member: string
  /** The type that has it, or one that it extends; `""` for any. */
  readonly type: string
  /** The path of the collection that the ids are of; `groups` is the directory. */
  readonly target: string
  /** Ids that mean something else and always exist. */
  readonly keywords: ReadonlyArray<string>
  /** Intune's sentence about the unknown ids; the second list has those that exist. */
  readonly sentence: (unknown: ReadonlyArray<string>, known: ReadonlyArray<string>) => string
  /** Who saw the sentence; undefined where nobody has said what the service does, and the fake refuses. */
  readonly source: string | undefined
}

/** An id that means none. */
const none = "00000000-0000-0000-0000-000000000000"

const unknownOf = (what: string) => (unknown: ReadonlyArray<string>) => `${what} does not exist: ${unknown.join(", ")}`

const tags = "deviceManagement/roleScopeTags"
const tag = {
  type: "",
  target: tags,
  // Every tenant has the tag "Default".
  keywords: ["0"],
  sentence: (unknown: ReadonlyArray<string>) => `Invalid Role Scope Tag defined: ${unknown.join(", ")}`,
  source: "powershell-intune-samples 219"
} as const

const group = {
  target: "groups",
  keywords: [],
  sentence: (unknown: ReadonlyArray<string>) =>
    `Invalid GroupId: ${unknown.join(", ")}. A valid AADGroupId is expected`,
  source: "Kvikku/IntuneAssignments 16"
} as const

const users = "conditionalAccessUsers"
const conditionalGroup = { ...group, type: users, sentence: unknownOf("A group"), source: undefined } as const
const location = {
  type: "conditionalAccessLocations",
  target: "identity/conditionalAccess/namedLocations",
  keywords: ["All", "AllTrusted"],
  sentence: unknownOf("A named location"),
  source: undefined
} as const

/** The references. */
export const references: ReadonlyArray<ReferenceRule> = [
  { member: "roleScopeTagIds", ...tag },
  { member: "roleScopeTags", ...tag },
  { member: "groupId", type: "groupAssignmentTarget", ...group },
  {
    member: "deviceAndAppManagementAssignmentFilterId",
    type: "deviceAndAppManagementAssignmentTarget",
    target: "deviceManagement/assignmentFilters",
    keywords: [none],
    sentence: (unknown, known) =>
      `Scope Tags validation failed : Filters ${[...known, ...unknown].join(", ")} , Validated filters ${known.join(", ")}`,
    source: "IntuneManagement 373"
  },
  {
    member: "notificationTemplateId",
    type: "deviceComplianceActionItem",
    target: "deviceManagement/notificationMessageTemplates",
    keywords: ["", none],
    sentence: unknownOf("A notification message template"),
    source: undefined
  },
  { member: "notificationMessageCCList", type: "deviceComplianceActionItem", ...group },
  {
    member: "deviceComplianceScriptId",
    type: "deviceCompliancePolicyScript",
    target: "deviceManagement/deviceComplianceScripts",
    keywords: [],
    sentence: unknownOf("A compliance script"),
    source: undefined
  },
  {
    member: "value",
    type: "deviceManagementConfigurationReferenceSettingValue",
    target: "deviceManagement/reusablePolicySettings",
    keywords: [],
    sentence: unknownOf("A reusable setting"),
    source: undefined
  },
  { member: "includeLocations", ...location },
  { member: "excludeLocations", ...location },
  { member: "includeGroups", ...conditionalGroup },
  { member: "excludeGroups", ...conditionalGroup },
  {
    member: "includeAuthenticationContextClassReferences",
    type: "conditionalAccessApplications",
    target: "identity/conditionalAccess/authenticationContextClassReferences",
    keywords: [],
    sentence: unknownOf("An authentication context"),
    source: undefined
  },
  {
    member: "id",
    type: "authenticationStrengthPolicy",
    target: "policies/authenticationStrengthPolicies",
    keywords: [],
    sentence: unknownOf("An authentication strength"),
    source: undefined
  }
]
