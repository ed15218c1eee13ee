import { Schema } from "effect"
import { isStorableText } from "../text/StorableText.ts"

/** The customer of the host: everything belongs to exactly one workspace. Text chosen by the host. */
export const WorkspaceId = Schema.NonEmptyString.check(Schema.isMaxLength(200)).pipe(Schema.brand("WorkspaceId"))
export type WorkspaceId = typeof WorkspaceId.Type

/** The host's own, globally unique id of a managed tenant. It is not the Entra directory id. */
export const TenantId = Schema.NonEmptyString.check(Schema.isMaxLength(200)).pipe(Schema.brand("TenantId"))
export type TenantId = typeof TenantId.Type

/** Where an operation works: in one tenant, or (tenant `null`) in the workspace as a whole. */
export interface OperationScope {
  readonly workspaceId: WorkspaceId
  readonly tenantId: TenantId | null
}

/** A scope as callers hand it over: a run is one, and has more members. */
export const GivenScope = Schema.StructWithRest(
  Schema.Struct({
    workspaceId: WorkspaceId.check(isStorableText),
    tenantId: Schema.NullOr(TenantId.check(isStorableText))
  }),
  [Schema.Record(Schema.String, Schema.Unknown)]
)

/** The same of a tenant. */
export const GivenTenantScope = Schema.StructWithRest(
  Schema.Struct({ workspaceId: WorkspaceId.check(isStorableText), tenantId: TenantId.check(isStorableText) }),
  [Schema.Record(Schema.String, Schema.Unknown)]
)

/** One managed tenant inside its workspace. */
export interface TenantScope extends OperationScope {
  readonly tenantId: TenantId
}
