/**
 * What is known of the members of policies: which of them say nothing, in which lists order means nothing, which ids are content.
 * One table for each question, for all kinds of policies: no member means one thing in one kind and another in the next. What
 * only one kind has, such as `settingCount`, is in `PolicyType.volatile`. A test holds the tables against Microsoft's own types.
 *
 * - A member that is null counts as absent: Graph sends either, and exports leave it out.
 * - An empty list counts. Graph never leaves out a list that it knows, so where one is absent, an export did not have it; and to
 *   write an empty list removes items, which to write nothing does not.
 *
 * @module
 */

const names = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** What Graph records about a policy or counts by itself. It says nothing about what the policy does. */
export const volatileInPolicies: ReadonlySet<string> = names(
  "id createdDateTime lastModifiedDateTime modifiedDateTime version supportsScopeTags isAssigned deployedAppCount"
)

/**
 * The same inside a policy. Only entities have these, never what Graph calls complex types: settings, actions for noncompliance,
 * definition values, messages, apps, items of policy sets. The service makes their ids anew with each write.
 */
export const volatileInside: ReadonlySet<string> = names("id createdDateTime lastModifiedDateTime")

/** What else the service makes inside a policy, by the member that holds it. */
export const volatileIn: Readonly<Record<string, ReadonlySet<string>>> = {
  apps: names("version"),
  definition: names("version"),
  exemptAppLockerFiles: names("version fileHash"),
  items: names("displayName errorCode itemType status"),
  protectedAppLockerFiles: names("version fileHash"),
  // Made from the id, in the words of the day.
  templateReference: names("templateDisplayName templateDisplayVersion")
}

/**
 * The members that hold an entity in place of a reference to it, and what of it is content: its id, and what finds it again
 * where ids are others. Conditional access has strengths, administrative templates have definitions and presentations, apps have
 * categories, role assignments have roles and scope tags.
 */
export const embedded: Readonly<Record<string, ReadonlySet<string>>> = {
  authenticationStrength: names("id"),
  categories: names("id displayName"),
  definition: names("id displayName classType categoryPath"),
  presentation: names("id label"),
  roleDefinition: names("id displayName"),
  roleScopeTags: names("id displayName")
}

/** References for which “none” is null, absent, empty or the zero GUID. */
export const optionalReferences: ReadonlySet<string> = names(`
  companyPortalVppTokenId deviceAndAppManagementAssignmentFilterId managementServiceAppId notificationMessageTemplateId
  notificationTemplateId rightsManagementServicesTemplateId vpnConfigurationId
`)

/**
 * The lists in which order means nothing: Graph sends them in any order. All other lists keep theirs, which either means
 * something (pages of a home screen, rows of a collection of settings, rules) or is the one that somebody wrote (`omaSettings`).
 */
export const unordered: ReadonlySet<string> = names(`
  assignments roleScopeTagIds roleScopeTags scopeIds
  settings children
  scheduledActionsForRule scheduledActionConfigurations notificationMessageCCList localizedNotificationMessages
  definitionValues presentationValues
  apps targetedMobileApps selectedMobileAppIds categories relationships items guidedDeploymentTags
  rolePermissions resourceActions allowedResourceActions notAllowedResourceActions members scopeMembers resourceScopes
  includeUsers excludeUsers includeGroups excludeGroups includeRoles excludeRoles
  includeApplications excludeApplications includeUserActions includeAuthenticationContextClassReferences
  includeServicePrincipals excludeServicePrincipals includeLocations excludeLocations includePlatforms excludePlatforms
  clientAppTypes userRiskLevels signInRiskLevels servicePrincipalRiskLevels builtInControls customAuthenticationFactors
  termsOfUse allowedCombinations combinationConfigurations allowedAAGUIDs countriesAndRegions ipRanges
`)

/** What an assignment says besides its target, if it says it: the values that mean the same as nothing. */
export const assignmentDefaults: Readonly<Record<string, string>> = { source: "direct", intent: "apply" }

/** What the service makes in an assignment. */
export const volatileInAssignments: ReadonlySet<string> = names("id sourceId assignmentFilterEvaluationStatusDetails")
