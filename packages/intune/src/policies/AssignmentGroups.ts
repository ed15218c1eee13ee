/**
 * The port through which a host with a cache of the directory says which groups still exist. A restore leaves out assignments
 * to groups that are gone, and names them.
 *
 * @module
 */

import type { TenantScope } from "@atlas/operations"
import { Context, Effect, Predicate } from "effect"
import type { GraphObject } from "./PolicySource.ts"

/** What is known of a group that policies are assigned to. */
export interface AssignmentGroup {
  readonly id: string
  /** The last known name; null if the group was never seen. */
  readonly name: string | null
  readonly exists: boolean
}

/**
 * What the directory's cache knows of groups. A host without such a cache leaves it out: then every group counts as existing.
 */
export class AssignmentGroups extends Context.Reference<{
  /** What is known of groups, in any order. Unknown ids may be left out. */
  labels(tenant: TenantScope, ids: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<AssignmentGroup>>
}>("@atlas/intune/AssignmentGroups", { defaultValue: () => ({ labels: () => Effect.succeed([]) }) }) {}

/** The id of the group that an assignment is for; null if it is for no group. */
const groupOf = (assignment: GraphObject): string | null => {
  const { target } = assignment
  return Predicate.hasProperty(target, "groupId") && Predicate.isString(target.groupId) ? target.groupId : null
}

/**
 * Of assignments in canonical JSON, those whose groups still exist, and a sentence that names the groups that are gone; null if
 * none is.
 */
export const usableAssignments = Effect.fnUntraced(function* (tenant: TenantScope, text: string) {
  const assignments = JSON.parse(text) as ReadonlyArray<GraphObject>
  const ids = assignments.flatMap((assignment) => groupOf(assignment) ?? [])
  const labels = ids.length === 0 ? [] : yield* (yield* AssignmentGroups).labels(tenant, ids)
  const gone = labels.filter(({ exists, id }) => !exists && ids.includes(id))
  const isGone = new Set(gone.map(({ id }) => id))
  const names = gone.map(({ id, name }) => name ?? id).join(", ")
  return {
    assignments: assignments.filter((assignment) => !isGone.has(groupOf(assignment) ?? "")),
    warning: gone.length === 0 ? null : `Not assigned to ${names}: no longer in the directory.`
  }
})
