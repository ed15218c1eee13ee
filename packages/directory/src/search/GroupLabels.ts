/**
 * Names of groups for trusted code, such as a host's adapter between the directory and another package. It authorises nobody
 * and never asks Graph. For people there is `DirectoryGroups`.
 *
 * @module
 */
import { Decoding, type Problems, type TenantScope } from "@atlas/operations"
import { Context, Effect, Layer, Schema } from "effect"
import { DirectoryCache } from "../cache/DirectoryCache.ts"
import { type DirectoryLabel, labelEach } from "./DirectoryReader.ts"

const decode = Decoding.argumentsOf(
  Schema.Struct({ tenant: Decoding.GivenTenantScope, ids: Schema.Array(Schema.String) })
)

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
  }
>()("@atlas/directory/GroupLabels") {
  static readonly layer: Layer.Layer<GroupLabels, never, DirectoryCache> = Layer.effect(
    GroupLabels,
    Effect.map(DirectoryCache, ({ groups }) => ({
      of: Effect.fn("GroupLabels.of")(function* (givenTenant: TenantScope, givenIds: ReadonlyArray<string>) {
        const { ids, tenant } = yield* decode({ tenant: givenTenant, ids: givenIds })
        return yield* labelEach(groups, tenant, ids)
      })
    }))
  )
}
