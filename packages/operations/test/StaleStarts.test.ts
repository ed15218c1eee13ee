import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { AuditLog, type Run, Runs } from "../src/index.ts"
import { WorkerRegistry } from "../src/WorkerRegistry.ts"
import { contoso, operator } from "./Fixture.ts"
import { Check, kinds, ledgerOfKinds, Restore } from "./Kinds.ts"

const start = (type: string, key: string, more: { readonly nonce?: string; readonly supersedes?: string } = {}) =>
  Runs.use((runs) => runs.start(operator, { tenantId: contoso, type, input: { key }, ...more }))

const makeOverdue = ({ id }: Pick<Run, "id">) =>
  SqlClient.SqlClient.use(
    (sql) => sql`UPDATE operation_runs SET available_at = now() - interval '2 days' WHERE id = ${id}::uuid`
  )

const find = ({ id }: Pick<Run, "id">) => Runs.use((runs) => runs.get(operator, id))

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

  it.effect("and wanted to replace another one joins it once", () =>
    Effect.gen(function* () {
      const replaced = (yield* start(Check.name, "other")).run
      const { run } = yield* start(Check.name, "joined")
      yield* makeOverdue(run)
      const worker = { worker: "live", types: kinds.map(({ name }) => name), slots: 1 }
      yield* WorkerRegistry.use((registry) => registry.announce(worker))
      const joined = yield* start(Check.name, "joined", { supersedes: replaced.id })
      assert.deepStrictEqual([joined.disposition, joined.run.id, joined.run.lastEvent], ["existing", run.id, 2])
      yield* SqlClient.SqlClient.use((sql) => sql`DELETE FROM operation_workers`)
    })
  )

  it.effect("by its second identity, and whose run nobody could take, begins anew", () =>
    Effect.gen(function* () {
      const { run } = yield* start(Restore.name, "stale", { nonce: "1" })
      yield* makeOverdue(run)
      const anew = yield* start(Restore.name, "stale", { nonce: "2" })
      assert.strictEqual(anew.disposition, "created")
      assert.deepInclude({ ...(yield* find(run)) }, { outcome: "failed", reasonCode: "run_stale" })
    })
  )

  it.effect("and is a retry puts that on record as well", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const { run } = yield* start(Check.name, "retried")
      yield* runs.cancel(operator, run.id)
      yield* makeOverdue((yield* start(Check.name, "retried")).run)
      const retry = yield* runs.retry(operator, run.id)
      assert.deepStrictEqual([retry.disposition, retry.run.retryOf], ["created", run.id])
      const records = yield* AuditLog.use((audit) => audit.ofRun(retry.run.id, 10))
      assert.deepStrictEqual(
        records.map(({ action, data }) => [action, data]),
        [["retried", { retryOf: run.id }]]
      )
    })
  )
})
