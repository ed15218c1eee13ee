import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import {
  AuditLog,
  Operations,
  RequestId,
  RunHandler,
  Runs,
  StartGate,
  Worker,
  WorkerSettings
} from "../../src/index.ts"
import { fenceOf, withRun } from "../../src/testing/index.ts"
import {
  Check,
  claim,
  complete,
  contoso,
  fabrikam,
  Gated,
  get,
  kinds,
  ledger,
  other,
  owner,
  Plain,
  Restore,
  start,
  whileDoor,
  Wipe
} from "./StartTypes.ts"

const closed = StartGate.blocked("provider_consent_required", "Nobody consented yet.")

layer(ledger, { excludeTestServices: true })("what stands in the way of a start", (it) => {
  it.effect("answers an equal start with the active run, whatever a gate says", () =>
    Effect.gen(function* () {
      const { run } = yield* start(Gated, "joined")
      const joined = yield* whileDoor(closed, start(Gated, "joined"))
      assert.deepStrictEqual([joined.disposition, joined.run.id], ["existing", run.id])
    })
  )

  it.effect("asks the gates again before an attempt, and ends the run as blocked", () =>
    Effect.gen(function* () {
      const { run } = yield* start(Gated, "closed later")
      yield* whileDoor(
        closed,
        Effect.scoped(
          Effect.andThen(
            Worker.layer(Gated.toLayer(() => Effect.succeed(RunHandler.succeeded))).pipe(
              Layer.provide(
                Layer.succeed(WorkerSettings, { slots: 4, leaseMillis: 60_000, pollMillis: 50, sweepMillis: 100 })
              ),
              Layer.fresh,
              Layer.build
            ),
            get(run).pipe(Effect.delay("20 millis"), Effect.repeat({ until: ({ status }) => status === "completed" }))
          )
        )
      )
      const done = yield* get(run)
      assert.deepStrictEqual([done.outcome, done.reasonCode, done.attempt], ["blocked", "provider_consent_required", 0])
    })
  )

  it.effect("names the run that a gate says is in the way", () =>
    Effect.gen(function* () {
      const holder = yield* start(Plain, "holder")
      const refused = yield* Effect.flip(whileDoor(StartGate.busy(holder.run.id), start(Gated, "waits")))
      assert.strictEqual(refused._tag === "OperationBusy" && refused.holder.id, holder.run.id)
    })
  )

  it.effect("does not start with a type whose gate nobody registered", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(Layer.build(Layer.fresh(Operations.layer(Gated))))
      assert.strictEqual(refused._tag, "UnregisteredStartGate")
      assert.include(refused.message, `"door"`)
      const twice = StartGate.layer(
        StartGate.make("a", () => Effect.succeed(StartGate.open)),
        StartGate.make("a", () => Effect.succeed(StartGate.open))
      )
      assert.strictEqual((yield* Effect.flip(Layer.build(twice)))._tag, "DuplicateStartGate")
    }).pipe(Effect.scoped)
  )

  it.effect("refuses a second exclusive operation in a tenant, until the first one ends", () =>
    Effect.gen(function* () {
      const { run } = yield* start(Restore, "first", { idempotencyKey: "1" })
      const refused = yield* Effect.flip(start(Wipe, "second"))
      assert.deepStrictEqual(refused._tag === "OperationBusy" && [refused.holder.id, refused.holder.type], [
        run.id,
        Restore.name
      ])
      assert.strictEqual((yield* Effect.flip(start(Restore, "third", { idempotencyKey: "3" })))._tag, "OperationBusy")
      assert.strictEqual((yield* start(Wipe, "elsewhere", { tenantId: fabrikam })).disposition, "created")
      assert.strictEqual((yield* start(Plain, "a read")).disposition, "created")
      yield* complete(yield* claim(Restore, run))
      assert.strictEqual((yield* start(Wipe, "second")).disposition, "created")
    })
  )

  it.effect("joins an equal exclusive operation instead of calling it busy, by either identity", () =>
    Effect.gen(function* () {
      const request = { tenantId: "adatum", idempotencyKey: "1" }
      const { run } = yield* start(Restore, "equal", request)
      const resent = yield* start(Restore, "equal", request)
      const again = yield* start(Restore, "equal", { tenantId: "adatum", idempotencyKey: "2" })
      assert.deepStrictEqual(
        [resent.disposition, resent.run.id, again.disposition, again.run.id],
        ["existing", run.id, "existing", run.id]
      )
    })
  )

  it.effect("leaves the caller's transaction whole when it is busy", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE notes (text text)`
      yield* start(Wipe, "holds", { tenantId: "lucerne" })
      yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* sql`INSERT INTO notes VALUES ('before')`
          assert.strictEqual((yield* Effect.flip(start(Wipe, "other", { tenantId: "lucerne" })))._tag, "OperationBusy")
          yield* sql`INSERT INTO notes VALUES ('after')`
        })
      )
      assert.strictEqual((yield* sql`SELECT text FROM notes`).length, 2)
    })
  )

  it.effect("replaces a stuck run where its type allows it, and once only", () =>
    Effect.gen(function* () {
      const claimed = yield* claim(Check, (yield* start(Check, "stuck")).run)
      const stuck = claimed.run
      const fresh = yield* start(Check, "stuck", { supersedes: stuck.id }, other)
      assert.strictEqual(fresh.disposition, "created")
      const old = yield* get(stuck)
      assert.deepStrictEqual(
        [old.status, old.outcome, old.reasonCode, old.supersededBy, (yield* fenceOf(stuck.id)) > claimed.fence],
        ["completed", "cancelled", "run_superseded", fresh.run.id, true]
      )
      assert.deepStrictEqual(yield* kinds(stuck), ["created", "started", "superseded"])
      assert.isFalse(yield* complete(claimed))
      const again = yield* start(Check, "stuck", { supersedes: stuck.id })
      assert.deepStrictEqual([again.disposition, again.run.id], ["existing", fresh.run.id])
      assert.strictEqual((yield* Effect.flip(start(Plain, "x", { supersedes: stuck.id })))._tag, "NotSupported")
      assert.strictEqual((yield* Effect.flip(start(Check, "x", { supersedes: "nonsense" })))._tag, "InvalidInput")
    })
  )

  it.effect("replaces nothing that is not the equal active run", () =>
    Effect.gen(function* () {
      const bystander = yield* start(Check, "bystander")
      const fresh = yield* start(Check, "another", { supersedes: bystander.run.id })
      assert.deepStrictEqual([fresh.disposition, (yield* get(bystander.run)).status], ["created", "queued"])
    })
  )

  it.effect("fails a run that no worker could take in time, and starts anew in its place", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const overdue = (key: string) =>
        Effect.gen(function* () {
          const { run } = yield* start(Check, key)
          yield* sql`UPDATE operation_runs SET available_at = now() - interval '2 minutes' WHERE id = ${run.id}::uuid`
          return run
        })
      const stale = yield* overdue("stale")
      const next = yield* start(Check, "stale")
      assert.deepStrictEqual([next.disposition, (yield* get(stale)).reasonCode], ["created", "run_stale"])
      assert.deepStrictEqual(yield* kinds(stale), ["created", "completed"])

      // Somebody could have taken it a moment ago, and had other things to do: it waits on.
      const waiting = yield* overdue("waiting")
      yield* sql`INSERT INTO operation_workers (id, types, slots) VALUES ('w', ${[Check.name]}::text[], 1)`
      const joined = yield* start(Check, "waiting")
      assert.deepStrictEqual([joined.disposition, joined.run.id], ["existing", waiting.id])
      assert.deepStrictEqual(yield* kinds(waiting), ["created", "joined"])
    })
  )

  it.effect("retries a run that retention removes at the same time", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { run } = yield* start(Plain, "removed meanwhile")
      yield* Runs.use((runs) => runs.cancel(owner, run.id))
      const removing = yield* Deferred.make<void>()
      const retrying = yield* Deferred.await(removing).pipe(
        Effect.andThen(Runs.use((runs) => runs.retry(owner, run.id))),
        Effect.forkChild
      )
      yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* sql`DELETE FROM operation_runs WHERE id = ${run.id}::uuid`
          yield* Deferred.succeed(removing, undefined)
          yield* sql<{ waiting: boolean }>`
            SELECT count(*) > 0 AS waiting FROM pg_locks WHERE NOT granted AND transactionid IS NOT NULL`.pipe(
            Effect.delay("10 millis"),
            Effect.repeat({ until: ([row]) => row?.waiting === true })
          )
        })
      )
      const retried = withRun(yield* Fiber.join(retrying))
      assert.strictEqual(retried.disposition, "created")
      assert.isNull((yield* get(retried.run)).retryOf)
    })
  )

  it.effect("puts joins, blocks, refusals and replacements on record, with the request", () =>
    Effect.gen(function* () {
      const audit = yield* AuditLog
      const runs = yield* Runs
      const { run } = yield* start(Plain, "audited")
      yield* start(Plain, "audited", {}, other).pipe(Effect.provideService(RequestId, "req-7"))
      yield* runs.cancel(owner, run.id)
      const records = yield* audit.ofRun(run.id, 10)
      assert.deepStrictEqual(
        records.map(({ action, actor, requestId, tenantId }) => [action, actor.id, requestId, tenantId]),
        [
          ["cancel_requested", owner.id, null, contoso],
          ["joined", other.id, "req-7", contoso]
        ]
      )
    })
  )
})
