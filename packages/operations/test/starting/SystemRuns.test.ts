import { assert, layer } from "@effect/vitest"
import { Effect, Option, Predicate } from "effect"
import { AuditLog, Runs, SystemRuns, TenantId, WorkspaceId } from "../../src/index.ts"
import { adatum, contoso, fabrikam, ledger, outsider, Secret, Work } from "../Fixture.ts"

const northwind = WorkspaceId.make("northwind")
const fourthCoffee = WorkspaceId.make("fourth-coffee")
const unknownRun = "01900000-0000-7000-8000-000000000000"

const started = (workspaceId: WorkspaceId, tenantId: TenantId, key: string) =>
  SystemRuns.use((runs) => runs.start("timer", Work, { scope: { workspaceId, tenantId }, input: { key } }))

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
})
