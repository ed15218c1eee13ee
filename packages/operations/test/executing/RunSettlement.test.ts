import { assert, describe, layer } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { GraphError, RunFailure, RunHandler } from "../../src/index.ts"
import { ledger } from "../Fixture.ts"
import { executed, type Handle, timeline } from "./ExecutorFixture.ts"

// `Work` may be attempted three times, with a pause of some milliseconds in between.
layer(ledger, { excludeTestServices: true })("How an attempt ends", (it) => {
  describe("an attempt that fails", () => {
    it.effect("ends the run at once for a reason that is not worth another attempt", () =>
      Effect.gen(function* () {
        const run = yield* executed(() =>
          Effect.fail(new GraphError({ reasonCode: "provider_permission_denied", message: "No.", requestId: "r-1" }))
        )

        assert.deepStrictEqual([run.outcome, run.reasonCode, run.attempt], ["failed", "provider_permission_denied", 1])
        const [failure, ...others] = run.failureSummary
        assert.deepStrictEqual(others, [])
        assert.deepStrictEqual(failure?.samples, [{ message: "No.", requestId: "r-1" }])
      })
    )

    it.effect("is followed by another one for a reason that may pass, up to the last attempt", () =>
      Effect.gen(function* () {
        const run = yield* executed(() =>
          Effect.fail(new RunFailure({ reasonCode: "provider_unavailable", message: "Down." }))
        )

        assert.deepStrictEqual([run.outcome, run.reasonCode, run.attempt], ["failed", "provider_unavailable", 3])
        assert.deepStrictEqual(
          (yield* timeline(run)).filter((kind) => kind !== "progress"),
          ["created", "started", "attempt_failed", "started", "attempt_failed", "started", "completed"]
        )
      })
    )

    it.effect("leaves its failures to the attempts after it, which add their own", () =>
      Effect.gen(function* () {
        const run = yield* executed((attempt) =>
          Effect.gen(function* () {
            const earlier = attempt.run.attempt
            yield* attempt.failed({ reasonCode: "provider_conflict", message: "Busy.", item: `${earlier}` })
            if (earlier === 2) return RunHandler.succeeded
            return yield* new RunFailure({ reasonCode: "provider_unavailable", message: `Down ${earlier}.` })
          })
        )

        assert.deepStrictEqual(
          run.failureSummary.map(({ reasonCode, message, count }) => [reasonCode, message, count]),
          [
            ["provider_conflict", "Busy.", 3],
            ["provider_unavailable", "Down 1.", 2]
          ]
        )
        assert.deepStrictEqual([run.outcome, run.reasonCode], ["partially_succeeded", "provider_conflict"])
        for (const { firstAt, lastAt } of run.failureSummary) {
          assert.isTrue(firstAt !== null && lastAt !== null && DateTime.isLessThan(firstAt, lastAt))
        }
      })
    )
  })

  describe("an attempt that ends unexpectedly", () => {
    it.effect("leaves nothing of an error's text on the run", () =>
      Effect.gen(function* () {
        const run = yield* executed(() => Effect.die(new Error("client_secret=hunter2")))

        assert.strictEqual(run.reasonCode, "internal_error")
        assert.notInclude(JSON.stringify(run.failureSummary), "hunter2")
      })
    )

    it.effect("has failed if its handler interrupts itself, and is not repeated for ever", () =>
      Effect.gen(function* () {
        const run = yield* executed(() => Effect.interrupt)

        assert.deepStrictEqual([run.outcome, run.reasonCode, run.attempt], ["failed", "internal_error", 1])
      })
    )
  })

  describe("an attempt that reports what cannot be stored", () => {
    it.effect("fails for a count that is no whole number", () =>
      Effect.gen(function* () {
        const run = yield* executed(({ progress }) => Effect.as(progress({ processed: 1.5 }), RunHandler.succeeded))

        assert.deepStrictEqual([run.reasonCode, run.attempt], ["internal_error", 1])
      })
    )

    it.effect("fails for its own reason if only the message cannot be stored, and keeps the beginning of that", () =>
      Effect.gen(function* () {
        // A NUL and half a character, which Postgres refuses, in 2,500 characters.
        const message = `bad \0 \ud83d ${"long ".repeat(500)}`

        const run = yield* executed(() => Effect.fail(new RunFailure({ reasonCode: "provider_conflict", message })))

        assert.deepStrictEqual([run.reasonCode, run.attempt], ["provider_conflict", 1])
        assert.isAtMost(run.failureSummary[0]?.message.length ?? 0, 500)
      })
    )
  })

  describe("an attempt that finishes although items failed", () => {
    /** Three items fail for one reason, and one for another. */
    const fourFail =
      (result: RunHandler.RunResult): Handle =>
      ({ failed }) =>
        Effect.forEach([1, 2, 3], (n) =>
          failed({ reasonCode: "provider_conflict", message: "Was busy.", item: `group ${n}` })
        ).pipe(
          Effect.andThen(
            failed(new GraphError({ reasonCode: "provider_throttled", message: "Slow.", requestId: "r-1" }))
          ),
          Effect.as(result)
        )

    it.effect("has partially succeeded, for the reason that most items failed for", () =>
      Effect.gen(function* () {
        const run = yield* executed(fourFail(RunHandler.succeeded))

        assert.deepStrictEqual([run.outcome, run.reasonCode], ["partially_succeeded", "provider_conflict"])
      })
    )

    it.effect("has partially succeeded for the reason that its handler names, if it names one", () =>
      Effect.gen(function* () {
        const run = yield* executed(fourFail(RunHandler.partiallySucceeded("provider_throttled")))

        assert.deepStrictEqual([run.outcome, run.reasonCode], ["partially_succeeded", "provider_throttled"])
      })
    )

    it.effect("has them counted by reason, with samples, the most frequent first", () =>
      Effect.gen(function* () {
        const run = yield* executed(fourFail(RunHandler.succeeded))

        assert.deepStrictEqual(
          run.failureSummary.map(({ reasonCode, count, samples }) => ({ reasonCode, count, samples })),
          [
            {
              reasonCode: "provider_conflict",
              count: 3,
              samples: [1, 2, 3].map((n) => ({ message: "Was busy.", item: `group ${n}` }))
            },
            { reasonCode: "provider_throttled", count: 1, samples: [{ message: "Slow.", requestId: "r-1" }] }
          ]
        )
      })
    )
  })
})
