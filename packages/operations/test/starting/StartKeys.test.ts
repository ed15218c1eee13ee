import { withRun } from "../../src/testing/index.ts"
import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Runs, StartGate } from "../../src/index.ts"
import { contoso, operator } from "../Fixture.ts"
import * as Kinds from "../Kinds.ts"
import {
  claim,
  Click,
  complete,
  GatedClick,
  get,
  kinds,
  ledger,
  other,
  Restore,
  start,
  whileDoor,
  Wipe
} from "./StartTypes.ts"

const closed = StartGate.blocked("provider_connection_missing", "Contoso has no provider connection.")

layer(ledger, { excludeTestServices: true })("the key of a start", (it) => {
  it.effect("belongs to one request for ever, whatever record another one is about", () =>
    Effect.gen(function* () {
      const idempotencyKey = "one record"
      const { run } = yield* start(Click, "a schedule", { idempotencyKey })
      const refusals = [
        start(Click, "another schedule", { idempotencyKey }),
        start(Click, "a schedule", { idempotencyKey, input: { key: "a schedule", note: "more" } })
      ]
      for (const refusal of refusals) {
        const problem = yield* Effect.flip(refusal)
        assert.deepInclude(problem, { _tag: "IdempotencyKeyReused", runId: run.id })
      }
      yield* complete(yield* claim(Click, run))
      assert.strictEqual(
        (yield* Effect.flip(start(Click, "another schedule", { idempotencyKey })))._tag,
        "IdempotencyKeyReused"
      )
      assert.strictEqual((yield* start(Click, "another schedule", { idempotencyKey }, other)).disposition, "created")
      assert.strictEqual((yield* start(GatedClick, "another schedule", { idempotencyKey })).disposition, "created")
      assert.deepStrictEqual(yield* kinds(run), ["created", "started", "completed"])
    })
  )

  it.effect("is not used up by a blocked start, but belongs to its request", () =>
    Effect.gen(function* () {
      const idempotencyKey = "blocked"
      const blocked = yield* whileDoor(closed, start(GatedClick, "first", { idempotencyKey }))
      assert.strictEqual(blocked.disposition, "blocked")
      const refused = yield* Effect.flip(whileDoor(closed, start(GatedClick, "second", { idempotencyKey })))
      assert.strictEqual(refused._tag, "IdempotencyKeyReused")
      assert.strictEqual(
        (yield* Effect.flip(start(GatedClick, "second", { idempotencyKey })))._tag,
        "IdempotencyKeyReused"
      )
      const open = yield* start(GatedClick, "first", { idempotencyKey })
      assert.deepStrictEqual([open.disposition, open.run.id === blocked.run.id], ["created", false])
      const again = yield* whileDoor(closed, start(GatedClick, "first", { idempotencyKey }))
      assert.deepStrictEqual([again.disposition, again.run.id], ["existing", open.run.id])
    })
  )

  it.effect("stands for the run that it joined, also when that has ended", () =>
    Effect.gen(function* () {
      const first = yield* start(Restore, "joined", { idempotencyKey: "joined 1" })
      const second = yield* start(Restore, "joined", { idempotencyKey: "joined 2" })
      assert.strictEqual(second.run.id, first.run.id)
      yield* complete(yield* claim(Restore, yield* get(first.run)))
      const resent = yield* start(Restore, "joined", { idempotencyKey: "joined 2" })
      assert.deepStrictEqual([resent.disposition, resent.run.id], ["existing", first.run.id])
    })
  )

  it.effect(
    "joins one run however often it is sent at the same time, and its starts never wait for one another in a ring",
    () =>
      Effect.gen(function* () {
        const first = yield* start(Restore, "ring", { idempotencyKey: "ring" })
        for (let round = 0; round < 60; round++) {
          const sent = Array.from({ length: 8 }, () => start(Restore, "ring", { idempotencyKey: `ring ${round}` }))
          const answers = yield* Effect.all(sent, { concurrency: "unbounded" })
          assert.deepStrictEqual([...new Set(answers.map(({ run }) => run.id))], [first.run.id])
        }
        yield* Runs.use((runs) => runs.cancel(other, first.run.id))
      })
  )

  it.effect("is given back by a start that was refused as busy: nothing was recorded", () =>
    Effect.gen(function* () {
      const held = yield* start(Wipe, "holds")
      assert.strictEqual((yield* Effect.flip(start(Restore, "busy", { idempotencyKey: "busy" })))._tag, "OperationBusy")
      yield* Runs.use((runs) => runs.cancel(other, held.run.id))
      const { run } = yield* start(Restore, "something else", { idempotencyKey: "busy" })
      yield* Runs.use((runs) => runs.cancel(other, run.id))
    })
  )

  it.effect("is kept by the database", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* start(Click, "kept", { idempotencyKey: "kept" })
      const changes = [
        sql`UPDATE operation_keys SET request_digest = sha256('')`,
        sql`UPDATE operation_keys SET run_id = NULL WHERE run_id IS NOT NULL`,
        sql`DELETE FROM operation_keys`,
        sql`TRUNCATE operation_keys`
      ]
      for (const change of changes) {
        assert.include(JSON.stringify((yield* Effect.flip(change)).reason), "23001")
      }
    })
  )
})

