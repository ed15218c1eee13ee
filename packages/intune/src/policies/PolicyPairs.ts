/**
 * Which policies of one state of a tenant are those of another. Comparisons and plans of restores pair policies here: ids differ
 * where a policy was made anew, and titles do not have to be unique.
 *
 * @module
 */

import { Folding } from "@atlas/operations"
import { pairBy } from "./pairBy.ts"

/** What policies are paired by. */
export interface PairedPolicy {
  readonly id: string
  /** Null where only some answers state it. */
  readonly odataType: string | null
  readonly foldedTitle: string
  readonly contentHash: string
  /** Null if the state does not say to whom the policy applies. */
  readonly assignmentsHash: string | null
}

/** What namesakes have in common: type and title. */
export const namesakeKey = ({ foldedTitle, odataType }: Pick<PairedPolicy, "foldedTitle" | "odataType">): string =>
  JSON.stringify([odataType, foldedTitle])

/** What a policy says, and what it is called, which without a title is its id. */
const said = ({ contentHash, foldedTitle, id, odataType }: PairedPolicy) => [
  odataType,
  foldedTitle === Folding.foldName(id) ? null : foldedTitle,
  contentHash
]

// Of namesakes that are alike in nothing else, the first by id are paired.
const likenesses: ReadonlyArray<(policy: PairedPolicy) => string> = [
  (policy) => JSON.stringify([said(policy), policy.assignmentsHash]),
  (policy) => JSON.stringify(said(policy)),
  namesakeKey
]

const identity = ({ id }: PairedPolicy) => id

const byId = (a: PairedPolicy, b: PairedPolicy) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/**
 * Pairs policies of one collection: those with the same id; of the rest, namesakes with equal content and assignments, then with
 * equal content, then the remaining namesakes. No policy is paired twice. The order of the lists does not matter.
 *
 * @param isLocal the ids of one list say nothing about the other
 * @returns the partners of `from`, by id
 */
export const pairPolicies = <To extends PairedPolicy>(
  from: ReadonlyArray<PairedPolicy>,
  to: ReadonlyArray<To>,
  isLocal = false
): ReadonlyMap<string, To> => {
  const [left, right] = [from.toSorted(byId), to.toSorted(byId)]
  return new Map(
    [...pairBy<PairedPolicy>(left, right, isLocal ? likenesses : [identity, ...likenesses])].flatMap(
      ([at, partner]) => {
        const [policy, other] = [left[at], right[partner]]
        return policy === undefined || other === undefined ? [] : [[policy.id, other] as const]
      }
    )
  )
}
