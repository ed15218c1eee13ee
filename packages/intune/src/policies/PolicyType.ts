/**
 * The kinds of policies: one table that says where the policies of each kind come from, which property titles them, which
 * properties change by themselves, and whether Atlas may write them back. Syncs, backups, restores and pages all go by it.
 *
 * @module
 */

import type { GraphContract } from "@atlas/operations"
import { Schema } from "effect"
import { referenceContracts } from "./references/referenceTargets.ts"
import { contractsOf, type PolicySource } from "./PolicySource.ts"
import { abstractTypes, compliancePolicyTypes, deviceConfigurationTypes } from "./policyObjectTypes.ts"
import { policySources } from "./policySources.ts"

/** Whether a policy can be written back, or why not. */
export type Restorability = { readonly kind: "restorable" } | { readonly kind: "preview_only"; readonly reason: string }

/** A kind of policy. */
export interface PolicyType {
  /** Stable; used in inputs, filters and addresses. */
  readonly name: string
  /** In the plural, for people. */
  readonly label: string
  readonly source: PolicySource
  /** The `@odata.type`s of this kind, without `#microsoft.graph.`; null for every object of the source. */
  readonly claims: ReadonlyArray<string> | null
  /** The property that titles an object. */
  readonly title: "displayName" | "name"
  /** Properties that change although nobody changes the policy, besides those that do so in every kind. */
  readonly volatile: ReadonlyArray<string>
  /** Properties that Graph refuses in an update, even unchanged. */
  readonly fixed: ReadonlyArray<string>
  /** Why Graph creates no object of this kind, though it changes the one that every tenant has; null if it does. */
  readonly notCreated: string | null
  readonly restorability: Restorability
}

const type = (
  name: string,
  label: string,
  source: PolicySource,
  more: Partial<Omit<PolicyType, "label" | "name" | "source">> = {}
): PolicyType => ({
  name,
  label,
  source,
  claims: null,
  title: "displayName",
  volatile: [],
  fixed: [],
  notCreated: null,
  restorability: { kind: "restorable" },
  ...more
})

const previewOnly = (reason: string): Pick<PolicyType, "restorability"> => ({
  restorability: { kind: "preview_only", reason }
})
const accessIsAtStake = previewOnly("A mistake here can lock everybody out: compare it, and change it by hand.")
/** Volatile where all objects of a collection are of one type, which only some answers state. */
export const uniformType = "@odata.type"

const { enrollmentConfigurations: enrollment, ...sources } = policySources
// Graph keeps their order, with a default always last: Atlas reads it and never writes it.
const ranked = { volatile: ["priority", "deviceEnrollmentConfigurationType"], fixed: ["platformType"] }

/** Every kind of policy that Atlas knows, in the order in which people see them. */
export const policyTypes: ReadonlyArray<PolicyType> = [
  type("device_configurations", "Device configurations", sources.deviceConfigurations, {
    claims: deviceConfigurationTypes,
    // Of update rings: actions of their own pause updates and roll them back.
    fixed: [
      "qualityUpdatesPauseStartDate",
      "qualityUpdatesPauseExpiryDateTime",
      "qualityUpdatesWillBeRolledBack",
      "qualityUpdatesRollbackStartDateTime",
      "featureUpdatesPauseStartDate",
      "featureUpdatesPauseExpiryDateTime",
      "featureUpdatesWillBeRolledBack",
      "featureUpdatesRollbackStartDateTime"
    ]
  }),
  type("settings_catalog", "Settings catalog policies", sources.settingsCatalog, {
    title: "name",
    // What Graph derives from the assignments and the settings.
    volatile: [uniformType, "isAssigned", "settingCount", "creationSource"],
    // An update replaces the whole policy, so it sends them, unchanged.
    fixed: ["platforms", "technologies", "templateReference"]
  }),
  type("compliance_policies", "Compliance policies", sources.compliancePolicies, { claims: compliancePolicyTypes }),
  type("enrollment_limits", "Enrollment limits", enrollment, {
    ...ranked,
    claims: ["deviceEnrollmentLimitConfiguration"]
  }),
  type("enrollment_restrictions", "Enrollment platform restrictions", enrollment, {
    ...ranked,
    ...previewOnly(
      "Microsoft lets no app change platform restrictions, whatever its permissions: change them by hand."
    ),
    claims: ["deviceEnrollmentPlatformRestrictionsConfiguration", "deviceEnrollmentPlatformRestrictionConfiguration"]
  }),
  type("windows_hello", "Windows Hello for Business", enrollment, {
    ...ranked,
    notCreated: "Graph keeps one such setting in each tenant, and creates no other.",
    claims: ["deviceEnrollmentWindowsHelloForBusinessConfiguration"]
  }),
  type("enrollment_status_pages", "Enrollment status pages", enrollment, {
    ...ranked,
    claims: ["windows10EnrollmentCompletionPageConfiguration"]
  }),
  type("co_management", "Co-management authority", enrollment, {
    ...ranked,
    claims: ["deviceComanagementAuthorityConfiguration"]
  }),
  type("windows_restore", "Windows restore", enrollment, {
    ...ranked,
    claims: ["windowsRestoreDeviceEnrollmentConfiguration"]
  }),
  type("enrollment_notifications", "Enrollment notifications", enrollment, {
    ...ranked,
    claims: ["deviceEnrollmentNotificationConfiguration"],
    ...previewOnly("Their texts are in message templates of their own, which Atlas does not write yet.")
  }),
  type("powershell_scripts", "PowerShell scripts", sources.scripts, { volatile: [uniformType] }),
  type("assignment_filters", "Assignment filters", sources.assignmentFilters, {
    volatile: [uniformType, "payloads"],
    fixed: ["platform"]
  }),
  type("scope_tags", "Scope tags", sources.scopeTags, { volatile: [uniformType, "isBuiltIn"] }),
  type("app_protection_policies", "App protection policies", sources.appProtectionPolicies, {
    claims: [
      "iosManagedAppProtection",
      "androidManagedAppProtection",
      "windowsManagedAppProtection",
      "defaultManagedAppProtection",
      "windowsInformationProtectionPolicy",
      "mdmWindowsInformationProtectionPolicy"
    ],
    volatile: ["deployedAppCount", "isAssigned"],
    ...previewOnly(
      "Graph takes the policies of each platform in a collection of its own, to which Atlas does not write yet."
    )
  }),
  type("managed_app_configurations", "App configurations for managed apps", sources.appProtectionPolicies, {
    claims: ["targetedManagedAppConfiguration"],
    volatile: ["deployedAppCount", "isAssigned"],
    ...previewOnly("Graph takes them in a collection of their own, to which Atlas does not write yet.")
  }),
  type("named_locations", "Named locations", sources.namedLocations, accessIsAtStake),
  type("conditional_access", "Conditional access policies", sources.conditionalAccess, {
    volatile: [uniformType],
    ...accessIsAtStake
  })
]

