import { AssertionError } from "node:assert"
import { isDeepStrictEqual } from "node:util"
import { Effect, Option } from "effect"
import { isWholeRun, type Run, type RunId, type RunReceipt } from "../run/Run.ts"
import type { RunEvent, RunEventKind } from "../run/RunEvent.ts"
import { maxPageSize } from "../ledger/reads/RunPages.ts"
import { RunQueue } from "../ledger/RunQueue.ts"
import { SystemRuns } from "../starting/SystemRuns.ts"

/** What a test expects of a run. */
export type ExpectedRun = Partial<
  Pick<Run, "status" | "outcome" | "reasonCode" | "attempt" | "summaryCounts" | "report" | "context" | "input">
>

/** A run, whoever may see it; one that does not exist is a defect. */
export const findRun: (id: string) => Effect.Effect<Run, never, SystemRuns> = Effect.fnUntraced(function* (id: string) {
  const runs = yield* SystemRuns
  const run = Option.getOrUndefined(yield* Effect.orDie(runs.find(id)))
  return run ?? (yield* Effect.die(fail(`There is no run ${id}.`, undefined, "a run")))
})

/** The run that somebody was given who may view it; throws an `AssertionError` for a receipt. */
export const wholeRun = (run: Run | RunReceipt): Run => {
  if (isWholeRun(run)) return run
  throw fail(`The actor may not view the run ${run.id}.`, run, "a run")
}

/** The fence that a run has now: the token of whoever may write it. */
export const fenceOf: (id: RunId) => Effect.Effect<bigint, never, RunQueue> = Effect.fnUntraced(function* (id: RunId) {
  const fence = Option.getOrUndefined(yield* RunQueue.use((queue) => queue.fenceOf(id)))
  return fence ?? (yield* Effect.die(fail(`There is no run ${id}.`, undefined, "a run")))
})

/** A run's whole timeline, oldest first. */
export const timelineOf = Effect.fnUntraced(function* (id: string) {
  const runs = yield* SystemRuns
  const run = yield* findRun(id)
  const events: Array<RunEvent> = []
  while (events.length < run.lastEvent) {
    const page: ReadonlyArray<RunEvent> = yield* Effect.orDie(
      runs.events(id, { after: events.length, limit: maxPageSize })
    )
    if (page.length === 0) break
    events.push(...page)
  }
  return events
})

/**
 * Asserts that a run is as expected; says what else is known of it if it is not.
 *
 * @param id of the run
 * @param expected the fields that count
 * @returns the run; dies of an `AssertionError`
 */
export const assertRun: (id: string, expected: ExpectedRun) => Effect.Effect<Run, never, SystemRuns> =
  Effect.fnUntraced(function* (id: string, expected: ExpectedRun) {
    const run = yield* findRun(id)
    const actual = Object.fromEntries(Object.keys(expected).map((field) => [field, run[field as keyof ExpectedRun]]))
    if (isDeepStrictEqual(actual, { ...expected })) return run
    const failures = run.failureSummary.map(
      ({ reasonCode, message, count }) => `  ${count} × ${reasonCode}: ${message}`
    )
    const kinds = (yield* timelineOf(id)).map(({ kind }) => kind)
    const message = [
      `The run ${id} (${run.type}) is not as expected.`,
      `  timeline: ${kinds.join(", ")}`,
      ...failures
    ].join("\n")
    return yield* Effect.die(fail(message, actual, expected))
  })

/**
 * Asserts what happened to a run, in order. Progress is left out unless it is expected: how much of it is stored depends on time.
 *
 * @param id of the run
 * @param expected kinds of events, from `created` on; dies of an `AssertionError`
 */
export const assertTimeline = Effect.fnUntraced(function* (id: string, expected: ReadonlyArray<RunEventKind>) {
  const kinds = (yield* timelineOf(id)).map(({ kind }) => kind)
  const actual = expected.includes("progress") ? kinds : kinds.filter((kind) => kind !== "progress")
  if (!isDeepStrictEqual(actual, [...expected]))
    return yield* Effect.die(fail(`The timeline of the run ${id} is not as expected.`, actual, expected))
})

/**
 * Asserts that nothing of a run holds any of some texts, such as the secrets that its handler worked with.
 *
 * @param id of the run
 * @param secrets what must not be there; dies of an `AssertionError` that does not repeat them
 */
export const assertHoldsNone = Effect.fnUntraced(function* (id: string, secrets: ReadonlyArray<string>) {
  const text = JSON.stringify([yield* findRun(id), yield* timelineOf(id)])
  const found = secrets.findIndex((secret) => text.includes(JSON.stringify(secret).slice(1, -1)))
  if (found !== -1)
    return yield* Effect.die(
      fail(`The run ${id} holds the ${found + 1}. of the texts that it must not hold.`, true, false)
    )
})

const fail = (message: string, actual: unknown, expected: unknown) =>
  new AssertionError({ message, actual, expected, operator: "deepStrictEqual" })
