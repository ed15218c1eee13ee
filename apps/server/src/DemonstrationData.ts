/**
 * The data of a first start in development: people, tenants, connections to the fake Graph, and records from before the ledger.
 *
 * @module
 */

import { ConnectionAdministration } from "@atlas/graph"
import { type Actor, TenantId, WorkspaceId } from "@atlas/operations"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import type { Role } from "./Roles.ts"

/** The tenants that are connected to the fake Graph, with the credentials that it accepts. */
export const demonstrationTenants = [
  {
    workspaceId: "northwind",
    tenantId: "contoso",
    displayName: "Contoso",
    entraTenantId: "11111111-0000-4000-8000-000000000001",
    clientId: "22222222-0000-4000-8000-000000000001",
    clientSecret: "fake-secret-1"
  },
  {
    workspaceId: "fourth-coffee",
    tenantId: "adatum",
    displayName: "Adatum",
    entraTenantId: "11111111-0000-4000-8000-000000000002",
    clientId: "22222222-0000-4000-8000-000000000002",
    clientSecret: "fake-secret-2"
  }
] as const

const workspaces = [
  { id: "northwind", name: "Northwind Traders" },
  { id: "fourth-coffee", name: "Fourth Coffee" }
]

// Fabrikam has no provider connection, to show a blocked start.
const tenants = [
  { id: "contoso", workspaceId: "northwind", name: "Contoso" },
  { id: "fabrikam", workspaceId: "northwind", name: "Fabrikam" },
  { id: "adatum", workspaceId: "fourth-coffee", name: "Adatum" }
]

interface DemonstrationAccount {
  readonly id: string
  readonly name: string
  readonly workspaceId: string
  readonly role: Role
  readonly onlyTenant?: string
}

/** The people of the development sign-in, named by what they are. */
export const demonstrationAccounts: ReadonlyArray<DemonstrationAccount> = [
  { id: "owner@northwind", name: "Olivia Owner", workspaceId: "northwind", role: "owner" },
  { id: "manager@northwind", name: "Miguel Manager", workspaceId: "northwind", role: "manager" },
  { id: "operator@northwind", name: "Oskar Operator", workspaceId: "northwind", role: "operator" },
  { id: "readonly@northwind", name: "Rita Reader", workspaceId: "northwind", role: "readonly" },
  {
    id: "contoso-operator@northwind",
    name: "Carla Contoso",
    workspaceId: "northwind",
    role: "operator",
    onlyTenant: "contoso"
  },
  { id: "owner@fourth-coffee", name: "Frank Coffee", workspaceId: "fourth-coffee", role: "owner" }
]

/** Records from before the ledger, not mapped yet: try `atlas legacy map`. */
const legacyRuns = [
  {
    table: "inventory_sync_runs",
    id: "77777777-0000-4000-8000-000000000001",
    status: "completed",
    items: 182,
    error: null
  },
  {
    table: "entra_group_sync_runs",
    id: "77777777-0000-4000-8000-000000000002",
    status: "completed",
    items: 4_874,
    error: null
  },
  {
    table: "entra_group_sync_runs",
    id: "77777777-0000-4000-8000-000000000003",
    status: "failed",
    items: 0,
    error: "HTTP 504"
  },
  {
    table: "backup_schedule_runs",
    id: "77777777-0000-4000-8000-000000000004",
    status: "completed",
    items: 63,
    error: null
  }
] as const

/** Fills the old tables. They refuse new rows unless their owner disables the triggers. */
const seedLegacyRuns = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  for (const { error, id, items, status, table } of legacyRuns) {
    const name = sql(table)
    yield* sql`ALTER TABLE ${name} DISABLE TRIGGER USER`
    yield* sql`
      INSERT INTO ${name} (id, workspace_id, tenant_id, status, started_by, started_at, finished_at, item_count, error)
      VALUES (${id}::uuid, 'northwind', 'contoso', ${status}, 'Olivia Owner', '2026-01-15T02:00:00Z', '2026-01-15T02:03:20Z',
        ${items}, ${error})`
    yield* sql`ALTER TABLE ${name} ENABLE TRIGGER USER`
  }
})

const demonstration: Actor = { id: "demonstration", kind: "system", name: "Demonstration data" }

/** Fills an empty database, and returns whether it did. If several processes try at once, one of them does it. */
export const seed = Effect.fn("DemonstrationData.seed")(
  function* () {
    const sql = yield* SqlClient.SqlClient
    const connections = yield* ConnectionAdministration
    const json = (rows: ReadonlyArray<object>) => JSON.stringify(rows)
    // Makes the other processes wait until this transaction ends.
    yield* sql`LOCK TABLE workspaces IN SHARE ROW EXCLUSIVE MODE`
    const existing = yield* sql`SELECT FROM workspaces LIMIT 1`
    if (existing.length > 0) return false
    yield* sql`
      INSERT INTO workspaces SELECT * FROM json_to_recordset(${json(workspaces)}::json) AS w(id text, name text)`
    yield* sql`
      INSERT INTO tenants (id, workspace_id, name)
      SELECT t.id, t."workspaceId", t.name
      FROM json_to_recordset(${json(tenants)}::json) AS t(id text, "workspaceId" text, name text)`
    yield* sql`
      WITH people AS (
        SELECT * FROM json_to_recordset(${json(demonstrationAccounts)}::json)
          AS p(id text, name text, "workspaceId" text, role text, "onlyTenant" text)
      ), added AS (
        INSERT INTO accounts (id, name) SELECT id, name FROM people
      ), joined AS (
        INSERT INTO memberships (account_id, workspace_id, role, entitled)
        SELECT id, "workspaceId", role, CASE WHEN "onlyTenant" IS NULL THEN 'all' ELSE 'some' END FROM people
      )
      INSERT INTO entitlements SELECT id, "workspaceId", "onlyTenant" FROM people WHERE "onlyTenant" IS NOT NULL`
    yield* seedLegacyRuns
    for (const tenant of demonstrationTenants) {
      const { entraTenantId, clientId, clientSecret, displayName } = tenant
      yield* connections.create(demonstration, {
        scope: { workspaceId: WorkspaceId.make(tenant.workspaceId), tenantId: TenantId.make(tenant.tenantId) },
        displayName,
        cloud: "fake",
        entraTenantId,
        clientId,
        credential: { credential: { kind: "client_secret", secret: Redacted.make(clientSecret) } }
      })
    }
    return true
  },
  (seeded) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.withTransaction(seeded)),
  Effect.orDie
)
