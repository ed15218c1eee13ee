import type { Authorization, Runs } from "@atlas/operations"
import { Context, Layer } from "effect"
import { DirectoryCache } from "../cache/DirectoryCache.ts"
import type { DirectoryGroup, GroupFilter } from "../cache/DirectoryGroup.ts"
import { type DirectoryReader, makeDirectoryReader } from "./DirectoryReader.ts"
import * as GroupsSync from "../sync/GroupsSync.ts"

/** Groups for selectors and pages, from the cache only. */
export class DirectoryGroups extends Context.Service<DirectoryGroups, DirectoryReader<DirectoryGroup, GroupFilter>>()(
  "@atlas/directory/DirectoryGroups"
) {
  static readonly layer: Layer.Layer<DirectoryGroups, never, Authorization | DirectoryCache | Runs> = Layer.effect(
    DirectoryGroups,
    DirectoryCache.use((cache) => makeDirectoryReader(GroupsSync.type.name, cache.groups))
  )
}
