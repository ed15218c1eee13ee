import { Access, type Actor, type Grant, TenantId, WorkspaceId } from "@atlas/operations"
import { Effect, Layer, Option, Schema } from "effect"
import { SqlClient, SqlSchema } from "effect/sql"
import { capabilitiesOf, Role } from "./Roles.ts"

const Membership = Schema.Struct({
  workspaceId: WorkspaceId,
  role: Role,
  entitled: Schema.Literals(["all", "some"]),
  tenants: Schema.Array(TenantId)
})

/** The reference policy, on the server's own tables: memberships with a role, in all tenants of a workspace or in some. */
export const layer: Layer.Layer<Access, never, SqlClient.SqlClient> = Layer.effect(
  Access,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient

    const memberships = SqlSchema.findAll({
      Request: Schema.String,
      Result: Membership,
      execute: (account) => sql`
        SELECT m.workspace_id AS "workspaceId", m.role, m.entitled, coalesce(
          (SELECT array_agg(e.tenant_id) FROM entitlements e
            WHERE e.account_id = m.account_id AND e.workspace_id = m.workspace_id), '{}') AS tenants
        FROM memberships m WHERE m.account_id = ${account}`
    })

    const workspaces = SqlSchema.findOneOption({
      Request: TenantId,
      Result: Schema.Struct({ workspaceId: WorkspaceId }),
      execute: (tenant) => sql`SELECT workspace_id AS "workspaceId" FROM tenants WHERE id = ${tenant}`
    })

    const grants = Effect.fn("AccessPolicy.grants")(function* (actor: Actor) {
      const rows = yield* memberships(actor.id)
      return rows.map(({ workspaceId, role, entitled, tenants }): Grant => ({
        workspaceId,
        tenants: entitled === "all" ? "all" : new Set(tenants),
        capabilities: capabilitiesOf[role]
      }))
    }, Effect.orDie)

    const workspaceOf = Effect.fn("AccessPolicy.workspaceOf")(function* (tenantId: TenantId) {
      return Option.map(yield* workspaces(tenantId), ({ workspaceId }) => workspaceId)
    }, Effect.orDie)

    return Access.of({ grants, workspaceOf })
  })
)
