import { FakeGraph, Fault } from "@atlas/fake-graph"
import { Problems, RunId, Runs } from "@atlas/operations"
import { assert, layer } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { SqlClient } from "effect/sql"
import { type Restore, RestoreConflict, Restores } from "../../src/index.ts"
import { ada, backedUp, disconnected, ended, intune } from "../Fixture.ts"

const configurations = "deviceManagement/deviceConfigurations"
const wifi = { id: "wifi", displayName: "Office Wi-Fi", description: "Ground floor" }
const names = ["clicks", "atomic", "failing", "cancelled", "blocked", "retried", "replayed", "busy", "stopped"]
const tenants = names.map((tenantId) => ({ tenantId, collections: { [configurations]: [wifi] } }))
const onlyWifi = [{ source: "device_configurations", id: "wifi" }]

const requestOf = (backup: string) => ({ backup, items: onlyWifi, withAssignments: false })

const planned = Effect.fnUntraced(function* (tenant: string, backup: string, key: string) {
  const restores = yield* Restores
  const asked = yield* restores.plan(ada, tenant, requestOf(backup), key)
  assert.strictEqual((yield* ended({ id: asked.runId })).outcome, "succeeded")
  return asked.restore.id
})

const stateOf = (tenant: string, id: string) =>
  Restores.use((all) => all.get(ada, tenant, id)).pipe(Effect.map(({ state }) => state))

/** Every request of a kind is kept waiting, so that a run that sends one does not end by itself. */
const hanging = Effect.fnUntraced(function* (tenant: string, method: "GET" | "POST") {
  const graph = yield* FakeGraph
  yield* graph.inject({ fault: Fault.noAnswer, method, tenant, times: 100 })
})

const cancelled = Effect.fnUntraced(function* (id: RunId) {
  const runs = yield* Runs
  yield* runs.cancel(ada, id)
  assert.strictEqual((yield* ended({ id })).outcome, "cancelled")
})

/** The next statement that records a run, or the next one that changes a restore, fails: as if the process had died there. */
const failingAt = <A, E, R>(step: "run" | "restore", work: Effect.Effect<A, E, R>) =>
  SqlClient.SqlClient.use((sql) => {
    const event = step === "run" ? sql`INSERT ON operation_runs` : sql`UPDATE ON restores`
    const table = step === "run" ? sql`operation_runs` : sql`restores`
    return Effect.acquireUseRelease(
      Effect.andThen(
        sql`CREATE OR REPLACE FUNCTION dies() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'died'; END $$`,
        sql`CREATE TRIGGER dies BEFORE ${event} FOR EACH ROW EXECUTE FUNCTION dies()`
      ),
      () => work,
      () => Effect.orDie(sql`DROP TRIGGER dies ON ${table}`)
    )
  })

const counts = (tenant: string) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ restores: number; runs: number }>`
      SELECT (SELECT count(*)::int FROM restores WHERE tenant_id = ${tenant}) AS restores,
        (SELECT count(*)::int FROM operation_runs WHERE tenant_id = ${tenant} AND type LIKE 'restore.%') AS runs`
  ).pipe(Effect.map(([row]) => row))

