import {
  Access,
  type Actor,
  type Capability,
  type Grant,
  Operations,
  Operation,
  TenantId,
  WorkspaceId
} from "@atlas/operations"
import * as Pg from "@atlas/operations/pg"
import { TestDatabase } from "@atlas/test"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { LegacyMappings, LegacyRuns } from "../src/index.ts"

const northwind = WorkspaceId.make("northwind")
export const contoso = TenantId.make("contoso")
const fabrikam = TenantId.make("fabrikam")

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

const grant = (
  workspaceId: WorkspaceId,
  tenants: ReadonlyArray<TenantId>,
  capabilities: ReadonlyArray<Capability>
): Grant => ({ workspaceId, tenants: new Set(tenants), capabilities: new Set(capabilities) })

const grants = new Map<string, Grant>([
  [operator.id, grant(northwind, [contoso, fabrikam], ["tenant.work.run", "tenant.work.view"])],
  [historian.id, grant(northwind, [contoso, fabrikam], ["tenant.directory.view"])],
  [contosoOnly.id, grant(northwind, [contoso], ["tenant.directory.view"])],
  [outsider.id, grant(WorkspaceId.make("fourth-coffee"), [TenantId.make("adatum")], ["tenant.directory.view"])]
])

const access = Layer.succeed(
  Access,
  Access.of({
    workspaceOf: (tenantId) =>
      Effect.succeedSome(tenantId === "adatum" ? WorkspaceId.make("fourth-coffee") : northwind),
    grants: (actor) => Effect.succeed([grants.get(actor.id) ?? []].flat())
  })
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
