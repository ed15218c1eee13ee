import { TestOperations } from "@atlas/operations/testing"
import * as Pg from "@atlas/operations/pg"
import { type Actor, Operations, Runs, StartGate, TenantId, Worker, WorkspaceId } from "@atlas/operations"
import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { archive, archiveMailboxes, ArchiveMailboxes, archivingEnabled, Mailboxes } from "./custom-operation.ts"

const ada: Actor = { id: "ada", kind: "user", name: "Ada" }
const scope = { workspaceId: WorkspaceId.make("acme"), tenantId: TenantId.make("acme-eu") }
const capabilities = new Set(Object.values(ArchiveMailboxes.capabilities))

const access = TestOperations.accessIn(scope.workspaceId, () => capabilities)

let enabled = true
const mailboxes = Layer.succeed(
  Mailboxes,
  Mailboxes.of({
    enabled: Effect.sync(() => enabled),
    archive: (mailbox) => Effect.succeed(mailbox !== "locked@acme.example")
  })
)

const host = Worker.layer(archiveMailboxes).pipe(
  Layer.provideMerge(Operations.layer(ArchiveMailboxes)),
  Layer.provide(StartGate.layer(archivingEnabled)),
  Layer.provide(Layer.mergeAll(mailboxes, access, Pg.listener)),
  Layer.provideMerge(TestDatabase.layer)
)

const completed = Effect.fnUntraced(function* (...addresses: Array<string>) {
  const runs = yield* Runs
  const { run } = yield* archive(ada, "acme-eu", ...addresses)
  yield* runs.follow(ada, run.id, 0).pipe(Stream.runDrain, Effect.timeout("90 seconds"))
  return yield* runs.get(ada, run.id)
})

layer(host, { excludeTestServices: true })("an operation of the host's own", (it) => {
  it.effect("does its work, and says what it could not do", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* completed("a@acme.example")).outcome, "succeeded")
      const part = yield* completed("b@acme.example", "locked@acme.example")
      assert.deepStrictEqual(
        [part.outcome, part.reasonCode, part.summaryCounts],
        ["partially_succeeded", "ext.mailboxes.locked", { total: 2, processed: 2, succeeded: 1, failed: 1 }]
      )
      assert.deepStrictEqual(part.failureSummary[0]?.samples, [
        { message: "Its owner locked it.", item: "locked@acme.example" }
      ])
    })
  )

  it.effect("is blocked by its gate, and refuses input that it cannot work with", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(archive(ada, "acme-eu"))
      assert.strictEqual(refused.status, 422)
      enabled = false
      const { disposition, run } = yield* archive(ada, "acme-eu", "c@acme.example")
      assert.deepStrictEqual([disposition, run.reasonCode], ["blocked", "ext.mailboxes.archiving_disabled"])
      enabled = true
    })
  )
})
