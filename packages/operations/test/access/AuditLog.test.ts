import { withRun } from "../../src/testing/index.ts"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { AuditLog, RequestId, type RunId, runIdOf, Runs, WorkspaceId } from "../../src/index.ts"
import type { AuditAction } from "../../src/access/AuditLog.ts"
import { contoso, contosoOnly, operator, reader } from "../Fixture.ts"
import { Check, Click, Gated, ledgerOfKinds, Restore } from "../Kinds.ts"

const workspaceId = WorkspaceId.make("northwind")

const start = (
  type: string,
  key: string,
  more: { readonly idempotencyKey?: string; readonly supersedes?: string } = {}
) => Runs.use((runs) => runs.start(operator, type, { tenantId: contoso, input: { key }, ...more }))

/** What one request leaves on record; the request has a name of its own. */
const recordsOf = Effect.fnUntraced(function* <A, E, R>(request: string, work: Effect.Effect<A, E, R>) {
  const audit = yield* AuditLog
  const [newest] = yield* audit.list(workspaceId, { before: null, limit: 1 })
  const result = yield* Effect.result(Effect.provideService(work, RequestId, request))
  const after = yield* audit.list(workspaceId, { before: null, limit: 100 })
  const added = after.filter(({ id }) => newest === undefined || id > newest.id)
  return { result, added: added.map(({ action, runId, requestId, data }) => ({ action, runId, requestId, data })) }
})

const record = (action: AuditAction, runId: RunId | null, requestId: string, data = {}) => [
  { action, runId, requestId, data }
]

layer(ledgerOfKinds, { excludeTestServices: true })("the audit", (it) => {
  it.effect("has one record of each join, block, refusal, cancellation, retry and replacement, with its request", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const created = yield* recordsOf("r0", start(Check.name, "a"))
      assert.deepStrictEqual(created.added, [], "a run records its own start")
      const { run } = withRun(yield* start(Check.name, "b"))
      assert.deepStrictEqual((yield* recordsOf("r1", start(Check.name, "b"))).added, record("joined", run.id, "r1"))

      const replacing = yield* recordsOf("r2", start(Check.name, "b", { supersedes: run.id }))
      const replacement = (yield* runs.get(operator, run.id)).supersededBy
      assert.deepStrictEqual(replacing.added, record("superseded", run.id, "r2", { supersededBy: replacement }))

      const blocked = yield* recordsOf("r3", start(Gated.name, "a"))
      const blockedId = blocked.result._tag === "Success" ? runIdOf(blocked.result.success) : null
      const reasonCode = "provider_connection_missing"
      assert.deepStrictEqual(blocked.added, record("blocked", blockedId, "r3", { reasonCode }))

      const holder = withRun(yield* start(Restore.name, "a", { idempotencyKey: "1" })).run
      const busy = yield* recordsOf("r4", start(Restore.name, "b", { idempotencyKey: "2" }))
      assert.strictEqual(busy.result._tag, "Failure")
      assert.deepStrictEqual(busy.added, record("busy", holder.id, "r4"))

      const stop = runs.cancel(operator, holder.id)
      assert.deepStrictEqual((yield* recordsOf("r5", stop)).added, record("cancel_requested", holder.id, "r5"))
      assert.deepStrictEqual((yield* recordsOf("r6", stop)).added, [], "a cancellation that is refused")

      const retried = yield* recordsOf("r7", runs.retry(operator, holder.id, "3"))
      const retryId = retried.result._tag === "Success" ? runIdOf(retried.result.success) : null
      assert.deepStrictEqual(retried.added, record("retried", retryId, "r7", { retryOf: holder.id }))

      const reused = yield* recordsOf("r8", runs.retry(operator, holder.id, "1"))
      assert.deepInclude(reused.result, { _tag: "Failure" })
      assert.deepStrictEqual(reused.added, [], "a key that stands for another request")
    })
  )

  it.effect("keeps one record a minute of the same refusal, and each of different ones", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const runs = yield* Runs
      const refuse = (type: string) =>
        Effect.flip(runs.start(reader, type, { tenantId: contoso, input: { key: "a" }, idempotencyKey: "1" }))
      const minuteNow = Effect.map(
        sql<{ n: number }>`SELECT floor(extract(epoch FROM now()) / 60)::int AS n`,
        ([r]) => r!.n
      )
      const first = yield* minuteNow
      yield* Effect.replicateEffect(
        Effect.all([refuse(Check.name), refuse(Click.name)], { concurrency: "unbounded" }),
        20
      ).pipe(Effect.provideService(RequestId, "refused"))
      const minutes = (yield* minuteNow) - first + 1
      const records = (yield* AuditLog.use((audit) => audit.list(workspaceId, { before: null, limit: 200 }))).filter(
        ({ action }) => action === "forbidden"
      )
      for (const type of [Check.name, Click.name]) {
        const same = records.filter((one) => one.type === type)
        assert.isTrue(same.length >= 1 && same.length <= minutes, `${same.length} in ${minutes} minutes`)
        assert.deepInclude(same[0], {
          actor: reader,
          workspaceId,
          tenantId: contoso,
          runId: null,
          requestId: "refused",
          data: { capability: "tenant.work.run" }
        })
      }
    })
  )

  it.effect("keeps who started a run that is removed, when and where", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { run } = yield* Runs.use((runs) =>
        runs.start(contosoOnly, Check, { tenantId: contoso, input: { key: "removed" } })
      )
      yield* start(Check.name, "removed")
      yield* sql`DELETE FROM operation_runs WHERE id = ${run.id}::uuid`
      const records = yield* AuditLog.use((audit) => audit.ofRun(run.id, 10))
      assert.deepStrictEqual(
        records.map(({ action }) => action),
        ["started", "joined"]
      )
      assert.deepInclude(records[0], {
        actor: contosoOnly,
        workspaceId,
        tenantId: contoso,
        type: Check.name,
        data: { outcome: "pending", completedAt: null, identity: run.identityKey }
      })
      assert.isTrue(DateTime.Equivalence(records[0]!.at, run.queuedAt))
    })
  )

  it.effect("and the timeline are append-only: the database refuses to change them", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { run } = withRun(yield* start(Click.name, "kept", { idempotencyKey: "1" }))
      yield* start(Click.name, "kept", { idempotencyKey: "1" })
      const everything = Effect.all([
        sql`SELECT * FROM operation_audit ORDER BY id`,
        sql`SELECT * FROM operation_run_events ORDER BY run_id, seq`
      ])
      const before = yield* everything
      const changes = {
        update: sql`UPDATE operation_audit SET request_id = 'other'`,
        remove: sql`DELETE FROM operation_audit`,
        upsert: sql`INSERT INTO operation_audit (id, action, actor, workspace_id) OVERRIDING SYSTEM VALUE
          SELECT id, action, actor, workspace_id FROM operation_audit ON CONFLICT (id) DO UPDATE SET at = now()`,
        truncate: sql`TRUNCATE operation_audit`,
        "truncate with the rest": sql`TRUNCATE operation_runs, operation_run_events, operation_audit CASCADE`,
        "rewrite events": sql`UPDATE operation_run_events SET data = '{}' WHERE run_id = ${run.id}::uuid`
      }
      for (const [what, change] of Object.entries(changes)) {
        const refused = yield* Effect.flip(change)
        assert.include(JSON.stringify(refused.reason), "23001", what)
      }
      assert.deepStrictEqual(yield* everything, before)
    })
  )
})
