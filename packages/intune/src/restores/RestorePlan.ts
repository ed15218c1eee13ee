/**
 * Decides what a restore does with each policy. Pure, and the only place that decides.
 *
 * @module
 */

import type { RestoreAction } from "./Restore.ts"
import type { PolicyRecord } from "../policies/PolicyRecord.ts"
import type { PolicySource } from "../policies/PolicySource.ts"
import { type PolicyType, unclaimedReason } from "../policies/PolicyType.ts"

/** A policy of the backup, as far as the plan needs it. */
export interface WantedPolicy {
  readonly id: string
  readonly source: PolicySource
  readonly type: PolicyType | null
  readonly odataType: string | null
  readonly contentHash: string
  readonly assignmentsHash: string | null
  /** The members whose value is not known, as Graph masks it or it is of another tenant: the content cannot be written. */
  readonly lacking: ReadonlyArray<string>
  /** The properties that differ from the policy it is compared with, and that Graph lets nobody change. */
  readonly fixed: ReadonlyArray<string>
  /** What its content refers to and the tenant does not have, as a sentence; null if nothing is missing. */
  readonly unresolved: string | null
  /** Which of its assignments cannot be written, as a sentence; null if all can. */
  readonly unassigned: string | null
}

/** What is decided about a policy. */
export interface PlannedPolicy {
  readonly action: RestoreAction
  readonly reason: string | null
  /** The policy of the tenant that it is compared with. */
  readonly seen: PolicyRecord | null
}

const isBuiltIn = ({ id, source }: WantedPolicy) => source.name === "scope_tags" && id === "0"

/** Whether Graph has created a policy itself. Defaults of enrollment can be changed, but neither created nor assigned. */
export const isDefault = (source: PolicySource, id: string): boolean =>
  source.name === "enrollment_configurations" && /_Default/i.test(id)

const isEqual = (wanted: WantedPolicy, seen: PolicyRecord, withAssignments: boolean) =>
  seen.contentHash === wanted.contentHash &&
  (!withAssignments || wanted.assignmentsHash === null || seen.assignmentsHash === wanted.assignmentsHash)

const fixedReason = (names: ReadonlyArray<string>) =>
  `Graph does not change ${names.join(", ")} once a policy is made. Delete the tenant's policy to restore this one.`

const mostNamed = 10

/** Says which members need a value, and how to give it. */
export const valuesMissing = (members: ReadonlyArray<string>): string => {
  const named = members.slice(0, mostNamed).join(", ")
  const more = members.length > mostNamed ? ` and ${members.length - mostNamed} more members` : ""
  return (
    `The value of ${named}${more} is not known here, since Graph does not reveal it or it is another tenant's: ` +
    "give it with another plan, or in an exported file that you import."
  )
}

/**
 * Decides about one policy of the backup.
 *
 * @param seen the policy of the tenant that it is paired with: the one with the same id, or a namesake
 * @param unread why the policy with the same id could not be read; null if it was, or if there is none
 */
export const planPolicy = (
  wanted: WantedPolicy,
  seen: PolicyRecord | null,
  withAssignments: boolean,
  unread: string | null = null
): PlannedPolicy => {
  const isSame = seen?.id === wanted.id
  const no = (reason: string): PlannedPolicy => ({ action: "not_restorable", reason, seen })
  if (unread !== null) return no(`The tenant has it, but Graph cannot give it: ${unread}`)
  if (wanted.type === null) return no(unclaimedReason(wanted.source, wanted.odataType))
  if (seen !== null && isEqual(wanted, seen, withAssignments)) {
    // Nothing is left to write, and it is not what the backup has.
    if (wanted.unassigned !== null) return no(wanted.unassigned)
    const reason = isSame ? null : "The tenant has it already, under another id."
    return { action: "unchanged", reason, seen }
  }
  const { restorability, source } = wanted.type
  if (restorability.kind === "preview_only") return no(restorability.reason)
  if (source.writes === null) return no("Atlas does not write policies of this kind.")
  if (isBuiltIn(wanted)) return no("It is built in: Graph lets nobody change it.")
  if (wanted.lacking.length > 0) return no(valuesMissing(wanted.lacking))
  if (wanted.unresolved !== null) return no(wanted.unresolved)
  if (isSame || seen?.contentHash === wanted.contentHash) {
    if (wanted.fixed.length > 0) return no(fixedReason(wanted.fixed))
    const reason = isSame ? null : "The tenant has it already, under another id, with other assignments."
    return { action: "update", reason, seen }
  }
  if (isDefault(wanted.source, wanted.id)) return no("It is a default, which Graph creates itself.")
  if (seen !== null) {
    const reason = "The tenant has another policy with this title and other content."
    return { action: "conflict", reason, seen }
  }
  if (wanted.type.notCreated !== null) return no(wanted.type.notCreated)
  return { action: "create", reason: null, seen: null }
}
