/**
 * Names of groups for trusted code, such as a host's adapter between the directory and another package. It authorises nobody
 * and never asks Graph. For people there is `DirectoryGroups`.
 *
 * @module
 */
import { Decoding, type Problems, type TenantScope, Storable } from "@atlas/operations"
import { Context, Effect, Layer, Schema } from "effect"
import { DirectoryCache } from "../cache/DirectoryCache.ts"
import { type DirectoryLabel, labelEach } from "./DirectoryReader.ts"

const tenant = Decoding.GivenTenantScope
const decode = Decoding.argumentsOf(Schema.Struct({ tenant, ids: Schema.Array(Schema.String) }))
const decodeNames = Decoding.argumentsOf(Schema.Struct({ tenant, names: Schema.Array(Storable.Text) }))
const decodeTenant = Decoding.argumentsOf(Schema.Struct({ tenant }))

/**
 * Labels cached groups.
 *
 * @example
 * ```ts
 * const trusted = yield* GroupLabels
 * assert.deepStrictEqual(yield* trusted.of(scope, ["group-0", "group-3", "never-heard-of"]), labels)
 * ```
 */
export class GroupLabels extends Context.Service<
  GroupLabels,
  {
    /** A label for each id, in the order of the ids; also for groups that were removed or that the cache has never seen. */
    of(
      tenant: TenantScope,
      ids: ReadonlyArray<string>
    ): Effect.Effect<ReadonlyArray<DirectoryLabel>, Problems.InvalidInput>
    /** A label for each existing group that has one of these names; accents and case do not matter. */
    named(
      tenant: TenantScope,
      names: ReadonlyArray<string>
    ): Effect.Effect<ReadonlyArray<DirectoryLabel>, Problems.InvalidInput>
    /** Whether the cache has had all groups of the tenant, so that an id that it has never seen is of no group. */
    isComplete(tenant: TenantScope): Effect.Effect<boolean, Problems.InvalidInput>
  }
>()("@atlas/directory/GroupLabels") {
  static readonly layer: Layer.Layer<GroupLabels, never, DirectoryCache> = Layer.effect(
    GroupLabels,
    Effect.map(DirectoryCache, ({ groups }) => ({
      of: Effect.fn("GroupLabels.of")(function* (givenTenant: TenantScope, givenIds: ReadonlyArray<string>) {
        const { ids, tenant } = yield* decode({ tenant: givenTenant, ids: givenIds })
        return yield* labelEach(groups, tenant, ids)
      }),
      named: Effect.fn("GroupLabels.named")(function* (givenTenant: TenantScope, givenNames: ReadonlyArray<string>) {
        const { names, tenant } = yield* decodeNames({ tenant: givenTenant, names: givenNames })
        const found = yield* groups.named(tenant, names)
        return found.map(({ displayName, id }) => ({ id, displayName, state: "exists" as const }))
      }),
      isComplete: Effect.fn("GroupLabels.isComplete")(function* (givenTenant: TenantScope) {
        const { tenant } = yield* decodeTenant({ tenant: givenTenant })
        return (yield* groups.state(tenant)).completedAt !== null
      })
    }))
  )
}
