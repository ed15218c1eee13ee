import type { GraphContract } from "@atlas/operations"
import { Schema } from "effect"
import { contractsOf, type PolicySource, policySources } from "./PolicySource.ts"

/** Whether a policy can be written back, or why not. */
export type Restorability = { readonly kind: "restorable" } | { readonly kind: "preview_only"; readonly reason: string }

/** A kind of policy: where it comes from, how it is told apart, and what may be done with it. */
export interface PolicyType {
  /** Stable; in inputs, filters and files. */
  readonly name: string
  /** In the plural, for people. */
  readonly label: string
  readonly source: PolicySource
  /** The `@odata.type`s that it claims, without `#microsoft.graph.`; null where it claims all of its source. */
  readonly claims: ReadonlyArray<string> | null
  /** The property that names an object for people. */
  readonly title: "displayName" | "name"
  /** Properties that change without anybody changing the policy, beside those that all have. */
  readonly volatile: ReadonlyArray<string>
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
  restorability: { kind: "restorable" },
  ...more
})

const previewOnly = (reason: string): Pick<PolicyType, "restorability"> => ({
  restorability: { kind: "preview_only", reason }
})
const accessIsAtStake = previewOnly("A mistake here can lock everybody out: it is compared, and changed by hand.")
/** All objects of the collection are of one type, which only some answers tell. */
export const uniformType = "@odata.type"

const { enrollmentConfigurations: enrollment, ...sources } = policySources
// Graph keeps their order, in which a default is always the last: it is looked at, and never written.
const ranked = { volatile: ["priority"] }

/** Every kind of policy that Atlas knows, in the order in which people see them. */
export const policyTypes: ReadonlyArray<PolicyType> = [
  type("device_configurations", "Device configurations", sources.deviceConfigurations),
  type("settings_catalog", "Settings catalog policies", sources.settingsCatalog, {
    title: "name",
    // How many devices have it, and counts that follow from the settings.
    volatile: [uniformType, "isAssigned", "settingCount", "creationSource"]
  }),
  type("compliance_policies", "Compliance policies", sources.compliancePolicies),
  type("enrollment_limits", "Enrollment limits", enrollment, {
    ...ranked,
    claims: ["deviceEnrollmentLimitConfiguration"]
  }),
  type("enrollment_restrictions", "Enrollment platform restrictions", enrollment, {
    ...ranked,
    claims: ["deviceEnrollmentPlatformRestrictionsConfiguration", "deviceEnrollmentPlatformRestrictionConfiguration"]
  }),
  type("windows_hello", "Windows Hello for Business", enrollment, {
    ...ranked,
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
  type("powershell_scripts", "PowerShell scripts", sources.scripts, { volatile: [uniformType] }),
  type("assignment_filters", "Assignment filters", sources.assignmentFilters, { volatile: [uniformType, "payloads"] }),
  type("scope_tags", "Scope tags", sources.scopeTags, { volatile: [uniformType] }),
  type("app_protection_policies", "App protection policies", sources.appProtectionPolicies, {
    volatile: ["deployedAppCount", "isAssigned"],
    ...previewOnly("Graph takes each platform's in a collection of its own, which Atlas does not write to yet.")
  }),
  type("named_locations", "Named locations", sources.namedLocations, accessIsAtStake),
  type("conditional_access", "Conditional access policies", sources.conditionalAccess, {
    volatile: [uniformType],
    ...accessIsAtStake
  })
]

/** The names of all kinds of policies. */
export const policyTypeNames: ReadonlyArray<string> = policyTypes.map(({ name }) => name)

/** Kinds of policies to choose. */
export const PolicySelection = Schema.Array(Schema.Literals(policyTypeNames)).check(
  Schema.isMinLength(1),
  Schema.isUnique()
)

/**
 * A kind of policy by its name.
 *
 * @param name as a person or a record has it
 */
export const policyTypeNamed = (name: string): PolicyType | undefined =>
  policyTypes.find((known) => known.name === name)

/**
 * The collections that hold policies of some kinds, each once.
 *
 * @param names of kinds; all where none is given
 */
export const sourcesOf = (names: ReadonlyArray<string> = policyTypeNames): ReadonlyArray<PolicySource> => [
  ...new Set(policyTypes.filter(({ name }) => names.includes(name)).map(({ source }) => source))
]

/**
 * What a collection holds, for people.
 *
 * @param source which one
 */
export const sourceLabel = (source: PolicySource): string =>
  policyTypes
    .filter((known) => known.source.name === source.name)
    .map(({ label }) => label)
    .join(", ")

/** What an object is: of one kind; or a finding, where no kind knows its `@odata.type`, or more than one does. */
export type PolicyClaim =
  | { readonly _tag: "Claimed"; readonly type: PolicyType }
  | { readonly _tag: "Unclaimed" }
  | { readonly _tag: "Ambiguous"; readonly types: ReadonlyArray<PolicyType> }

const prefix = /^#?microsoft\.graph\./i

/**
 * Decides which kind of policy an object is.
 *
 * @param source where it was read
 * @param odataType its `@odata.type`, if it has one
 * @param types the kinds to choose from
 */
export const claim = (
  source: PolicySource,
  odataType: string | null,
  types: ReadonlyArray<PolicyType> = policyTypes
): PolicyClaim => {
  const wanted = odataType?.replace(prefix, "").toLowerCase()
  const claiming = types.filter(
    (known) =>
      known.source.name === source.name &&
      (known.claims === null || known.claims.some((name) => name.toLowerCase() === wanted))
  )
  const [only, ...others] = claiming
  if (only === undefined) return { _tag: "Unclaimed" }
  return others.length === 0 ? { _tag: "Claimed", type: only } : { _tag: "Ambiguous", types: claiming }
}

/** All contracts that read policies. */
export const readContracts: ReadonlyArray<GraphContract.GraphContract> = sourcesOf().flatMap(contractsOf)
