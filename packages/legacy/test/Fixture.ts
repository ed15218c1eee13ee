import { type Actor, Operations, Operation, TenantId } from "@atlas/operations"
import * as Pg from "@atlas/operations/pg"
import { TestOperations } from "@atlas/operations/testing"
import { TestDatabase } from "@atlas/test"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { LegacyMappings, LegacyRuns } from "../src/index.ts"

export const contoso = TenantId.make("contoso")
const fabrikam = TenantId.make("fabrikam")
const adatum = TenantId.make("adatum")

/** The operation that took the place of `entra_group_sync_runs`. */
export const GroupsSync = Operation.make({
  name: "directory_groups.sync",
  label: "Groups sync",
  description: "Does what the test says.",
  category: "Test",
  input: Operation.NoInput,
  capabilities: { start: "tenant.work.run", view: "tenant.work.view" },
  identity: { rule: "while_active" }
})

const person = (id: string): Actor => ({ id, kind: "user", name: id })
export const operator = person("operator@northwind")
export const contosoOnly = person("contoso-operator@northwind")
export const historian = person("historian@northwind")
export const outsider = person("owner@fourth-coffee")

const access = TestOperations.accessOf(
  { northwind: [contoso, fabrikam], "fourth-coffee": [adatum] },
  {
    [operator.id]: {
      workspace: "northwind",
      tenants: [contoso, fabrikam],
      capabilities: ["tenant.work.run", "tenant.work.view"]
    },
    [historian.id]: {
      workspace: "northwind",
      tenants: [contoso, fabrikam],
      capabilities: ["tenant.directory.view"]
    },
    [contosoOnly.id]: { workspace: "northwind", tenants: [contoso], capabilities: ["tenant.directory.view"] },
    [outsider.id]: { workspace: "fourth-coffee", tenants: [adatum], capabilities: ["tenant.directory.view"] }
  }
)

/** The old records beside a ledger, on a database of its own. */
export const records = Layer.merge(LegacyRuns.layer, LegacyMappings.layer).pipe(
  Layer.provideMerge(Operations.layer(GroupsSync)),
  Layer.provideMerge(Layer.merge(access, Pg.listener)),
  Layer.provideMerge(TestDatabase.layer)
)

/** An old groups sync, as its table had it when it still took rows. */
export const insertOld = (id: string, tenant: string, more: { readonly error?: string } = {}) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`ALTER TABLE entra_group_sync_runs DISABLE TRIGGER USER`
    yield* sql`
      INSERT INTO entra_group_sync_runs (id, workspace_id, tenant_id, status, started_at, error)
      VALUES (${id}::uuid, 'northwind', ${tenant}, 'failed', now(), ${more.error ?? null})`
    yield* sql`ALTER TABLE entra_group_sync_runs ENABLE TRIGGER USER`
  })
