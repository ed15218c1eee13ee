/**
 * Where an operation works: in one tenant, or in a workspace as a whole. The ids are the host's own text, of 1 to 200
 * characters. No foreign key leads into the host's tables.
 *
 * @module
 */
import { Schema } from "effect"
import * as Storable from "../text/Storable.ts"

/** The id of a workspace: a customer of the host. Everything belongs to exactly one. */
export const WorkspaceId = Schema.NonEmptyString.check(Schema.isMaxLength(200)).pipe(Schema.brand("WorkspaceId"))
export type WorkspaceId = typeof WorkspaceId.Type

/** The id of a managed tenant: the host's own, and globally unique. It is not the Entra directory id. */
export const TenantId = Schema.NonEmptyString.check(Schema.isMaxLength(200)).pipe(Schema.brand("TenantId"))
export type TenantId = typeof TenantId.Type

/** A workspace, and a tenant in it or `null` for the workspace as a whole. */
export interface OperationScope {
  readonly workspaceId: WorkspaceId
  readonly tenantId: TenantId | null
}

/** A scope as callers pass it. It may have more members: a run is a scope. */
export const GivenScope = Schema.StructWithRest(
  Schema.Struct({
    workspaceId: WorkspaceId.check(Storable.check),
    tenantId: Schema.NullOr(TenantId.check(Storable.check))
  }),
  [Schema.Record(Schema.String, Schema.Unknown)]
)

/** A tenant's scope as callers pass it. */
export const GivenTenantScope = Schema.StructWithRest(
  Schema.Struct({ workspaceId: WorkspaceId.check(Storable.check), tenantId: TenantId.check(Storable.check) }),
  [Schema.Record(Schema.String, Schema.Unknown)]
)

/** One managed tenant inside its workspace. */
export interface TenantScope extends OperationScope {
  readonly tenantId: TenantId
}
