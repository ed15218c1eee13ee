/**
 * The cached collections of all tenants: every statement on them, for the readers and the syncs of this package. It trusts its
 * arguments and authorises nobody, so only `@atlas/directory/testing` exports it.
 *
 * @module
 */
import { makeReplicaStore, type ReplicaStore } from "@atlas/replica"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { type CollectionReads, makeCollectionReads } from "./CollectionReads.ts"
import { type DirectoryGroup, type GroupFilter, groups } from "./DirectoryGroup.ts"
import { type DirectoryRoleDefinition, type RoleDefinitionFilter, roleDefinitions } from "./DirectoryRoleDefinition.ts"

/** The statements on each cached collection. */
export class DirectoryCache extends Context.Service<
  DirectoryCache,
  {
    readonly groups: CollectionReads<DirectoryGroup, GroupFilter> & ReplicaStore
    readonly roleDefinitions: CollectionReads<DirectoryRoleDefinition, RoleDefinitionFilter> & ReplicaStore
  }
>()("@atlas/directory/DirectoryCache") {
  static readonly layer: Layer.Layer<DirectoryCache, never, SqlClient.SqlClient> = Layer.effect(
    DirectoryCache,
    Effect.map(SqlClient.SqlClient, (sql) =>
      DirectoryCache.of({
        groups: { ...makeCollectionReads(sql, groups), ...makeReplicaStore(sql, groups) },
        roleDefinitions: {
          ...makeCollectionReads(sql, roleDefinitions),
          ...makeReplicaStore(sql, roleDefinitions)
        }
      })
    )
  )
}
