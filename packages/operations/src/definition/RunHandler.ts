/**
 * What a handler gets and what it returns. A handler is the work of one attempt. It may be interrupted at any point and reruns
 * after a crash, so what it does outside `transaction` must bear repetition. `Operation.toLayer` makes a handler.
 *
 * @module
 */
import type { Effect } from "effect"
import type { SqlError } from "effect/sql"
import type { FailureReport } from "../run/Failure.ts"
import type { RunFailure } from "./RunFailure.ts"
import type { GraphError } from "../graph/GraphError.ts"
import type { ScopeKind, ScopeOf } from "./Operation.ts"
import type { ReasonCode } from "../run/ReasonCode.ts"
import type { Run, RunCounts } from "../run/Run.ts"
import type { RunReport } from "../run/RunReport.ts"

/** What a handler gets: its run, its input, and the only ways to write to the run. */
export interface RunContext<Input, Kind extends ScopeKind = "tenant"> {
  readonly run: Run
  /** Where it works. `tenantId` is null for an operation of workspace scope. */
  readonly scope: ScopeOf<Kind>
  readonly input: Input
  /** Says how far the run is. Call it as often as you like: it is stored at most about once a second. */
  progress(counts: RunCounts): Effect.Effect<void>
  /**
   * Notes that an item failed, and goes on. Failures are counted by reason, with a few samples, and stored with the progress.
   * Secrets in their texts are redacted.
   *
   * @param report reason, message and item; a `GraphError` can be passed as it is
   */
  failed(report: FailureReport): Effect.Effect<void>
  /**
   * Stores what the run has found so far, in place of an earlier report, and shows it at once. Secrets in its texts are
   * redacted. A report with more than 64 KiB is a defect.
   */
  report(report: RunReport): Effect.Effect<void>
  /**
   * Runs database work in one transaction that ends with the run's fenced update. It commits only while this worker still owns
   * the run, and extends the lease. Database failures are defects.
   *
   * @param counts how far the run is once the work is committed
   */
  transaction<A, E, R>(
    work: Effect.Effect<A, E, R>,
    counts?: (result: A) => RunCounts
  ): Effect.Effect<A, Exclude<E, SqlError.SqlError>, R>
}

/** How a handler ends its run if it does not fail. */
export type RunResult =
  | { readonly outcome: "succeeded" }
  | { readonly outcome: "partially_succeeded"; readonly reasonCode: ReasonCode }

/**
 * Everything was done, except for the items that were reported with `failed`. If there are any, the run has partially
 * succeeded, with the most frequent reason.
 */
export const succeeded: RunResult = { outcome: "succeeded" }

/**
 * A part was done, and the rest failed as reported with `failed`.
 *
 * @param reasonCode the most important reason
 */
export const partiallySucceeded = (reasonCode: ReasonCode): RunResult => ({
  outcome: "partially_succeeded",
  reasonCode
})

/** The work of one attempt. */
export type Handle<Input, Kind extends ScopeKind, R> = (
  run: RunContext<Input, Kind>
) => Effect.Effect<RunResult, RunFailure | GraphError, R>
