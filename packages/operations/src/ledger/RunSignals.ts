/**
 * Signals between the parts of Atlas: at once within a process, and through Postgres' LISTEN and NOTIFY between processes. A
 * signal is a hint that may get lost, so everybody also polls. A host provides `DatabaseListener`; `Pg.layer` of
 * `@atlas/operations/pg` brings it.
 *
 * @module
 */

import { Context, Effect, Exit, Layer, Option, PubSub, Queue, Schedule, Schema, type Scope } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient, type SqlError, type Statement } from "effect/sql"
import { RunId } from "../run/Run.ts"
import { redactCause } from "../text/Redaction.ts"
import { sqlText } from "../text/SqlText.ts"
import { monotonicMillis } from "./monotonicMillis.ts"

/** Something happened that others may want to look at now. */
export type RunSignal =
  | { readonly _tag: "Queued" }
  | { readonly _tag: "Changed"; readonly runId: RunId }
  | { readonly _tag: "Stopped"; readonly runId: RunId }

/** Postgres LISTEN, as `PgClient` of `@effect/sql-pg` has it. `Pg.listener` makes one from the host's client. */
export class DatabaseListener extends Context.Service<
  DatabaseListener,
  {
    listen(
      channel: string
    ): Effect.Effect<Queue.Dequeue<{ readonly payload: string }, SqlError.SqlError>, SqlError.SqlError, Scope.Scope>
  }
>()("@atlas/operations/DatabaseListener") {}

const channel = "atlas_runs"

// NOTIFY takes a global lock at commit, so a fiber of its own sends it, at most once in this time. The first one waits, too:
// otherwise a caller that makes one start after another would pay one more statement for each. Only a statement that queues runs
// after such a pause sends its own.
const coalesceMillis = 5

// Postgres limits a payload to 8,000 bytes; an id takes 39 in JSON, and there are two lists.
const idsPerMessage = 95

const Message = Schema.fromJsonString(
  Schema.Struct({
    from: Schema.String,
    queued: Schema.Boolean,
    changed: Schema.Array(RunId),
    stopped: Schema.optionalKey(Schema.Array(RunId))
  })
)

const encode = Schema.encodeSync(Message)
const none = sqlText``

/** Sends and receives signals. */
export class RunSignals extends Context.Service<
  RunSignals,
  {
    /** A run was queued: some worker should claim. */
    readonly queued: Effect.Effect<void>
    /**
     * Makes a statement that queues runs, and announces them. If nothing was sent a moment ago, the statement tells other
     * processes itself, as soon as it is committed.
     *
     * @param statement what makes it; it answers with a row for each queued run, whose columns the given text follows
     */
    queueing<Row, E>(
      statement: (notice: Statement.Fragment) => Effect.Effect<ReadonlyArray<Row>, E>
    ): Effect.Effect<ReadonlyArray<Row>, E>
    /** A run changed visibly. */
    changed(runId: RunId): Effect.Effect<void>
    /** A run was asked to stop, or was replaced: its worker should look at it. */
    stopped(runId: RunId): Effect.Effect<void>
    /** Signals of every process from now on. A subscriber that falls far behind misses the oldest. */
    readonly subscribe: Effect.Effect<PubSub.Subscription<RunSignal>, never, Scope.Scope>
  }