/** A hundred starts of up to two requests with one key, in the order in which they are sent. */
const Sent = Schema.Array(Schema.Literals(["a", "b"])).check(Schema.isMinLength(2), Schema.isMaxLength(100))

layer(Kinds.ledgerOfKinds, { excludeTestServices: true, timeout: "120 seconds" })("one key, two requests", (it) => {
  let rounds = 0
  const race = Effect.fnUntraced(function* (type: string, sent: ReadonlyArray<string>) {
    const idempotencyKey = `round ${rounds++}`
    const hosts = yield* Effect.all([Kinds.otherHost, Kinds.otherHost, Kinds.otherHost, Kinds.otherHost])
    const results = yield* Effect.forEach(
      sent,
      (key, n) =>
        Runs.use((runs) => runs.start(operator, type, { tenantId: contoso, input: { key }, idempotencyKey })).pipe(
          Effect.result,
          Effect.provideContext(hosts[n % hosts.length]!)
        ),
      { concurrency: "unbounded" }
    )
    const winner = sent[results.findIndex(({ _tag }) => _tag === "Success")]
    for (const [n, result] of results.entries()) {
      if (result._tag === "Failure") assert.strictEqual(result.failure._tag, "IdempotencyKeyReused")
      assert.strictEqual(result._tag === "Success", sent[n] === winner)
    }
    return results.flatMap((result) => (result._tag === "Success" ? [withRun(result.success)] : []))
  }, Effect.scoped)

  const alternating = Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? "a" : "b"))

  it.effect("at the same time: one request wins, its equals get the same run, and all others are refused", () =>
    Effect.gen(function* () {
      const answers = yield* race(Kinds.Click.name, alternating)
      assert.deepStrictEqual(answers.map(({ disposition }) => disposition).toSorted(), [
        "created",
        ...Array.from({ length: 49 }, () => "existing")
      ])
      assert.strictEqual(new Set(answers.map(({ run }) => run.id)).size, 1)
    })
  )

  it.effect("at the same time, all of them blocked: one request wins all the same", () =>
    Effect.gen(function* () {
      const answers = yield* race(Kinds.GatedClick.name, alternating)
      assert.strictEqual(answers.length, 50)
      assert.isTrue(answers.every(({ disposition }) => disposition === "blocked"))
    })
  )

  it.effect.prop(
    "in whichever order and number: one run, of the request that won",
    [Sent],
    ([sent]) =>
      Effect.gen(function* () {
        const answers = yield* race(Kinds.Click.name, sent)
        assert.strictEqual(new Set(answers.map(({ run }) => run.id)).size, 1)
        assert.strictEqual(answers.filter(({ disposition }) => disposition === "created").length, 1)
      }),
    { timeout: 60_000, arbitrary: { runs: 10 } }
  )
})
