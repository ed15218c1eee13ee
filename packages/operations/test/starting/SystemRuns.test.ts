import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Option, Predicate } from "effect"
import { SqlClient, Statement } from "effect/sql"
import { AuditLog, Runs, SystemRuns, TenantId, WorkspaceId } from "../../src/index.ts"
import { adatum, contoso, fabrikam, ledger, operator, outsider, Secret, Work } from "../Fixture.ts"

const northwind = WorkspaceId.make("northwind")
const fourthCoffee = WorkspaceId.make("fourth-coffee")
const unknownRun = "01900000-0000-7000-8000-000000000000"

const started = (workspaceId: WorkspaceId, tenantId: TenantId, key: string) =>
  SystemRuns.use((runs) => runs.start("timer", Work, { scope: { workspaceId, tenantId }, input: { key } }))

/** The plan of the one statement that an effect asks for. */
const planOf = Effect.fnUntraced(function* <E, R>(asking: Effect.Effect<unknown, E, R>) {
  const statements: Array<Statement.Statement<unknown>> = []
  yield* Effect.provideService(asking, Statement.CurrentTransformer, (statement) =>
    Effect.sync(() => {
      statements.push(statement)
      return statement
    })
  )
  assert.lengthOf(statements, 1)
  const sql = yield* SqlClient.SqlClient
  return JSON.stringify(yield* sql`EXPLAIN ${statements[0]!}`)
})

layer(ledger, { excludeTestServices: true, timeout: "60 seconds" })("SystemRuns", (it) => {
  it.effect("sees the runs of every workspace, newest first, whatever people may see", () =>
    Effect.gen(function* () {
      const runs = yield* SystemRuns
      const ours = (yield* started(northwind, contoso, "ours")).run
      const theirs = (yield* started(fourthCoffee, adatum, "theirs")).run
      const secret = (yield* runs.start("timer", Secret, {
        scope: { workspaceId: northwind, tenantId: fabrikam },
        input: {}
      })).run
      const idsOf = Effect.fnUntraced(function* (...asked: Parameters<typeof runs.list>) {
        return (yield* runs.list(...asked)).map(({ id }) => id)
      })
      assert.deepStrictEqual(yield* idsOf({}, { before: null, limit: 10 }), [secret.id, theirs.id, ours.id])
      assert.deepStrictEqual(yield* idsOf({}, { before: secret.id, limit: 1 }), [theirs.id])
      assert.deepStrictEqual(yield* idsOf({ workspace: northwind }, { before: null, limit: 10 }), [secret.id, ours.id])
      assert.deepStrictEqual(yield* idsOf({ tenant: adatum }, { before: null, limit: 10 }), [theirs.id])
      assert.deepStrictEqual(yield* idsOf({ type: Work.name, status: "active" }, { before: null, limit: 10 }), [
        theirs.id,
        ours.id
      ])
      assert.deepStrictEqual(yield* idsOf({ workspace: northwind, tenant: adatum }, { before: null, limit: 10 }), [])
      assert.deepStrictEqual(yield* runs.find(theirs.id), Option.some(theirs))
      assert.deepStrictEqual(
        (yield* runs.events(theirs.id, { after: 0, limit: 10 })).map(({ kind }) => kind),
        ["created"]
      )
    })
  )

  it.effect("finds no run by an id that none has, or by what is no id", () =>
    Effect.gen(function* () {
      const runs = yield* SystemRuns
      for (const id of [unknownRun, "nope", ""]) {
        assert.isTrue(Option.isNone(yield* runs.find(id)))
        assert.strictEqual((yield* Effect.flip(runs.events(id, { after: 0, limit: 1 })))._tag, "NotFound")
        assert.strictEqual((yield* Effect.flip(runs.cancel("command-line", id)))._tag, "NotFound")
      }
    })
  )

  it.effect("cancels a run in its own name, and refuses one that is completed", () =>
    Effect.gen(function* () {
      const runs = yield* SystemRuns
      const { run } = yield* Runs.use((people) =>
        people.start(outsider, Work, { tenantId: adatum, input: { key: "cancelled" } })
      )
      const cancelled = yield* runs.cancel("command-line", run.id)
      assert.deepInclude({ ...cancelled }, { status: "completed", outcome: "cancelled" })
      const again = yield* Effect.flip(runs.cancel("command-line", run.id))
      assert.isTrue(Predicate.isTagged(again, "RunConflict"))
      const [record] = yield* AuditLog.use((audit) => audit.ofRun(run.id, 1))
      assert.deepStrictEqual(record?.actor, { id: "command-line", kind: "system", name: "command-line" })
    })
  )

  it.effect("refuses what the operation's scope or input does not allow", () =>
    Effect.gen(function* () {
      const runs = yield* SystemRuns
      const scope = { workspaceId: northwind, tenantId: contoso }
      for (const [type, request] of [
        ["test.unknown", { scope, input: {} }],
        [Work.name, { scope: { ...scope, tenantId: null }, input: { key: "a" } }],
        [Work.name, { scope, input: { key: 1 } }]
      ] as const) {
        assert.strictEqual((yield* Effect.flip(runs.start("timer", type, request)))._tag, "InvalidInput")
      }
    })
  )

  it.effect("lists all of a large ledger down its primary key, and a workspace down its own index", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* Runs.use((people) => people.start(operator, Work, { tenantId: contoso, input: { key: "before many" } }))
      yield* sql`
        INSERT INTO operation_runs (id, workspace_id, tenant_id, type, actor, identity_rule, identity_key, identity_digest,
          view_capabilities, input, max_attempts, status, outcome, completed_at)
        SELECT gen_random_uuid(), 'w' || n % 20, 't' || n % 200, 'test.work', '{}', 'while_active', '',
          sha256(n::text::bytea), '{tenant.work.view}', '{}', 3, 'completed', 'succeeded', now()
        FROM generate_series(1, 50000) n`
      yield* sql`ANALYZE operation_runs`
      const runs = yield* SystemRuns
      const page = { before: unknownRun, limit: 50 }
      const to = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
      for (const [index, filter] of [
        ["operation_runs_pkey", {}],
        ["operation_runs_pkey", { to }],
        ["operation_runs_pkey", { outcome: "succeeded" }],
        ["operation_runs_workspace", { workspace: "w1" }],
        ["operation_runs_tenant", { workspace: "w1", tenant: "t1" }]
      ] as const) {
        const plan = yield* planOf(runs.list(filter, page))
        assert.include(plan, index)
        assert.notInclude(plan, "Seq Scan")
      }
    })
  )
})
