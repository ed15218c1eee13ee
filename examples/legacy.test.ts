import { TestOperations } from "@atlas/operations/testing"
import { LegacyMappings, type LegacyRun, LegacyRuns } from "@atlas/legacy"
import * as LegacyMigrations from "@atlas/legacy/migrations"
import { type Actor, Operations, TenantId, WorkspaceId } from "@atlas/operations"
import * as Pg from "@atlas/operations/pg"
import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, type Redacted } from "effect"
import { SqlClient } from "effect/sql"

const actor: Actor = { id: "ada", kind: "user", name: "Ada" }
const scope = { workspaceId: WorkspaceId.make("northwind"), tenantId: TenantId.make("contoso") }
const capabilities = new Set(["tenant.backups.view"] as const)

const access = TestOperations.accessIn(scope.workspaceId, () => capabilities)

// #region history
const host = (url: Redacted.Redacted) =>
  LegacyRuns.layer.pipe(
    Layer.provideMerge(Operations.layer()),
    Layer.provide(access),
    Layer.provideMerge(Pg.layer({ url }, LegacyMigrations.run))
  )

/** Where a record leads: to the run that it was mapped to, or to nothing but itself. */
const linkOf = ({ id, kind, operationRunId }: LegacyRun) =>
  operationRunId === null ? `/history/${kind.table}/${id}` : `/runs/${operationRunId}`

const backups = Effect.gen(function* () {
  const records = yield* LegacyRuns
  return yield* records.list(actor, "backup_schedule_runs", "contoso", { before: null, limit: 50 })
})
// #endregion

const record = "77777777-0000-4000-8000-000000000004"
const runId = "01900000-0000-7000-8000-000000000000"

const misfits = LegacyMappings.use((mappings) =>
  mappings.map([{ table: "backup_schedule_runs", id: record, runId }], { dryRun: true })
)

const fixture = Layer.unwrap(Effect.map(TestDatabase.url, host)).pipe(Layer.provideMerge(TestDatabase.layerNoClient))

layer(fixture, { excludeTestServices: true })("packages/legacy/README.md", (it) => {
  it.effect("lists what there was before the ledger, and says what is no run", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`ALTER TABLE backup_schedule_runs DISABLE TRIGGER USER`
      yield* sql`INSERT INTO backup_schedule_runs (id, tenant_id) VALUES (${record}::uuid, 'contoso')`
      yield* sql`ALTER TABLE backup_schedule_runs ENABLE TRIGGER USER`
      assert.deepStrictEqual((yield* backups).map(linkOf), [`/history/backup_schedule_runs/${record}`])
      const [misfit] = yield* Effect.provide(misfits, LegacyMappings.layer)
      assert.strictEqual(misfit?.problem, `there is no run ${runId}`)
    })
  )
})
