/**
 * Names of groups and role definitions for trusted code, such as a host's adapter between the directory and another package. It
 * authorises nobody and never asks Graph. For people there are `DirectoryGroups` and `DirectoryRoleDefinitions`.
 *
 * @module
 */
import { Decoding, type Problems, type TenantScope, Storable } from "@atlas/operations"
import { Context, Effect, Layer, Schema } from "effect"
import type { ReplicaStore } from "@atlas/replica"
import type { CollectionReads } from "../cache/CollectionReads.ts"
import { DirectoryCache } from "../cache/DirectoryCache.ts"
import { type DirectoryLabel, labelEach } from "./DirectoryReader.ts"

const tenant = Decoding.GivenTenantScope
const decode = Decoding.argumentsOf(Schema.Struct({ tenant, ids: Schema.Array(Schema.String) }))
const decodeNames = Decoding.argumentsOf(Schema.Struct({ tenant, names: Schema.Array(Storable.Text) }))
const decodeTenant = Decoding.argumentsOf(Schema.Struct({ tenant }))

/** What the cache knows of the objects of one collection. */
export interface DirectoryLabels {
  /** A label for each id, in the order of the ids; also for objects that were removed or that the cache has never seen. */
  of(
    tenant: TenantScope,
    ids: ReadonlyArray<string>
  ): Effect.Effect<ReadonlyArray<DirectoryLabel>, Problems.InvalidInput>
  /** A label for each existing object that has one of these names; accents and case do not matter. */
  named(
    tenant: TenantScope,
    names: ReadonlyArray<string>
  ): Effect.Effect<ReadonlyArray<DirectoryLabel>, Problems.InvalidInput>
  /** Whether the cache has had all objects of the tenant, so that an id that it has never seen is of none. */
  isComplete(tenant: TenantScope): Effect.Effect<boolean, Problems.InvalidInput>
}

const makeLabels = (
  name: "GroupLabels" | "RoleDefinitionLabels",
  reads: Pick<CollectionReads<unknown, string>, "labels" | "named"> & Pick<ReplicaStore, "state">
): DirectoryLabels => ({
  of: Effect.fn(`${name}.of`)(function* (givenTenant: TenantScope, givenIds: ReadonlyArray<string>) {
    const { ids, tenant } = yield* decode({ tenant: givenTenant, ids: givenIds })
    return yield* labelEach(reads, tenant, ids)
  }),
  named: Effect.fn(`${name}.named`)(function* (givenTenant: TenantScope, givenNames: ReadonlyArray<string>) {
    const { names, tenant } = yield* decodeNames({ tenant: givenTenant, names: givenNames })
    const found = yield* reads.named(tenant, names)
    return found.map(({ displayName, id }) => ({ id, displayName, state: "exists" as const }))
  }),
  isComplete: Effect.fn(`${name}.isComplete`)(function* (givenTenant: TenantScope) {
    const { tenant } = yield* decodeTenant({ tenant: givenTenant })
    return (yield* reads.state(tenant)).completedAt !== null
  })
})

/**
 * Labels cached groups.
 *
 * @example
 * ```ts
 * const trusted = yield* GroupLabels
 * assert.deepStrictEqual(yield* trusted.of(scope, ["group-0", "group-3", "never-heard-of"]), labels)
 * ```
 */
export class GroupLabels extends Context.Service<GroupLabels, DirectoryLabels>()("@atlas/directory/GroupLabels") {
  static readonly layer: Layer.Layer<GroupLabels, never, DirectoryCache> = Layer.effect(
    GroupLabels,
    Effect.map(DirectoryCache, ({ groups }) => makeLabels("GroupLabels", groups))
  )
}

/** Labels cached definitions of Entra roles, by id; those of built-in roles are the same in every tenant. */
export class RoleDefinitionLabels extends Context.Service<RoleDefinitionLabels, DirectoryLabels>()(
  "@atlas/directory/RoleDefinitionLabels"
) {
  static readonly layer: Layer.Layer<RoleDefinitionLabels, never, DirectoryCache> = Layer.effect(
    RoleDefinitionLabels,
    Effect.map(DirectoryCache, ({ roleDefinitions }) => makeLabels("RoleDefinitionLabels", roleDefinitions))
  )
}
