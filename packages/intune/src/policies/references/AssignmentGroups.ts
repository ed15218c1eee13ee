/**
 * The port through which a host with a cache of the directory says which groups there are. A backup records their names, and a
 * restore finds them again, by id or by name.
 *
 * @module
 */

import type { TenantScope } from "@atlas/operations"
import { Context, Effect } from "effect"

/** What is known of a group that policies are assigned to. */
export interface AssignmentGroup {
  readonly id: string
  /** The last known name; null if the group was never seen. */
  readonly name: string | null
  readonly exists: boolean
}

/** Groups to look up. */
export interface GroupLookup {
  readonly ids: ReadonlyArray<string>
  /** Names, to be compared exactly. */
  readonly names: ReadonlyArray<string>
}

/** What was found, in any order. */
export interface FoundGroups {
  readonly groups: ReadonlyArray<AssignmentGroup>
  /** Whether the cache is of all groups: then a group that was not found does not exist. */
  readonly isComplete: boolean
}

/**
 * What the directory's cache knows of groups. A host without such a cache leaves it out: then every group counts as existing.
 */
export class AssignmentGroups extends Context.Reference<{
  /** Looks up groups by id and by name. Unknown ones may be left out. */
  find(tenant: TenantScope, wanted: GroupLookup): Effect.Effect<FoundGroups>
}>("@atlas/intune/AssignmentGroups", {
  defaultValue: () => ({ find: () => Effect.succeed({ groups: [], isComplete: false }) })
}) {}