layer(intune(tenants), { excludeTestServices: true, timeout: "60 seconds" })("planning a restore", (it) => {
  it.effect("twice with one key is planning once, and the key stands for nothing else", () =>
    Effect.gen(function* () {
      const restores = yield* Restores
      const { id: backup } = yield* backedUp("clicks")
      const clicks = yield* Effect.all(
        Array.from({ length: 10 }, () => restores.plan(ada, "clicks", requestOf(backup), "click")),
        { concurrency: "unbounded" }
      )
      assert.lengthOf([...new Set(clicks.map(({ restore, runId }) => `${restore.id} ${runId}`))], 1)
      assert.strictEqual(clicks.filter(({ disposition }) => disposition === "created").length, 1)
      assert.deepStrictEqual(yield* counts("clicks"), { restores: 1, runs: 1 })
      yield* ended({ id: clicks[0]!.runId })

      const later = yield* restores.plan(
        ada,
        "clicks",
        { ...requestOf(backup), items: [...onlyWifi, ...onlyWifi] },
        "click"
      )
      assert.deepInclude({ ...later }, { disposition: "existing", runId: clicks[0]!.runId })
      const other = yield* Effect.flip(restores.plan(ada, "clicks", { ...requestOf(backup), items: null }, "click"))
      assert.instanceOf(other, Problems.IdempotencyKeyReused)
      assert.strictEqual(other.runId, clicks[0]!.runId)
      const none = yield* Effect.flip(restores.plan(ada, "clicks", requestOf(backup), undefined))
      assert.instanceOf(none, Problems.IdempotencyKeyRequired)
      const long = yield* Effect.flip(restores.plan(ada, "clicks", requestOf(backup), "k".repeat(201)))
      assert.instanceOf(long, Problems.InvalidInput)
      assert.include(long.errors[0]?.detail, "Idempotency-Key")
      // Another click, and somebody else's same key, are other restores.
      const second = yield* restores.plan(ada, "clicks", requestOf(backup), "click 2")
      const theirs = yield* restores.plan({ ...ada, kind: "system" }, "clicks", requestOf(backup), "click")
      assert.lengthOf([...new Set([clicks[0]!, second, theirs].map(({ restore }) => restore.id))], 3)
    })
  )

  it.effect("records the restore and its run, or neither; and so does its confirmation", () =>
    Effect.gen(function* () {
      const restores = yield* Restores
      const { id: backup } = yield* backedUp("atomic")
      for (const step of ["run", "restore"] as const) {
        const plan = restores.plan(ada, "atomic", requestOf(backup), "1")
        assert.isTrue(Exit.isFailure(yield* Effect.exit(failingAt(step, plan))), step)
        assert.deepStrictEqual(yield* counts("atomic"), { restores: 0, runs: 0 })
      }
      const id = yield* planned("atomic", backup, "1")
      for (const step of ["run", "restore"] as const) {
        const confirm = restores.confirm(ada, "atomic", id, { tenantName: "atomic", idempotencyKey: "1" })
        assert.isTrue(Exit.isFailure(yield* Effect.exit(failingAt(step, confirm))), step)
        assert.strictEqual(yield* stateOf("atomic", id), "planned")
        assert.deepStrictEqual(yield* counts("atomic"), { restores: 1, runs: 1 })
      }
      const started = yield* restores.confirm(ada, "atomic", id, { tenantName: "atomic", idempotencyKey: "1" })
      assert.strictEqual((yield* ended(started.run)).outcome, "succeeded")
    })
  )

  /** What people do about a preview that made no plan. */
  const goesOn = Effect.fnUntraced(function* (tenant: string, { id }: Restore) {
    const restores = yield* Restores
    assert.strictEqual(yield* stateOf(tenant, id), "planning")
    const again = yield* restores.planAgain(ada, tenant, id)
    assert.strictEqual(again.disposition, "created")
    assert.strictEqual((yield* ended({ id: again.runId })).outcome, "succeeded")
    const restore = yield* restores.get(ada, tenant, id)
    assert.deepInclude({ ...restore }, { state: "planned", previewRun: again.runId })
    assert.instanceOf(yield* Effect.flip(restores.planAgain(ada, tenant, id)), RestoreConflict)
    assert.strictEqual((yield* restores.archive(ada, tenant, id)).state, "archived")
    assert.instanceOf(yield* Effect.flip(restores.archive(ada, tenant, id)), RestoreConflict)
  })

  it.effect("goes on after a preview that failed", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const restores = yield* Restores
      const { id: backup } = yield* backedUp("failing")
      yield* graph.inject({ fault: Fault.intuneForbidden(), tenant: "failing", times: 100 })
      const { restore, runId } = yield* restores.plan(ada, "failing", requestOf(backup), "1")
      assert.strictEqual((yield* ended({ id: runId })).outcome, "failed")
      yield* graph.clearFaults
      yield* goesOn("failing", restore)
    })
  )

  it.effect("goes on after a preview that was cancelled, and compares everything anew", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const sql = yield* SqlClient.SqlClient
      const restores = yield* Restores
      const { id: backup } = yield* backedUp("cancelled")
      yield* hanging("cancelled", "GET")
      const { restore, runId } = yield* restores.plan(ada, "cancelled", requestOf(backup), "1")
      // While it is at work, the restore is not archived, and planning again is asking for the same.
      assert.instanceOf(yield* Effect.flip(restores.archive(ada, "cancelled", restore.id)), RestoreConflict)
      const same = yield* restores.planAgain(ada, "cancelled", restore.id)
      assert.deepInclude({ ...same }, { disposition: "existing", runId })
      yield* cancelled(runId)
      yield* graph.clearFaults
      // What it had planned was seen before the tenant changed.
      yield* sql`
        UPDATE restore_items SET action = 'unchanged', result = 'skipped' WHERE restore_id = ${restore.id}::uuid`
      yield* graph.putItem("cancelled", configurations, { ...wifi, description: "Changed" })
      yield* goesOn("cancelled", restore)
      const [item] = yield* restores.items(ada, "cancelled", restore.id, { after: null, limit: 1 })
      assert.strictEqual(item?.action, "update")
    })
  )

  it.effect("goes on after a preview that was blocked, once the tenant has a connection", () =>
    Effect.gen(function* () {
      const restores = yield* Restores
      const { id: backup } = yield* backedUp("blocked")
      disconnected.add("blocked")
      const asked = yield* restores.plan(ada, "blocked", requestOf(backup), "1")
      assert.deepInclude({ ...asked }, { disposition: "blocked" })
      assert.strictEqual(asked.restore.previewRun, asked.runId)
      const again = yield* restores.planAgain(ada, "blocked", asked.restore.id)
      assert.strictEqual(again.disposition, "blocked")
      disconnected.delete("blocked")
      yield* goesOn("blocked", asked.restore)
    })
  )

  it.effect("names the run that is at work, also one that was started as a retry", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const restores = yield* Restores
      const runs = yield* Runs
      const { id: backup } = yield* backedUp("retried")
      yield* graph.inject({ fault: Fault.intuneForbidden(), tenant: "retried", times: 100 })
      const { restore, runId } = yield* restores.plan(ada, "retried", requestOf(backup), "1")
      yield* ended({ id: runId })
      yield* graph.clearFaults
      const { run } = yield* runs.retry(ada, runId)
      assert.strictEqual((yield* ended(run)).outcome, "succeeded")
      const now = yield* restores.get(ada, "retried", restore.id)
      assert.deepInclude({ ...now }, { state: "planned", previewRun: run.id })
    })
  )
})

