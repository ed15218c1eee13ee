/**
 * Definitions of operations with plain promises: what an operation is, and the handler that does its work. Schemas of any
 * library that supports Standard Schema type and check the input.
 *
 * @module
 */
import type { StandardSchemaV1 } from "@standard-schema/spec"
import { defined } from "../boundary/Decoding.ts"
import type { Capability } from "../run/Capability.ts"
import { checked } from "./arguments.ts"
import type { FailureReport, ReasonCode, Run, RunActor, RunCounts, RunReport } from "./Run.ts"

/** A duration: milliseconds, or a text such as `"30 seconds"`. */
export type Duration = number | `${number} ${"milli" | "second" | "minute" | "hour" | "day"}${"" | "s"}`

/** JSON, of which identity keys are made. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** What makes two starts the same, beyond operation, workspace and tenant. */
export type Identity<Input, Rule extends IdentityRule = IdentityRule> = (
  | {
      /** An equal start joins the run that is queued or running. */
      readonly rule: "while_active"
      /** The part of the input that tells starts apart. Without it, there is one run per scope. */
      readonly key?: (input: Input) => Json
    }
  | {
      /**
       * Each start needs an `idempotencyKey`. A start with the same key of the same actor gets the run that was recorded first.
       */
      readonly rule: "once"
      readonly by: "idempotency_key"
      /** A second identity, which holds only while the run is active. */
      readonly whileActive?: (input: Input) => Json
    }
) & { readonly rule: Rule }

/** How long a run holds its identity: while it is queued or running, or for ever. */
export type IdentityRule = "while_active" | "once"

/** Where an operation works. `tenantId` is null for an operation of workspace scope. */
export interface Scope {
  readonly workspaceId: string
  readonly tenantId: string | null
}

/** Runs a statement on the database and returns its rows. The statement refers to its values as `$1`, `$2`… */
export type Query = <Row = Record<string, unknown>>(
  text: string,
  values?: ReadonlyArray<unknown>
) => Promise<ReadonlyArray<Row>>

/** What a handler gets: its run, its input, and the ways to write to the run. */
export interface HandlerContext<Input> {
  readonly run: Run
  readonly scope: Scope
  readonly input: Input
  /**
   * Aborted when the run is cancelled or replaced, when its time is up, when this process shuts down, and when another worker
   * owns the run. A handler that has not ended ten seconds later is abandoned.
   */
  readonly signal: AbortSignal
  /**
   * The `traceparent` (W3C Trace Context) of this attempt, in the trace of the start. Send it along with requests to others.
   */
  readonly traceparent: string | null
  /** Says how far the run is. Call it as often as you like: it is stored at most about once a second. */
  progress(counts: RunCounts): void
  /** Notes that an item failed, and goes on. The run then ends as partially succeeded. */
  failed(report: FailureReport): void
  /** Stores what the run has found so far, in place of an earlier report; at most 64 KiB of JSON. */
  report(report: RunReport): Promise<void>
  /**
   * Runs statements in one transaction, which commits only while this worker still owns the run. A worker that was thought dead
   * can therefore not write a second time.
   *
   * @param work gets the transaction's `query`, and must not use it after it has ended
   * @param counts how far the run is once the work is committed
   */
  transaction<A>(work: (query: Query) => Promise<A>, counts?: (result: A) => RunCounts): Promise<A>
}

/** How a handler ends its run if it does not fail. Returning nothing means `succeeded`. */
export type HandlerResult =
  | { readonly outcome: "succeeded" }
  | { readonly outcome: "partially_succeeded"; readonly reasonCode: ReasonCode }

/** Why an operation may not start now: what a person must do first. */
export interface Block {
  readonly reasonCode: ReasonCode
  /** A sentence for people. */
  readonly message: string
}

/** How long completed runs are kept. Runs that exceed either limit are removed. */
export interface Retention {
  /** How many days after their end. */
  readonly days?: number
  /** How many in each scope: the newest. */
  readonly count?: number
}

/** The definition of an operation. docs/operations.md has every field with its default. */
export interface OperationDefinition<
  Schema extends StandardSchemaV1 = StandardSchemaV1,
  Rule extends IdentityRule = IdentityRule
