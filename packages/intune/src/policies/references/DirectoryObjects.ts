/**
 * The port through which a host with a cache of the directory says which groups and roles there are. A backup records their names,
 * and a restore finds them again, by id or by name.
 *
 * @module
 */

import type { TenantScope } from "@atlas/operations"
import { Context, Effect } from "effect"

/** What policies refer to in the directory: groups, and the roles whose members a policy of conditional access is for. */
export type DirectoryKind = "group" | "role"

/** What is known of an object that policies refer to. */
export interface DirectoryObject {
  readonly id: string
  /** The last known name; null if the object was never seen. */
  readonly name: string | null
  readonly exists: boolean
}

/** Objects to look up. */
export interface DirectoryLookup {
  readonly kind: DirectoryKind
  readonly ids: ReadonlyArray<string>
  /** Names, to be compared exactly. */
  readonly names: ReadonlyArray<string>
}

/** What was found, in any order. */
export interface FoundObjects {
  readonly objects: ReadonlyArray<DirectoryObject>
  /** Whether the cache is of all objects of the kind: then one that was not found does not exist. */
  readonly isComplete: boolean
}

/**
 * What the directory's cache knows of groups and roles. A host without such a cache leaves it out: then each counts as existing.
 */
export class DirectoryObjects extends Context.Reference<{
  /** Looks up groups or roles by id and by name. Unknown ones may be left out. */
  find(tenant: TenantScope, wanted: DirectoryLookup): Effect.Effect<FoundObjects>
}>("@atlas/intune/DirectoryObjects", {
  defaultValue: () => ({ find: () => Effect.succeed({ objects: [], isComplete: false }) })
}) {}
