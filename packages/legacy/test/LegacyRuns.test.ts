import { AuditLog, Runs, WorkspaceId } from "@atlas/operations"
import * as Operations from "@atlas/operations/migrations"
import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { SqlClient } from "effect/sql"
import { legacyKinds, LegacyRuns } from "../src/index.ts"
import * as Migrations from "../src/Migrations.ts"
import { contoso, contosoOnly, GroupsSync, historian, insertOld, operator, outsider, records } from "./Fixture.ts"

const [inventory, groups] = legacyKinds
const id = "77777777-0000-4000-8000-000000000001"

layer(records, { excludeTestServices: true, timeout: "60 seconds" })("history from before the ledger", (it) => {
  it.effect("takes no new rows, and no change but of the mapping", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* insertOld(id, contoso)
      for (const { table } of legacyKinds) {
        const added = yield* Effect.exit(
          sql`INSERT INTO ${sql.literal(table)} (id, tenant_id) VALUES (gen_random_uuid(), 'contoso')`
        )
        assert.isTrue(Exit.isFailure(added), table)
        assert.isTrue(Exit.isFailure(yield* Effect.exit(sql`TRUNCATE ${sql(table)} CASCADE`)), table)
      }
      const changed = yield* Effect.exit(sql`UPDATE entra_group_sync_runs SET status = 'succeeded'`)
      assert.isTrue(Exit.isFailure(changed))
      const { run } = yield* Runs.use((runs) => runs.start(operator, GroupsSync, { tenantId: contoso, input: {} }))
      yield* sql`UPDATE entra_group_sync_runs SET operation_run_id = ${run.id}::uuid`
      const mapped = yield* LegacyRuns.use(({ get }) => get(historian, groups!.table, id))
      assert.strictEqual(mapped.operationRunId, run.id)
      yield* sql`DELETE FROM operation_runs`
      assert.isNull((yield* LegacyRuns.use(({ get }) => get(historian, groups!.table, id))).operationRunId)
    }).pipe(Effect.ensuring(Effect.orDie(SqlClient.SqlClient.use((sql) => sql`DELETE FROM entra_group_sync_runs`))))
  )

  it.effect("is for those who may see its kind in its tenant", () =>
    Effect.gen(function* () {
      const { get, list } = yield* LegacyRuns
      yield* insertOld(id, "fabrikam", { error: "failed with client_secret=hunter2hunter2" })
      const refused = yield* Effect.flip(get(operator, groups!.table, id))
      assert.strictEqual(refused._tag === "Forbidden" && refused.requiredCapability, "tenant.directory.view")
      const [refusal] = yield* AuditLog.use((audit) =>
        audit.list(WorkspaceId.make("northwind"), { before: null, limit: 1 })
      )
      assert.deepInclude({ ...refusal }, { action: "forbidden", actor: operator })
      for (const [actor, record] of [
        [outsider, id],
        [contosoOnly, id],
        [outsider, "no such id"],
        [operator, "\u0000"]
      ] as const) {
        assert.strictEqual((yield* Effect.flip(get(actor, groups!.table, record)))._tag, "NotFound")
      }
      assert.strictEqual(
        (yield* Effect.flip(list(outsider, groups!.table, contoso, { before: null, limit: 5 })))._tag,
        "NotFound"
      )
      assert.strictEqual((yield* Effect.flip(get(operator, inventory!.table, id)))._tag, "NotFound")
      const [shown] = yield* list(historian, groups!.table, "fabrikam", { before: null, limit: 5 })
      assert.deepInclude({ ...shown }, { id, tenantId: "fabrikam", operationRunId: null })
      assert.notInclude(JSON.stringify(shown), "hunter2")
      assert.deepStrictEqual(yield* list(historian, groups!.table, "fabrikam", { before: id, limit: 5 }), [])
    })
  )
})

layer(TestDatabase.layer, { excludeTestServices: true, timeout: "60 seconds" })(
  "tables that were there before",
  (it) => {
    it.effect("keep their rows and columns, and are mapped and closed like the others", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE SCHEMA adopted`
        yield* Effect.gen(function* () {
          yield* sql`SET LOCAL search_path = adopted`
          yield* sql`CREATE TABLE inventory_sync_runs (id bigint PRIMARY KEY, tenant_id uuid, notes jsonb)`
          yield* sql`INSERT INTO inventory_sync_runs VALUES (7, gen_random_uuid(), '{"kept":true}')`
          yield* Operations.run
          yield* Migrations.run
          const [row] = yield* sql<{ notes: unknown; mapped: unknown }>`
          SELECT notes::text AS notes, operation_run_id AS mapped FROM inventory_sync_runs WHERE id::text = '7'`
          assert.deepStrictEqual(row, { notes: '{"kept": true}', mapped: null })
          const added = yield* Effect.exit(
            sql.withTransaction(sql`INSERT INTO inventory_sync_runs VALUES (8, gen_random_uuid(), '{}')`)
          )
          assert.isTrue(Exit.isFailure(added))
          for (const change of [sql`UPDATE inventory_sync_runs SET notes = '{}'`, sql`TRUNCATE inventory_sync_runs`]) {
            assert.isTrue(Exit.isFailure(yield* Effect.exit(sql.withTransaction(change))))
          }
        }).pipe(sql.withTransaction)
      })
    )
  }
)