>()("@atlas/operations/RunSignals") {
  static readonly layer: Layer.Layer<RunSignals, never, SqlClient.SqlClient | DatabaseListener> = Layer.effect(
    RunSignals,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const listener = yield* DatabaseListener
      const self = SecureRandom.uuidV7Unsafe()
      const signals = yield* PubSub.sliding<RunSignal>(4096)
      const outbox = yield* Queue.unbounded<RunSignal>()
      let sentAt = Number.NEGATIVE_INFINITY

      const sendNext = Effect.gen(function* () {
        const first = yield* Queue.take(outbox)
        yield* Effect.sleep(coalesceMillis)
        sentAt = yield* monotonicMillis
        const batch = [first, ...(yield* Queue.clear(outbox))]
        const queued = batch.some((signal) => signal._tag === "Queued")
        const ids = (tag: "Changed" | "Stopped") => [
          ...new Set(batch.flatMap((signal) => (signal._tag === tag ? [signal.runId] : [])))
        ]
        const [all, ends] = [ids("Changed"), ids("Stopped")]
        for (let start = 0; start === 0 || start < Math.max(all.length, ends.length); start += idsPerMessage) {
          const [changed, stopped] = [all, ends].map((list) => list.slice(start, start + idsPerMessage))
          const payload = encode({
            from: self,
            queued: queued && start === 0,
            changed: changed ?? [],
            stopped: stopped ?? []
          })
          yield* sql`SELECT pg_notify(${channel}, ${payload})`
        }
      })

      yield* sendNext.pipe(
        Effect.catchCause((cause) => Effect.logDebug("Could not notify other processes", redactCause(cause))),
        Effect.forever,
        Effect.forkScoped
      )

      const receive = Effect.fnUntraced(function* (payload: string) {
        const message = yield* Schema.decodeEffect(Message)(payload)
        if (message.from === self) return
        if (message.queued) yield* PubSub.publish(signals, { _tag: "Queued" })
        yield* PubSub.publishAll(
          signals,
          message.changed.map((runId): RunSignal => ({ _tag: "Changed", runId }))
        )
        yield* PubSub.publishAll(
          signals,
          (message.stopped ?? []).map((runId): RunSignal => ({ _tag: "Stopped", runId }))
        )
      })

      yield* listenForever(listener, (payload) => Effect.ignore(receive(payload))).pipe(Effect.forkScoped)

      const announce = (signal: RunSignal) =>
        // Others see a start inside a caller's transaction only after that commits.
        sql.afterCommit(Effect.andThen(PubSub.publish(signals, signal), Effect.asVoid(Queue.offer(outbox, signal))))

      const queued = announce({ _tag: "Queued" })

      // Of no column and no table, so it is read once, and only if there is a row.
      const notice = sql`, (SELECT pg_notify(${channel}, ${encode({ from: self, queued: true, changed: [] })})::text) AS notice`
      const queueing: RunSignals["Service"]["queueing"] = Effect.fnUntraced(function* (statement) {
        const transaction = yield* Effect.serviceOption(sql.transactionService)
        const now = yield* monotonicMillis
        const sends = Option.isNone(transaction) && now - sentAt >= coalesceMillis
        if (sends) sentAt = now
        // Whoever is interrupted once the statement is made: the runs are there, and are announced.
        return yield* Effect.onExit(statement(sends ? notice : none), (exit) =>
          Exit.isFailure(exit) || exit.value.length === 0
            ? Effect.void
            : sends
              ? Effect.asVoid(PubSub.publish(signals, { _tag: "Queued" }))
              : queued
        )
      })

      return RunSignals.of({
        queued,
        queueing,
        changed: (runId) => announce({ _tag: "Changed", runId }),
        stopped: (runId) => announce({ _tag: "Stopped", runId }),
        subscribe: PubSub.subscribe(signals)
      })
    })
  )
}

// The queue fails when its connection is lost, so the whole registration is repeated.
const listenForever = (
  listener: DatabaseListener["Service"],
  receive: (payload: string) => Effect.Effect<void>
): Effect.Effect<never> =>
  Effect.gen(function* () {
    const notifications = yield* listener.listen(channel)
    return yield* Queue.take(notifications).pipe(
      Effect.flatMap(({ payload }) => receive(payload)),
      Effect.forever
    )
  }).pipe(
    Effect.scoped,
    Effect.tapCause((cause) => Effect.logDebug("Listening for run signals was interrupted", redactCause(cause))),
    Effect.retry(Schedule.spaced("1 second")),
    Effect.orDie
  )
