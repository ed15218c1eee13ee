/**
 * Assertions on runs and timelines, and reads for them, for tests. They see every run and check nobody's rights. What does not
 * hold is an `AssertionError`, as a defect.
 *
 * @module
 */

import { AssertionError } from "node:assert"
import { isDeepStrictEqual } from "node:util"
import { Effect, Option } from "effect"
import { isWholeRun, type Run, type RunId, type RunReceipt } from "../run/Run.ts"
import type { RunEvent, RunEventKind } from "../run/RunEvent.ts"
import { maxPageSize } from "../ledger/reads/RunPages.ts"
import { RunQueue } from "../ledger/RunQueue.ts"
import type { RemovedStart, Started } from "../starting/StartResult.ts"
import { SystemRuns } from "../starting/SystemRuns.ts"

/** The fields that a test expects of a run. */
export type ExpectedRun = Partial<
  Pick<Run, "status" | "outcome" | "reasonCode" | "attempt" | "summaryCounts" | "report" | "context" | "input">
>

/** A run, whoever may see it. An unknown id is a defect. */
export const findRun: (id: string) => Effect.Effect<Run, never, SystemRuns> = Effect.fnUntraced(function* (id: string) {
  const runs = yield* SystemRuns
  const run = Option.getOrUndefined(yield* Effect.orDie(runs.find(id)))
  return run ?? (yield* Effect.die(fail(`There is no run ${id}.`, undefined, "a run")))
})

/** The run that an actor got; throws an `AssertionError` for a receipt, which actors get who may not view the run. */
export const wholeRun = (run: Run | RunReceipt): Run => {
  if (isWholeRun(run)) return run
  throw fail(`The actor may not view the run ${run.id}.`, run, "a run")
}

/** The answer to a start, with its run; throws an `AssertionError` for a start whose run was removed. */
export const withRun = <Seen extends Run | RunReceipt>(result: Started<Seen> | RemovedStart): Started<Seen> => {
  if (!result.removed) return result
  throw fail(`The run ${result.id} was removed.`, result, "a run")
}

/** The current fence of a run: the token of whoever may write it. An unknown id is a defect. */
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
 * Asserts that the named fields of a run are as expected, and returns the run. The error shows the run's timeline and failures.
 *
 * @example
 * ```ts
 * const { id } = yield* TestOperations.start(CountMailGroups, { tenantId: "contoso", input: {} })
 * yield* TestOperations.runUntilIdle
 * yield* assertRun(id, { status: "queued", attempt: 1 })
 * ```
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
 * Asserts which events a run's timeline has, in order. Progress counts only if it is expected: how often it is stored depends
 * on time. The first expected event is `created`.
 */
export const assertTimeline = Effect.fnUntraced(function* (id: string, expected: ReadonlyArray<RunEventKind>) {
  const kinds = (yield* timelineOf(id)).map(({ kind }) => kind)
  const actual = expected.includes("progress") ? kinds : kinds.filter((kind) => kind !== "progress")
  if (!isDeepStrictEqual(actual, [...expected]))
    return yield* Effect.die(fail(`The timeline of the run ${id} is not as expected.`, actual, expected))
})

/**
 * Asserts that neither a run nor its timeline holds any of some texts, such as the secrets that its handler worked with. The
 * error does not repeat them.
 */
export const assertHoldsNone = Effect.fnUntraced(function* (id: string, secrets: ReadonlyArray<string>) {
  const text = JSON.stringify([yield* findRun(id), yield* timelineOf(id)])
  const found = secrets.findIndex((secret) => text.includes(JSON.stringify(secret).slice(1, -1)))
  if (found !== -1)
    return yield* Effect.die(
      fail(`The run ${id} holds a text that it must not hold: number ${found + 1} of those given.`, true, false)
    )
})

const fail = (message: string, actual: unknown, expected: unknown) =>
  new AssertionError({ message, actual, expected, operator: "deepStrictEqual" })
