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
export const groupOf = (assignment: GraphObject): string | null => {
  const { target } = assignment
  return Predicate.hasProperty(target, "groupId") && Predicate.isString(target.groupId) ? target.groupId : null
}
