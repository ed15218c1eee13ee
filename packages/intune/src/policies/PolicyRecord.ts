import { DateTime, Predicate } from "effect"
import { type FailureReport, reportOf } from "@atlas/operations"
import { assignmentsContent, ownAssignments, type PolicyContent, policyContent } from "./PolicyContent.ts"
import { policyFacts } from "./PolicyFacts.ts"
import type { PolicyObject, ListedPolicies, UnreadPolicy } from "./PolicyObject.ts"
import type { PolicySource } from "./PolicySource.ts"
import { type Reference, referencesIn } from "./references/Reference.ts"
import { claim, type PolicyType, uniformType } from "./PolicyType.ts"

/** A policy as it is stored: what lists show of it, and the hashes of what it says. */
export interface PolicyRecord {
  readonly id: string
  /** Its kind; null if there is a finding. */
  readonly type: string | null
  /** No kind claims its `@odata.type`, or more than one does. */
  readonly finding: "unclaimed" | "ambiguous" | null
  readonly odataType: string | null
  readonly title: string
  readonly foldedTitle: string
  readonly platform: string | null
  readonly scopeTags: ReadonlyArray<string>
  /** ISO 8601. */
  readonly lastModified: string | null
  readonly assignmentCount: number | null
  readonly contentHash: string
  readonly assignmentsHash: string | null
}

/** A record, and the contents to store with it. */
export interface RecordedPolicy {
  readonly record: PolicyRecord
  readonly contents: ReadonlyArray<PolicyContent>
  /** What it points to. */
  readonly references: ReadonlyArray<Reference>
}

/** The type as records have it; null where only some answers of Graph state it. */
const recordedType = (type: PolicyType | null, odataType: string | null) =>
  type?.volatile.includes(uniformType) ? null : odataType

/** What the listing says of a policy. */
export const listedFacts = (
  source: PolicySource,
  { id, listed }: Pick<UnreadPolicy, "id" | "listed">
): Pick<PolicyRecord, "foldedTitle" | "odataType" | "title"> => {
  const stated = listed["@odata.type"]
  const odataType = Predicate.isString(stated) ? stated : null
  const claimed = claim(source, odataType)
  const type = claimed._tag === "Claimed" ? claimed.type : null
  const { foldedTitle, title } = policyFacts(type, { id, odataType, body: listed, assignments: null })
  return { foldedTitle, odataType: recordedType(type, odataType), title }
}

/** What a run reports of a page: the policies that Graph could not give completely, and those whose values stay masked. */
export const pageFailures = (
  source: PolicySource,
  { policies, unread }: ListedPolicies
): ReadonlyArray<FailureReport> => [
  ...unread.map((policy) => ({ ...reportOf(policy.error), item: listedFacts(source, policy).title })),
  ...policies.flatMap(({ masked, ...policy }) =>
    masked === null
      ? []
      : [
          {
            ...reportOf(masked),
            message: `Encrypted values stay masked. ${masked.message}`,
            item: policyFacts(null, policy).title
          }
        ]
  )
]

/** Turns a policy of a source into its record and contents, with the tenant's salt. */
export const recordOf = (source: PolicySource, policy: PolicyObject, salt: Uint8Array): RecordedPolicy => {
  const { assignments, body, id, odataType } = policy
  const claimed = claim(source, odataType)
  const type = claimed._tag === "Claimed" ? claimed.type : null
  const { lastModified, ...facts } = policyFacts(type, policy)
  const content = policyContent(body, type?.volatile ?? [], salt)
  const assigned = assignments === null ? null : assignmentsContent(assignments, salt)
  return {
    record: {
      ...facts,
      id,
      type: type?.name ?? null,
      finding: claimed._tag === "Claimed" ? null : claimed._tag === "Unclaimed" ? "unclaimed" : "ambiguous",
      odataType: recordedType(type, odataType),
      lastModified: lastModified === null ? null : DateTime.formatIso(lastModified),
      assignmentCount: assignments === null ? null : ownAssignments(assignments).length,
      contentHash: content.hash,
      assignmentsHash: assigned?.hash ?? null
    },
    contents: assigned === null ? [content] : [content, assigned],
    references: referencesIn([body, assignments])
  }
}
