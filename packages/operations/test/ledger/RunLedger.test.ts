import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Runs } from "../../src/index.ts"
import { contoso, ledger, operator, Work } from "../Fixture.ts"

layer(ledger, { excludeTestServices: true })("RunLedger", (it) => {
  it.effect("refuses in the database what no statement of ours would write", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { run } = yield* Runs.use((runs) =>
        runs.start(operator, Work, { tenantId: contoso, input: { key: "constraints" } })
      )
      const attempts = [
        "status = 'completed'",
        "status = 'running'",
        "outcome = 'failed'",
        "status = 'odd'",
        "attempt = -1"
      ]
      for (const attempt of attempts) {
        const refused = yield* Effect.flip(
          sql`UPDATE operation_runs SET ${sql.literal(attempt)} WHERE id = ${run.id}::uuid`
        )
        assert.strictEqual(refused.reason._tag, "ConstraintError", attempt)
      }
    })
  )
})
