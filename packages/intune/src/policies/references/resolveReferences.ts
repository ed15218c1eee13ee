/**
 * Decides what the references of a backup are in the tenant that it is restored to. Pure, and the only place that decides.
 *
 * @module
 */

import { Folding } from "@atlas/operations"
import { kindLabels, type NamedReference, nameInstead, type Reference, referenceKey } from "./Reference.ts"
import type { ReferenceTarget } from "./referenceTargets.ts"

/** What a reference is in the tenant. */
export type Resolution =
  | { readonly _tag: "Found"; readonly id: string }
  /** The same restore creates its target. */
  | { readonly _tag: "Made" }
  /** Nobody can say whether the target exists, so the reference stays as it is. */
  | { readonly _tag: "Unchecked" }
  /** The same of a backup of another tenant, or of a name: what has that id or name here may be something else. */
  | { readonly _tag: "Unreadable" }
  | { readonly _tag: "Missing" }
  | { readonly _tag: "Ambiguous"; readonly count: number }
  /** The tenant has one of that name, which says something else. */
  | { readonly _tag: "Different" }

/** What the tenant has. */
export interface Candidates {
  /** The objects of the reference's kind; null if they could not be read. */
  readonly targets: ReadonlyArray<ReferenceTarget> | null
  /** Whether `targets` are all that there are. */
  readonly isComplete: boolean
  /** The backup is of another tenant, perhaps: an id says something only together with the name. */
  readonly isForeign: boolean
  /**
   * The policy of this restore that is the target: the id of its equal in the tenant, or null if it is to be created. `isOther`:
   * the tenant's says something else and stays.
   */
  readonly restored: { readonly id: string | null; readonly isOther: boolean } | undefined
}

/** What says to whom or where something applies: under the same name, it may be the opposite. Others are only names. */
const meansItsContent: ReadonlySet<string> = new Set(["assignment_filter", "named_location"])

/** Resolves one reference. */
export const resolveReference = (reference: NamedReference, candidates: Candidates): Resolution => {
  const { isComplete, isForeign, restored, targets } = candidates
  if (restored?.isOther === true && meansItsContent.has(reference.kind)) return { _tag: "Different" }
  if (restored !== undefined && restored.id !== null) return { _tag: "Found", id: restored.id }
  const name = nameInstead(reference) ?? reference.name
  const same = targets?.find(({ id }) => id.toLowerCase() === reference.id.toLowerCase())
  const hasName = (target: ReferenceTarget) => name !== null && Folding.foldName(target.name) === Folding.foldName(name)
  // Ids of scope tags are small numbers, which every tenant has. A UUID is of one object only, also without its name.
  const isThis = !isForeign || (name === null && reference.kind !== "scope_tag")
  if (same !== undefined && (isThis || hasName(same))) return { _tag: "Found", id: same.id }
  if (restored !== undefined) return { _tag: "Made" }
  if (targets === null) return { _tag: isForeign ? "Unreadable" : "Unchecked" }
  const isByName = isForeign || nameInstead(reference) !== null
  if (!isComplete) {
    // Nobody knows how many there are of that name. The roles that Microsoft defines have the same ids in every tenant.
    return { _tag: isByName && reference.kind !== "role" ? "Unreadable" : "Unchecked" }
  }
  const [namesake, ...others] = targets.filter(hasName)
  if (namesake === undefined) return { _tag: "Missing" }
  return others.length > 0 ? { _tag: "Ambiguous", count: others.length + 1 } : { _tag: "Found", id: namesake.id }
}

/** A reference for people, such as: the scope tag “Berlin” (5). */
const describeReference = (reference: NamedReference): string => {
  const instead = nameInstead(reference)
  const label = `the ${kindLabels[reference.kind]}`
  if (instead !== null) return `${label} “${instead}”`
  return reference.name === null ? `${label} ${reference.id}` : `${label} “${reference.name}” (${reference.id})`
}

const unreadable = ({ kind }: Reference) =>
  kind === "group"
    ? "which nobody can look up before the tenant's groups are synced"
    : "which could not be looked up in the tenant"

/** The references of one policy, resolved. */
export type Resolutions = ReadonlyMap<string, { readonly reference: NamedReference; readonly resolution: Resolution }>

/** The sentence about references that cannot be resolved; null if all can. */
export const unresolvedReason = (resolved: Resolutions): string | null => {
  const unresolved = [...resolved.values()].flatMap(({ reference, resolution }) => {
    if (resolution._tag === "Missing") return [`${describeReference(reference)}, which the tenant does not have`]
    if (resolution._tag === "Unreadable") return [`${describeReference(reference)}, ${unreadable(reference)}`]
    if (resolution._tag === "Different")
      return [`${describeReference(reference)}, of whose name the tenant has one that says something else`]
    if (resolution._tag !== "Ambiguous") return []
    return [`${describeReference(reference)}, of which the tenant has ${resolution.count}`]
  })
  return unresolved.length === 0 ? null : `It refers to ${unresolved.join(", and to ")}.`
}

/** Whether a reference can be written. */
export const isUsable = (resolved: Resolutions, reference: Reference): boolean => {
  const tag = resolved.get(referenceKey(reference))?.resolution._tag
  return tag === "Found" || tag === "Made" || tag === "Unchecked"
}
