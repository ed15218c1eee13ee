import { Context, Effect, Layer, Option, type Scope } from "effect"
import type { SqlError } from "effect/sql"
import type { FailureReport } from "../run/Failure.ts"
import type { RunFailure } from "./RunFailure.ts"
import type { GraphError } from "../graph/GraphError.ts"
import {
  type AnyOperationType,
  DuplicateOperationType,
  OperationCatalog,
  UnregisteredOperationType
} from "./OperationCatalog.ts"
import type { OperationType, ScopeKind, ScopeOf } from "./OperationType.ts"
import type { ReasonCode } from "../run/ReasonCode.ts"
import type { Run, RunCounts } from "../run/Run.ts"
import { RunHandlers } from "./RunHandlers.ts"
import type { RunReport } from "../run/RunReport.ts"

/** What a handler is handed: its run, its input, and the only ways in which it may write. */
export interface RunContext<Input, Kind extends ScopeKind = "tenant"> {
  readonly run: Run
  /** Where it works: for a type of workspace scope, without a tenant. */
  readonly tenant: ScopeOf<Kind>
  readonly input: Input
  /** Reports how far the run is; stored at most about once a second, however often it is called. */
  report(counts: RunCounts): Effect.Effect<void>
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
  attach(report: RunReport): Effect.Effect<void>
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

/** The work of one operation type. It may be interrupted at any point, and executed again after a crash. */
export interface RunHandler<R = never> {
  readonly type: AnyOperationType
  readonly handle: (context: RunContext<any, any>) => Effect.Effect<RunResult, RunFailure | GraphError, R>
}

/**
 * Binds a handler to its operation type; the input's type follows from the definition.
 *
 * @param type the definition
 * @param handle the work of one attempt
 */
export const make = <Input, Encoded, Kind extends ScopeKind, R>(
  type: OperationType<Input, Encoded, Kind>,
  handle: (context: RunContext<Input, Kind>) => Effect.Effect<RunResult, RunFailure | GraphError, R>
): RunHandler<R> => ({ type, handle })

// A handler's resources are released when its attempt ends.
type Requirements<Handler> = Handler extends RunHandler<infer R> ? Exclude<R, Scope.Scope> : never

/**
 * The handlers that this process executes. Two for one type, or one for a type that is not in the catalog, stop the start.
 *
 * @param handlers at most one for each type
 */
export const layer = <const Handlers extends ReadonlyArray<RunHandler<any>>>(
  ...handlers: Handlers
): Layer.Layer<
  RunHandlers,
  DuplicateOperationType | UnregisteredOperationType,
  OperationCatalog | Requirements<Handlers[number]>
> =>
  Layer.effect(
    RunHandlers,
    Effect.gen(function* () {
      const catalog = yield* OperationCatalog
      const context = yield* Effect.context<any>()
      const byType = new Map<string, RunHandler>()
      for (const { type, handle } of handlers) {
        const { name } = type
        if (byType.has(name)) return yield* new DuplicateOperationType({ name })
        if (Option.getOrUndefined(catalog.find(name)) !== type) return yield* new UnregisteredOperationType({ name })
        byType.set(name, {
          type,
          handle: (run) => Effect.scoped(Effect.updateContext(handle(run), (own) => Context.merge(context, own)))
        })
      }
      return RunHandlers.of({
        types: handlers.map(({ type }) => type),
        find: (type) => Option.fromUndefinedOr(byType.get(type))
      })
    })
  )
