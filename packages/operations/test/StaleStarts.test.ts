import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { type Run, Runs } from "../src/index.ts"
import { contoso, operator } from "./Fixture.ts"
import { ledgerOfKinds, Restore } from "./Kinds.ts"

const start = (type: string, key: string, more: { readonly nonce?: string; readonly supersedes?: string } = {}) =>
  Runs.use((runs) => runs.start(operator, { tenantId: contoso, type, input: { key }, ...more }))

const makeOverdue = ({ id }: Run) =>
  SqlClient.SqlClient.use(
    (sql) => sql`UPDATE operation_runs SET available_at = now() - interval '2 days' WHERE id = ${id}::uuid`
  )

layer(ledgerOfKinds, { excludeTestServices: true })("a start that meets an overdue run", (it) => {
  it.effect("and is the very click that began it joins it: its identity stays taken", () =>
    Effect.gen(function* () {
      const { run } = yield* start(Restore.name, "click", { nonce: "1" })
      yield* makeOverdue(run)
      const again = yield* start(Restore.name, "click", { nonce: "1" })
      assert.deepStrictEqual([again.disposition, again.run.id, again.run.status], ["existing", run.id, "queued"])
      yield* Runs.use((runs) => runs.cancel(operator, run.id))
    })
  )
})
