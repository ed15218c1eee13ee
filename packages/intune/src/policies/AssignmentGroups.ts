import type { TenantScope } from "@atlas/operations"
import { Context, Effect, Predicate } from "effect"
import type { GraphObject } from "./PolicySource.ts"

/** What is known of a group that policies are assigned to. */
export interface AssignmentGroup {
  readonly id: string
  /** The last known name; null of one that was never seen. */
  readonly name: string | null
  readonly exists: boolean
}

/**
 * Groups by id, from a cache of the tenant's directory: hosts that have one provide it. By default nothing is known of groups,
 * and all are taken for existing.
 */
export class AssignmentGroups extends Context.Reference<{
  /** What is known of groups, in any order; unknown ids may be left out. */
  labels(tenant: TenantScope, ids: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<AssignmentGroup>>
}>("@atlas/intune/AssignmentGroups", { defaultValue: () => ({ labels: () => Effect.succeed([]) }) }) {}

/**
 * The group that an assignment is for, if it is for one.
 *
 * @param assignment as Graph has it
 */
const groupOf = (assignment: GraphObject): string | null => {
  const { target } = assignment
  return Predicate.hasProperty(target, "groupId") && Predicate.isString(target.groupId) ? target.groupId : null
}

/**
 * What of a policy's assignments can be made, and the sentence that names the groups that are gone; null where none is.
 *
 * @param tenant whose directory
 * @param text the assignments, canonical
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
    warning: gone.length === 0 ? null : `Not assigned to ${names}: the directory has no such group any more.`
  }
})
