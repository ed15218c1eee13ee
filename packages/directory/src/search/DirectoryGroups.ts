/**
 * Groups for selectors and pages, read from the cache only: its types show that it needs no `Graph`. `DirectoryReader` says
 * what each call answers and to whom.
 *
 * @module
 */
import type { Authorization, Runs } from "@atlas/operations"
import { Context, Layer } from "effect"
import { DirectoryCache } from "../cache/DirectoryCache.ts"
import type { DirectoryGroup, GroupFilter } from "../cache/DirectoryGroup.ts"
import { type DirectoryReader, makeDirectoryReader } from "./DirectoryReader.ts"
import * as GroupsSync from "../sync/GroupsSync.ts"

/**
 * Searches and labels a tenant's cached groups.
 *
 * @example
 * ```ts
 * const directory = yield* DirectoryGroups
 * const { freshness, items, nextCursor, typeMore } = yield* directory.search(actor, "contoso", { query, limit: 20 })
 * ```
 */
export class DirectoryGroups extends Context.Service<DirectoryGroups, DirectoryReader<DirectoryGroup, GroupFilter>>()(
  "@atlas/directory/DirectoryGroups"
) {
  static readonly layer: Layer.Layer<DirectoryGroups, never, Authorization | DirectoryCache | Runs> = Layer.effect(
    DirectoryGroups,
    DirectoryCache.use((cache) => makeDirectoryReader(GroupsSync.operation.name, cache.groups))
  )
}
