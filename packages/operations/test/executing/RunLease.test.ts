import { assert, describe, layer } from "@effect/vitest"
import { Deferred, Effect, Queue, Ref } from "effect"
import { SqlClient } from "effect/sql"
import { RunFailure, RunHandler } from "../../src/index.ts"
import { RunQueue } from "../../src/ledger/RunQueue.ts"
import { ledger, Work } from "../Fixture.ts"
import {
  awaited,
  executed,
  executedOnTestClock,
  get,
  leaseMillis,
  started,
  takenAway,
  timeline,
  worker
} from "./ExecutorFixture.ts"

layer(ledger, { excludeTestServices: true })("What an attempt writes while it holds its run", (it) => {
  describe("the lease", () => {
    it.effect("is renewed for as long as the handler works, so that no other worker takes the run", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const [attempts, renewals] = [yield* Ref.make(0), yield* Queue.unbounded<void>()]
        const finish = yield* Deferred.make<void>()
        const run = yield* started()
        const { ended, pass } = yield* executedOnTestClock(
          run,
          () =>
            Ref.update(attempts, (n) => n + 1).pipe(
              Effect.andThen(Deferred.await(finish)),
              Effect.as(RunHandler.succeeded)
            ),
          ({ heartbeat }) => ({
            heartbeat: (...call) => Effect.tap(heartbeat(...call), () => Queue.offer(renewals, undefined))
          })
        )

        // Renewed each time a third of it has passed: after four, the first one would have lapsed.
        for (let third = 1; third <= 4; third++) {
          yield* pass(leaseMillis / 3)
          yield* Queue.take(renewals)
        }
        const claimsOfOthers = yield* (yield* RunQueue).claimOne({ worker: "other", types: [Work], leaseMillis }, run)
        const reachingFurther = yield* sql`SELECT FROM operation_runs WHERE id = ${run.id}::uuid
          AND lease_until > started_at + ${1.2 * leaseMillis} * interval '1 millisecond'`
        yield* Deferred.succeed(finish, undefined)
        yield* ended

        assert.deepStrictEqual(claimsOfOthers, [])
        assert.lengthOf(reachingFurther, 1)
        const done = yield* get(run)
        assert.deepStrictEqual([done.outcome, done.attempt, yield* Ref.get(attempts)], ["succeeded", 0, 1])
      })
    )

    it.effect("interrupts the handler when it has lapsed, although the database does not answer", () =>
      Effect.gen(function* () {
        const interrupted = yield* Deferred.make<void>()
        const run = yield* started()
        const { pass } = yield* executedOnTestClock(
          run,
          // Nothing else ends it: its time limit is far away.
          () => Effect.never.pipe(Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined))),
          () => ({ heartbeat: () => Effect.never, progress: () => Effect.never })
        )

        yield* pass(leaseMillis - 1)
        assert.isFalse(yield* Deferred.isDone(interrupted))
        yield* pass(1)

        yield* Deferred.await(interrupted).pipe(Effect.timeout("90 seconds"))
      })
    )
  })

  describe("progress", () => {
    it.effect("is shown once a second, however often the handler reports it, and at the end", () =>
      Effect.gen(function* () {
        const shown = yield* Queue.unbounded<void>()
        const run = yield* started()
        const { ended, pass } = yield* executedOnTestClock(
          run,
          ({ progress }) =>
            // A hundred times a second, for two seconds and a half.
            Effect.forEach(
              Array.from({ length: 250 }, (_, n) => n + 1),
              (processed) => Effect.andThen(progress({ processed }), Effect.sleep("10 millis")),
              { discard: true }
            ).pipe(Effect.as(RunHandler.succeeded)),
          ({ progress }) => ({
            progress: (...call) => Effect.tap(progress(...call), () => Queue.offer(shown, undefined))
          })
        )

        yield* pass("1 second")
        yield* Queue.take(shown)
        yield* pass("1 second")
        yield* Queue.take(shown)
        yield* pass("500 millis")
        yield* ended

        assert.deepStrictEqual((yield* get(run)).summaryCounts, { processed: 250 })
        assert.deepStrictEqual(yield* timeline(run), ["created", "started", "progress", "progress", "completed"])
      })
    )

    it.effect("that is reported while the one before is being stored is stored next", () =>
      Effect.gen(function* () {
        const [storing, reported] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const run = yield* started()
        const { pass } = yield* executedOnTestClock(
          run,
          ({ progress }) =>
            progress({ processed: 1 }).pipe(
              Effect.andThen(Deferred.await(storing)),
              Effect.andThen(progress({ processed: 2 })),
              Effect.andThen(Deferred.succeed(reported, undefined)),
              Effect.andThen(Effect.never)
            ),
          ({ progress }) => ({
            progress: (...call) =>
              Effect.tap(progress(...call), () =>
                Effect.andThen(Deferred.succeed(storing, undefined), Deferred.await(reported))
              )
          })
        )

        yield* pass("1 second")
        yield* Deferred.await(reported)
        yield* pass("1 second")

        yield* awaited(get(run), ({ summaryCounts }) => summaryCounts.processed === 2)
      })
    )
  })

  describe("an item that failed", () => {
    it.effect("is stored with the progress, without the secrets in its texts", () =>
      Effect.gen(function* () {
        const refused = {
          reasonCode: "provider_conflict",
          message: "Refused Bearer abc1234567890",
          item: "password=hunter2"
        } as const
        yield* worker(({ failed }) => Effect.andThen(failed(refused), Effect.never))
        const run = yield* started()

        const noted = yield* awaited(get(run), ({ failureSummary }) => failureSummary.length > 0)

        assert.deepStrictEqual(noted.failureSummary[0]?.samples, [
          { message: "Refused Bearer [removed: bearer token]", item: "password=[removed: password]" }
        ])
      })
    )
  })

  describe("a report", () => {
    const report = (note: string) => ({ kind: "work", version: 1, checks: [{ note }] })

    it.effect("is shown at once, without the secrets in its texts", () =>
      Effect.gen(function* () {
        const said = yield* Deferred.make<void>()
        yield* worker((attempt) =>
          attempt
            .report(report("Bearer abc1234567890"))
            .pipe(Effect.andThen(Deferred.succeed(said, undefined)), Effect.andThen(Effect.never))
        )
        const run = yield* started()
        assert.isNull(run.report)

        yield* Deferred.await(said)

        assert.deepStrictEqual((yield* get(run)).report, report("Bearer [removed: bearer token]"))
      })
    )

    it.effect("takes the place of the one before, and outlives its attempt", () =>
      Effect.gen(function* () {
        const run = yield* executed((attempt) =>
          Effect.gen(function* () {
            if (attempt.run.attempt === 1) return RunHandler.succeeded
            yield* attempt.report(report("first"))
            yield* attempt.report({ ...report("second"), more: null })
            return yield* new RunFailure({ reasonCode: "provider_unavailable", message: "Try again." })
          })
        )

        assert.deepStrictEqual(run.report, { ...report("second"), more: null })
        assert.deepStrictEqual([run.outcome, run.attempt], ["succeeded", 1])
      })
    )

    it.effect("of more than 64 KiB fails the run, and is not stored", () =>
      Effect.gen(function* () {
        // 40 texts of 1,999 characters: 78 KiB, and each of them alone is short enough.
        const text = Array.from({ length: 40 }, () => "x".repeat(1_999))

        const run = yield* executed((attempt) =>
          Effect.as(attempt.report({ kind: "work", version: 1, text }), RunHandler.succeeded)
        )

        assert.deepStrictEqual([run.outcome, run.report], ["failed", null])
      })
    )

    it.effect("of a worker that has lost the run is refused, which the timeline shows", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* worker((attempt) =>
          takenAway(attempt.run).pipe(
            Effect.provideService(SqlClient.SqlClient, sql),
            Effect.andThen(attempt.report(report("late"))),
            Effect.as(RunHandler.succeeded)
          )
        )
        const run = yield* started()

        yield* awaited(timeline(run), (kinds) => kinds.includes("stale_write_refused"))

        assert.isNull((yield* get(run)).report)
      })
    )
  })

  describe("a transaction", () => {
    it.effect("is rolled back if the run belongs to somebody else when it is to be committed", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE pages (n int PRIMARY KEY)`
        const end = yield* Deferred.make<string>()
        yield* worker((attempt) =>
          Effect.gen(function* () {
            yield* attempt.transaction(sql`INSERT INTO pages VALUES (1)`, () => ({ processed: 1 }))
            yield* takenAway(attempt.run).pipe(Effect.provideService(SqlClient.SqlClient, sql))
            yield* attempt.transaction(sql`INSERT INTO pages VALUES (2)`, () => ({ processed: 2 }))
            return RunHandler.succeeded
          }).pipe(Effect.onExit((exit) => Deferred.succeed(end, exit._tag)))
        )
        const run = yield* started()

        assert.strictEqual(yield* Deferred.await(end), "Failure")

        assert.deepStrictEqual(yield* sql`SELECT n FROM pages ORDER BY n`, [{ n: 1 }])
        const { status, summaryCounts } = yield* get(run)
        assert.deepStrictEqual([status, summaryCounts], ["running", { processed: 1 }])
      })
    )
  })
})