/** The names of all kinds of policies. */
export const policyTypeNames: ReadonlyArray<string> = policyTypes.map(({ name }) => name)

/** A choice of kinds of policies by name: at least one, and each once. */
export const PolicySelection = Schema.Array(Schema.Literals(policyTypeNames)).check(
  Schema.isMinLength(1),
  Schema.isUnique()
)

/** The kind of policy with a name; undefined if there is none. */
export const policyTypeNamed = (name: string): PolicyType | undefined =>
  policyTypes.find((known) => known.name === name)

/** The collections that hold policies of the named kinds, each once. Without names, all collections. */
export const sourcesOf = (names: ReadonlyArray<string> = policyTypeNames): ReadonlyArray<PolicySource> => [
  ...new Set(policyTypes.filter(({ name }) => names.includes(name)).map(({ source }) => source))
]

/** The kinds of policies that some collections hold. */
export const typesIn = (sources: ReadonlyArray<PolicySource>): ReadonlyArray<PolicyType> =>
  policyTypes.filter(({ source }) => sources.includes(source))

/** The kinds of policies that a collection holds, for people. */
export const sourceLabel = (source: PolicySource): string =>
  typesIn([source])
    .map(({ label }) => label)
    .join(", ")

/** Which kind an object is of; or a finding, if no kind claims its `@odata.type`, or more than one does. */
export type PolicyClaim =
  | { readonly _tag: "Claimed"; readonly type: PolicyType }
  | { readonly _tag: "Unclaimed" }
  | { readonly _tag: "Ambiguous"; readonly types: ReadonlyArray<PolicyType> }

const prefix = /^#?microsoft\.graph\./i

const bareType = (odataType: string) => odataType.replace(prefix, "").toLowerCase()

const claimsType = ({ claims }: PolicyType, odataType: string) =>
  claims !== null && claims.some((name) => name.toLowerCase() === bareType(odataType))

/** Decides of which kind an object of a source is. */
export const claim = (
  source: PolicySource,
  odataType: string | null,
  types: ReadonlyArray<PolicyType> = policyTypes
): PolicyClaim => {
  const claiming = types.filter(
    (known) =>
      known.source.name === source.name &&
      (known.claims === null || (odataType !== null && claimsType(known, odataType)))
  )
  const [only, ...others] = claiming
  if (only === undefined) return { _tag: "Unclaimed" }
  return others.length === 0 ? { _tag: "Claimed", type: only } : { _tag: "Ambiguous", types: claiming }
}

/** Why an object that no kind of its collection claims cannot be written back, as a sentence. */
export const unclaimedReason = (source: PolicySource, odataType: string | null): string => {
  if (odataType === null) return "It does not say its type (`@odata.type`), and its collection holds several."
  const name = odataType.replace(prefix, "")
  if (abstractTypes.has(bareType(odataType)))
    return `Its type ${name} is abstract: Graph takes only types that extend it.`
  const other = policyTypes.find((known) => known.source.name !== source.name && claimsType(known, odataType))
  if (other !== undefined) return `Its type ${name} belongs to another collection: ${other.label.toLowerCase()}.`
  return `Atlas does not know its type ${name}.`
}

/** All contracts that read policies, and the names of what they refer to. */
export const readContracts: ReadonlyArray<GraphContract.GraphContract> = [
  ...sourcesOf().flatMap(contractsOf),
  ...referenceContracts
]
