import type { Effect } from "effect"
import type { SqlError } from "effect/sql"
import type { FailureReport } from "../run/Failure.ts"
import type { RunFailure } from "./RunFailure.ts"
import type { GraphError } from "../graph/GraphError.ts"
import type { ScopeKind, ScopeOf } from "./Operation.ts"
import type { ReasonCode } from "../run/ReasonCode.ts"
import type { Run, RunCounts } from "../run/Run.ts"
import type { RunReport } from "../run/RunReport.ts"

/** What a handler is handed: its run, its input, and the only ways in which it may write. */
export interface RunContext<Input, Kind extends ScopeKind = "tenant"> {
  readonly run: Run
  /** Where it works: for an operation of workspace scope, without a tenant. */
  readonly scope: ScopeOf<Kind>
  readonly input: Input
  /** Says how far the run is; stored at most about once a second, however often it is called. */
  progress(counts: RunCounts): Effect.Effect<void>
  /**
   * Notes that an item failed, while the work goes on. Failures are counted by reason, with a few samples, and stored with
   * the progress; tokens and the like are taken out of the texts.
   *
   * @param report reason, message and item; a `GraphError` will do
   */
  failed(report: FailureReport): Effect.Effect<void>
  /**
   * Puts on the run what it found out so far, in place of an earlier report; stored and shown at once. Tokens and the like
   * are taken out of its texts; one with more than 64 KiB is a defect.
   *
   * @param report its kind, the version of that kind's form, and whatever the kind has
   */
  report(report: RunReport): Effect.Effect<void>
  /**
   * Runs database work in one transaction that ends with the run's fenced update: it commits only while this worker
   * still owns the run, and extends its lease. Database failures are defects.
   *
   * @param work the statements
   * @param counts how far the run is once the work is committed
   * @returns what the work returned, once it is committed
   */
  transaction<A, E, R>(
    work: Effect.Effect<A, E, R>,
    counts?: (result: A) => RunCounts
  ): Effect.Effect<A, Exclude<E, SqlError.SqlError>, R>
}

/** How a handler that did not fail ends its run. */
export type RunResult =
  | { readonly outcome: "succeeded" }
  | { readonly outcome: "partially_succeeded"; readonly reasonCode: ReasonCode }

/**
 * Everything was done, but for the items that were reported as `failed`: with such, the run has partially succeeded, for
 * the reason that most of them failed for.
 */
export const succeeded: RunResult = { outcome: "succeeded" }

/**
 * A part was done; the rest failed, as the items say that were reported as `failed`.
 *
 * @param reasonCode the reason that weighs most
 */
export const partiallySucceeded = (reasonCode: ReasonCode): RunResult => ({
  outcome: "partially_succeeded",
  reasonCode
})

/** The work of one attempt. It may be interrupted at any point, and reruns after a crash. */
export type Handle<Input, Kind extends ScopeKind, R> = (
  run: RunContext<Input, Kind>
) => Effect.Effect<RunResult, RunFailure | GraphError, R>
