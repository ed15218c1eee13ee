/**
 * The people, workspaces and tenants of the reference server, in tables of its own.
 *
 * @module
 */

import { Tenant } from "@atlas/console"
import { type Actor, Storable } from "@atlas/operations"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, SqlSchema } from "effect/sql"
import { Role } from "./Roles.ts"

/** A person who can sign in, with the role and the tenants that this gives. */
export const Account = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  role: Role,
  workspace: Schema.String,
  /** The tenants that the person is entitled to, by name; null for all of the workspace. */
  tenants: Schema.NullOr(Schema.String)
})
export type Account = typeof Account.Type

/** Reads people and tenants. Database failures are defects. */
export class Accounts extends Context.Service<
  Accounts,
  {
    /** Everyone, for the development sign-in. */
    readonly all: Effect.Effect<ReadonlyArray<Account>>
    actor(id: string): Effect.Effect<Option.Option<Actor>>
    /** The account of a person of Entra ID, by the ids in a verified token. */
    ofIdentity(identity: { readonly tenantId: string; readonly objectId: string }): Effect.Effect<Option.Option<Actor>>
    /** The tenants that an actor is entitled to, by name. */
    tenantsOf(actor: Actor): Effect.Effect<ReadonlyArray<Tenant>>
  }
>()("@atlas/server/Accounts") {
  static readonly layer: Layer.Layer<Accounts, never, SqlClient.SqlClient> = Layer.effect(
    Accounts,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const allAccounts = SqlSchema.findAll({
        Request: Schema.Void,
        Result: Account,
        execute: () => sql`
          SELECT a.id, a.name, m.role, w.name AS workspace, (
            SELECT string_agg(t.name, ', ' ORDER BY t.name) FROM entitlements e JOIN tenants t ON t.id = e.tenant_id
            WHERE m.entitled = 'some' AND e.account_id = m.account_id AND e.workspace_id = m.workspace_id) AS tenants
          FROM accounts a JOIN memberships m ON m.account_id = a.id JOIN workspaces w ON w.id = m.workspace_id
          ORDER BY w.name DESC, array_position(ARRAY['owner', 'manager', 'operator', 'readonly'], m.role), a.id`
      })

      const findAccount = SqlSchema.findOneOption({
        Request: Schema.String,
        Result: Schema.Struct({ id: Schema.String, name: Schema.String }),
        execute: (id) => sql`SELECT id, name FROM accounts WHERE id = ${id}`
      })

      const findByIdentity = SqlSchema.findOneOption({
        Request: Schema.Struct({ tenantId: Schema.String, objectId: Schema.String }),
        Result: Schema.Struct({ id: Schema.String, name: Schema.String }),
        execute: ({ tenantId, objectId }) => sql`
          SELECT a.id, a.name FROM account_identities i JOIN accounts a ON a.id = i.account_id
          WHERE i.entra_tenant_id = ${tenantId} AND i.object_id = ${objectId}`
      })

      const toActor = Effect.map(
        Option.map(({ id, name }: { readonly id: string; readonly name: string }): Actor => ({
          id,
          kind: "user",
          name
        }))
      )

      const entitledTenants = SqlSchema.findAll({
        Request: Schema.String,
        Result: Tenant,
        execute: (account) => sql`
          SELECT t.id, t.name, w.name AS workspace
          FROM memberships m JOIN workspaces w ON w.id = m.workspace_id JOIN tenants t ON t.workspace_id = w.id
          WHERE m.account_id = ${account} AND (m.entitled = 'all' OR EXISTS (
            SELECT FROM entitlements e WHERE e.account_id = m.account_id AND e.workspace_id = m.workspace_id
              AND e.tenant_id = t.id))
          ORDER BY w.name, t.name`
      })

      return Accounts.of({
        all: allAccounts().pipe(Effect.orDie, Effect.withSpan("Accounts.all")),
        actor: Effect.fn("Accounts.actor")(
          (id: string) => (Storable.is(id) ? findAccount(id) : Effect.succeedNone),
          toActor,
          Effect.orDie
        ),
        ofIdentity: Effect.fn("Accounts.ofIdentity")(
          (identity: { readonly tenantId: string; readonly objectId: string }) =>
            Storable.is(identity.objectId) ? findByIdentity(identity) : Effect.succeedNone,
          toActor,
          Effect.orDie
        ),
        tenantsOf: Effect.fn("Accounts.tenantsOf")((actor: Actor) => entitledTenants(actor.id), Effect.orDie)
      })
    })
  )
}
