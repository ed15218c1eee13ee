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

/** The reference policy: memberships with a role, in all tenants of a workspace or in some, on the server's own tables. */
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

    const membershipIn = SqlSchema.findOneOption({
      Request: Schema.Struct({ account: Schema.String, tenant: Schema.String }),
      Result: Schema.Struct({ workspaceId: WorkspaceId, tenantId: TenantId, role: Role }),
      execute: ({ account, tenant }) => sql`
        SELECT t.workspace_id AS "workspaceId", t.id AS "tenantId", m.role
        FROM tenants t JOIN memberships m ON m.workspace_id = t.workspace_id
        WHERE t.id = ${tenant} AND m.account_id = ${account} AND (m.entitled = 'all' OR EXISTS (
          SELECT FROM entitlements e WHERE e.account_id = m.account_id AND e.workspace_id = m.workspace_id
            AND e.tenant_id = t.id))`
    })

    const grants = Effect.fn("AccessPolicy.grants")(function* (actor: Actor) {
      const rows = yield* memberships(actor.id)
      return rows.map(({ workspaceId, role, entitled, tenants }): Grant => ({
        workspaceId,
        tenants: entitled === "all" ? "all" : new Set(tenants),
        capabilities: capabilitiesOf[role]
      }))
    }, Effect.orDie)

    const tenant = Effect.fn("AccessPolicy.tenant")(function* (actor: Actor, tenantId: string) {
      const row = yield* membershipIn({ account: actor.id, tenant: tenantId })
      return Option.map(row, ({ workspaceId, tenantId, role }) => ({
        scope: { workspaceId, tenantId },
        capabilities: capabilitiesOf[role]
      }))
    }, Effect.orDie)

    return Access.of({ grants, tenant })
  })
)
