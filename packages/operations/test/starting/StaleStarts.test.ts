import { withRun } from "../../src/testing/index.ts"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { AuditLog, type Run, Runs, StartGate } from "../../src/index.ts"
import { WorkerRegistry } from "../../src/ledger/WorkerRegistry.ts"
import { contoso, operator } from "../Fixture.ts"
import { Check, kinds, ledgerOfKinds, Restore } from "../Kinds.ts"
import * as StartTypes from "./StartTypes.ts"

const start = (
  type: string,
  key: string,
  more: { readonly idempotencyKey?: string; readonly supersedes?: string } = {}
) =>
  Effect.map(
    Runs.use((runs) => runs.start(operator, type, { tenantId: contoso, input: { key }, ...more })),
    withRun
  )

const makeOverdue = ({ id }: Pick<Run, "id">) =>
  SqlClient.SqlClient.use(
    (sql) => sql`UPDATE operation_runs SET available_at = now() - interval '2 days' WHERE id = ${id}::uuid`
  )

const find = ({ id }: Pick<Run, "id">) => Runs.use((runs) => runs.get(operator, id))

const closed = StartGate.blocked("provider_consent_required", "Nobody consented yet.")

layer(StartTypes.ledger, { excludeTestServices: true })("a start behind a closed gate", (it) => {
  const startChecked = (key: string, more: object = {}) => StartTypes.start(StartTypes.GatedCheck, key, more)
  const blockedStart = (key: string, more: object = {}) => StartTypes.whileDoor(closed, startChecked(key, more))

  it.effect("fails the run that nobody could take, and is recorded as blocked", () =>
    Effect.gen(function* () {
      const stale = (yield* startChecked("stale")).run
      yield* makeOverdue(stale)
      const blocked = yield* blockedStart("stale")
      assert.deepStrictEqual([blocked.disposition, blocked.run.reasonCode], ["blocked", "provider_consent_required"])
      assert.deepInclude({ ...(yield* StartTypes.get(stale)) }, { outcome: "failed", reasonCode: "run_stale" })
      assert.deepStrictEqual(yield* StartTypes.kinds(stale), ["created", "completed"])
      assert.strictEqual((yield* startChecked("stale")).disposition, "created")
    })
  )

  it.effect("joins a run that is overdue, but that a live worker could take", () =>
    Effect.gen(function* () {
      const waiting = (yield* startChecked("waiting")).run
      yield* makeOverdue(waiting)
      const worker = { worker: "live", types: [StartTypes.GatedCheck.name], slots: 1 }
      yield* WorkerRegistry.use((registry) => registry.announce(worker))
      const joined = yield* blockedStart("waiting")
      assert.deepStrictEqual([joined.disposition, joined.run.id], ["existing", waiting.id])
      assert.deepStrictEqual(yield* StartTypes.kinds(waiting), ["created", "joined"])
      yield* SqlClient.SqlClient.use((sql) => sql`DELETE FROM operation_workers`)
    })
  )

  it.effect("replaces a stuck run all the same, and is recorded as blocked", () =>
    Effect.gen(function* () {
      const { run: stuck } = yield* StartTypes.claim(StartTypes.GatedCheck, (yield* startChecked("stuck")).run)
      const blocked = yield* blockedStart("stuck", { supersedes: stuck.id })
      assert.strictEqual(blocked.disposition, "blocked")
      assert.deepInclude(
        { ...(yield* StartTypes.get(stuck)) },
        { outcome: "cancelled", reasonCode: "run_superseded", supersededBy: blocked.run.id }
      )
      assert.deepStrictEqual(yield* StartTypes.kinds(stuck), ["created", "started", "superseded"])
      const records = yield* AuditLog.use((audit) => audit.ofRun(stuck.id, 10))
      assert.deepStrictEqual(
        records.map(({ action }) => action),
        ["superseded"]
      )
      assert.strictEqual((yield* startChecked("stuck")).disposition, "created")
    })
  )

  it.effect("joins the equal run where another one is named", () =>
    Effect.gen(function* () {
      const bystander = (yield* startChecked("bystander")).run
      const { run } = yield* startChecked("equal")
      const joined = yield* blockedStart("equal", { supersedes: bystander.id })
      assert.deepStrictEqual([joined.disposition, joined.run.id], ["existing", run.id])
      assert.strictEqual((yield* StartTypes.get(bystander)).status, "queued")
    })
  )
})

layer(ledgerOfKinds, { excludeTestServices: true })("a start that meets an overdue run", (it) => {
  it.effect("and is the very click that began it joins it: its identity stays taken", () =>
    Effect.gen(function* () {
      const { run } = yield* start(Restore.name, "click", { idempotencyKey: "1" })
      yield* makeOverdue(run)
      const again = yield* start(Restore.name, "click", { idempotencyKey: "1" })
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
      const { run } = yield* start(Restore.name, "stale", { idempotencyKey: "2" })
      yield* makeOverdue(run)
      const anew = yield* start(Restore.name, "stale", { idempotencyKey: "3" })
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
      const retry = withRun(yield* runs.retry(operator, run.id))
      assert.deepStrictEqual([retry.disposition, retry.run.retryOf], ["created", run.id])
      const records = yield* AuditLog.use((audit) => audit.ofRun(retry.run.id, 10))
      assert.deepStrictEqual(
        records.map(({ action, data }) => [action, data]),
        [["retried", { retryOf: run.id }]]
      )
    })
  )
})