layer(intune(tenants), { excludeTestServices: true, timeout: "60 seconds" })("confirming a restore", (it) => {
  it.effect("again with the same key is the same run, also when the restore is over", () =>
    Effect.gen(function* () {
      const restores = yield* Restores
      const { id: backup } = yield* backedUp("replayed")
      const id = yield* planned("replayed", backup, "1")
      const confirm = (idempotencyKey: string) =>
        restores.confirm(ada, "replayed", id, { tenantName: "replayed", idempotencyKey })
      const clicks = yield* Effect.all(
        Array.from({ length: 10 }, () => confirm("click")),
        { concurrency: "unbounded" }
      )
      const [first] = clicks
      assert.lengthOf([...new Set(clicks.map(({ run }) => run.id))], 1)
      yield* ended(first!.run)
      assert.strictEqual(yield* stateOf("replayed", id), "done")
      const late = yield* confirm("click")
      assert.deepInclude({ ...late, run: late.run.id }, { disposition: "existing", run: first!.run.id })
      assert.instanceOf(yield* Effect.flip(confirm("another")), RestoreConflict)
      // Nothing but the preview and that run was recorded.
      assert.deepStrictEqual(yield* counts("replayed"), { restores: 1, runs: 2 })
    })
  )

  it.effect("changes nothing while another operation holds the tenant", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const restores = yield* Restores
      const { id: backup } = yield* backedUp("busy")
      yield* graph.removeItem("busy", configurations, "wifi")
      const [first, second] = [yield* planned("busy", backup, "1"), yield* planned("busy", backup, "2")]
      yield* hanging("busy", "POST")
      const { run } = yield* restores.confirm(ada, "busy", first, { tenantName: "busy", idempotencyKey: "1" })
      const refused = yield* Effect.flip(
        restores.confirm(ada, "busy", second, { tenantName: "busy", idempotencyKey: "2" })
      )
      assert.instanceOf(refused, Problems.OperationBusy)
      assert.deepInclude({ ...(yield* restores.get(ada, "busy", second)) }, { state: "planned", confirmedBy: null })
      yield* cancelled(run.id)
      yield* graph.clearFaults
    })
  )

  it.effect("again goes on after an execution that stopped, or the restore is archived", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const restores = yield* Restores
      const { id: backup } = yield* backedUp("stopped")
      yield* graph.removeItem("stopped", configurations, "wifi")
      const [first, second] = [yield* planned("stopped", backup, "1"), yield* planned("stopped", backup, "2")]
      const confirm = (id: string, idempotencyKey: string) =>
        Effect.map(restores.confirm(ada, "stopped", id, { tenantName: "stopped", idempotencyKey }), ({ run }) => run)
      yield* hanging("stopped", "POST")
      for (const [id, idempotencyKey] of [
        [first, "1"],
        [second, "2"]
      ] as const) {
        const run = yield* confirm(id, idempotencyKey)
        assert.instanceOf(yield* Effect.flip(restores.archive(ada, "stopped", id)), RestoreConflict)
        yield* cancelled(run.id)
      }
      yield* graph.clearFaults
      const run = yield* confirm(first, "3")
      assert.strictEqual((yield* ended(run)).outcome, "succeeded")
      assert.deepInclude({ ...(yield* restores.get(ada, "stopped", first)) }, { state: "done", executeRun: run.id })
      assert.strictEqual((yield* restores.archive(ada, "stopped", second)).state, "archived")
      assert.instanceOf(yield* Effect.flip(confirm(second, "4")), RestoreConflict)
    })
  )
})