> {
  /** A stable dotted lower-case name, such as `reports.export`. */
  readonly name: string
  readonly label: string
  readonly description?: string
  /** The heading under which pages list it; `Operations` by default. */
  readonly category?: string
  readonly scope?: "tenant" | "workspace"
  /** The schema of its input, by any Standard Schema library. What it accepts must be JSON without secrets. */
  readonly input: Schema
  readonly capabilities: {
    /** Who may start, cancel and retry it. */
    readonly start: Capability
    /** Who may view it and its runs. A run keeps the capability that it was started with. */
    readonly view: Capability
    /**
     * The capabilities that viewing a run takes instead of `view`, where they depend on what the run reads. Starting it takes
     * them too.
     */
    readonly viewOf?: (input: StandardSchemaV1.InferOutput<Schema>) => ReadonlyArray<Capability>
  }
  readonly identity: Identity<StandardSchemaV1.InferOutput<Schema>, Rule>
  /** `system`: only the host starts it, with `startAsSystem`. */
  readonly startedBy?: "members" | "system"
  /** The host's records that a run belongs to, as far as the input names them. */
  readonly records?: (input: StandardSchemaV1.InferOutput<Schema>) => Readonly<Record<string, string>>
  /** Asked before a run is recorded and again before each attempt. Return null to go ahead. */
  readonly gate?: (question: {
    readonly scope: Scope
    readonly input: StandardSchemaV1.InferOutput<Schema>
    readonly actor: RunActor
  }) => Promise<Block | null>
  /**
   * Whether it must be alone in its scope. Of all exclusive operations, one run is active there at a time; a second start is
   * refused as busy.
   */
  readonly exclusive?: boolean
  readonly concurrency?: number | "unlimited"
  readonly priority?: "interactive" | "background"
  readonly timeLimit?: Duration
  readonly queueLimit?: Duration
  readonly supersedable?: boolean
  readonly retry?: { readonly maxAttempts?: number; readonly backoff?: Duration; readonly maxBackoff?: Duration }
  readonly retention?: Retention
  /**
   * The work of one attempt. It may be stopped at any point and reruns after a crash. Throw a `RunFailure` to say why an
   * attempt failed. Anything else that is thrown goes to the log only, and fails the run as `internal_error`.
   */
  readonly handler: (context: HandlerContext<StandardSchemaV1.InferOutput<Schema>>) => Promise<HandlerResult | void>
}

/** An operation, as `defineOperation` returns it and `createAtlas` takes it. */
export interface Operation<
  Schema extends StandardSchemaV1 = any,
  Rule extends IdentityRule = IdentityRule
> extends OperationDefinition<Schema, Rule> {
  readonly description: string
  readonly category: string
}

/**
 * Thrown by a handler that gives up on this attempt.
 *
 * @example
 * ```ts
 * if (answer === "down")
 *   throw new RunFailure({ reasonCode: "ext.mailboxes.down", message: "Mail does not answer.", retryable: true })
 * ```
 */
export class RunFailure extends Error {
  readonly _tag = "RunFailure"
  readonly reasonCode: ReasonCode
  readonly retryable: boolean

  /**
   * @param failure a reason code, such as `ext.reports.locked`; a sentence for people, without secrets; and whether a later
   * attempt may succeed without anybody acting, false by default
   */
  constructor(
    failure: { readonly reasonCode: ReasonCode; readonly message: string; readonly retryable?: boolean },
    options?: ErrorOptions
  ) {
    super(failure.message, options)
    this.name = "RunFailure"
    this.reasonCode = failure.reasonCode
    this.retryable = failure.retryable ?? false
  }
}

/**
 * Defines an operation with its handler.
 *
 * @throws InvalidInput that names each problem, unknown members included
 *
 * @example
 * ```ts
 * const exportReport = defineOperation({
 *   name: "reports.export",
 *   label: "Export report",
 *   input: z.object({ month: z.string().regex(/^\d{4}-\d{2}$/) }),
 *   capabilities: { start: "tenant.reports.export", view: "tenant.reports.view" },
 *   identity: { rule: "while_active", key: ({ month }) => month },
 *   handler: async ({ input, scope }) => upload(scope.tenantId, input.month)
 * })
 * ```
 */
export const defineOperation = <Schema extends StandardSchemaV1, const Rule extends IdentityRule>(
  definition: OperationDefinition<Schema, Rule>
): Operation<Schema, Rule> => {
  checked("defineOperation", { definition })
  return { description: "", category: "Operations", ...defined(definition) }
}
