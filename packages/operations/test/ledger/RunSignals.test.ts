import { assert, layer } from "@effect/vitest"
import { Clock, Effect, Option, PubSub, Queue } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseListener, type Operation, Runs } from "../../src/index.ts"
import { RunSignals } from "../../src/ledger/RunSignals.ts"
import { contoso, operator } from "../Fixture.ts"
import { Check, Click, ledgerOfKinds, otherHost } from "../Kinds.ts"

const start = (key: string, type: Operation.Any = Check) =>
  Runs.use((runs) =>
    runs.start(operator, type, {
      tenantId: contoso,
      input: { key },
      ...(type === Click ? { idempotencyKey: key } : {})
    })
  )

/** Longer than the time in which messages are sent as one. */
const pause = Effect.sleep("50 millis")

const send = (payload: string) => SqlClient.SqlClient.use((sql) => sql`SELECT pg_notify('atlas_runs', ${payload})`)

/** The messages of processes from now on, up to one that is sent by the effect's end. */
const messagesOf = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const listener = yield* DatabaseListener
    const messages = yield* listener.listen("atlas_runs")
    yield* pause
    yield* Queue.clear(messages)
    yield* work
    yield* send("the end")
    const received: Array<string> = []
    while (received.at(-1) !== "the end") received.push((yield* Queue.take(messages)).payload)
    return received.slice(0, -1).map((payload): { readonly queued: boolean } => JSON.parse(payload))
  }).pipe(Effect.scoped)

layer(ledgerOfKinds, { excludeTestServices: true, timeout: "60 seconds" })("a start", (it) => {
  for (const type of [Check, Click]) {
    it.effect(`of ${type.name} tells other processes in its own commit if nothing was told a moment ago`, () =>
      Effect.gen(function* () {
        const messages = yield* messagesOf(start("told at once", type))
        assert.deepStrictEqual(
          messages.map(({ queued }) => queued),
          [true]
        )
      })
    )
  }

  it.effect("tells nothing in its own commit if it queues no run", () =>
    Effect.gen(function* () {
      yield* start("told once")
      assert.deepStrictEqual(yield* messagesOf(start("told once")), [])
    })
  )

  it.effect("shares its message with those of the same few milliseconds", () =>
    Effect.gen(function* () {
      let millis = 0
      const messages = yield* messagesOf(
        Effect.gen(function* () {
          const from = yield* Clock.currentTimeMillis
          const keys = Array.from({ length: 100 }, (_, n) => `click ${n}`)
          yield* Effect.forEach(keys, (key) => start(key, Click), { concurrency: "unbounded" })
          yield* pause
          millis = (yield* Clock.currentTimeMillis) - from
        })
      )
      // The first one sends its own; later ones follow at most every five milliseconds.
      assert.isAtMost(messages.length, 1 + millis / 5)
    })
  )

  it.effect(
    "wakes another process once it is committed with the caller's transaction, and never if that is rolled back",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const other = yield* otherHost
        const subscription = yield* Effect.provideContext(
          RunSignals.use((signals) => signals.subscribe),
          other
        )
        const rolledBack = sql.withTransaction(Effect.andThen(start("rolled back"), Effect.fail("rolled back")))
        assert.deepStrictEqual(yield* messagesOf(Effect.andThen(Effect.flip(rolledBack), pause)), [])
        const own = yield* RunSignals.use((signals) => signals.subscribe)
        yield* sql.withTransaction(
          Effect.gen(function* () {
            yield* pause
            yield* start("committed")
            assert.isTrue(Option.isNone(yield* Effect.timeoutOption(PubSub.take(own), "50 millis")))
          })
        )
        assert.strictEqual((yield* PubSub.take(own))._tag, "Queued")
        assert.strictEqual((yield* PubSub.take(subscription))._tag, "Queued")
      }).pipe(Effect.scoped)
  )
})
