import type { StandardSchemaV1 } from "@standard-schema/spec"
import type { Capability } from "../run/Capability.ts"
import { checked } from "./arguments.ts"
import type { FailureReport, ReasonCode, Run, RunActor, RunCounts, RunReport } from "./Run.ts"

/** A length of time: milliseconds, or such as `"30 seconds"`. */
export type Duration = number | `${number} ${"milli" | "second" | "minute" | "hour" | "day"}${"" | "s"}`

/** JSON, as identity keys are made of. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** What makes two starts the same, beyond operation and tenant. */
export type Identity<Input> =
  | {
      /** An equal start joins the run that is queued or running. */
      readonly rule: "while_active"
      /** What of the input tells starts apart; left out, there is one run per tenant. */
      readonly key?: (input: Input) => Json
    }
  | {
      /** A start with the same `idempotencyKey` is answered with the run that was recorded first. Each start needs one. */
      readonly rule: "once"
      readonly by: "idempotency_key"
      /** A second identity, which is taken only while the run is active. */
      readonly whileActive?: (input: Input) => Json
    }

/** Where an operation works. `tenantId` is null for an operation of workspace scope. */
export interface Scope {
  readonly workspaceId: string
  readonly tenantId: string | null
}

/** A statement on the database, with its values as `$1`, `$2`…; gives the rows. */
export type Query = <Row = Record<string, unknown>>(
  text: string,
  values?: ReadonlyArray<unknown>
) => Promise<ReadonlyArray<Row>>

/** What a handler is handed: its run, its input, and the ways in which it may write. */
export interface HandlerContext<Input> {
  readonly run: Run
  readonly scope: Scope
  readonly input: Input
  /**
   * Aborted when the run is cancelled or replaced, when its time is up, when this process shuts down, and when another worker
   * owns the run. A handler that does not end within ten seconds then is left alone.
   */
  readonly signal: AbortSignal
  /** This attempt, in the trace of whoever started the run: a W3C `traceparent`, to be sent along with requests to others. */
  readonly traceparent: string | null
  /** Says how far the run is. Cheap: stored at most about once a second. */
  progress(counts: RunCounts): void
  /** Notes that an item failed, while the work goes on. With such, the run ends as partially succeeded. */
  failed(report: FailureReport): void
  /** Puts on the run what it found out so far, in place of an earlier report; at most 64 KiB of JSON. */
  report(report: RunReport): Promise<void>
  /**
   * Statements in one transaction that commits only while this worker still owns the run, so that nothing is written twice
   * by one that was thought dead.
   *
   * @param work gets the transaction's `query`, and must not use it afterwards
   * @param counts how far the run is once the work is committed
   */
  transaction<A>(work: (query: Query) => Promise<A>, counts?: (result: A) => RunCounts): Promise<A>
}

/** How a handler that did not fail ends its run; returning nothing is `succeeded`. */
export type HandlerResult =
  | { readonly outcome: "succeeded" }
  | { readonly outcome: "partially_succeeded"; readonly reasonCode: ReasonCode }

/** Why an operation may not start now: somebody has to do something first. */
export interface Block {
  readonly reasonCode: ReasonCode
  /** A sentence for people. */
  readonly message: string
}

/** How long completed runs are kept: those beyond either limit are removed. */
export interface Retention {
  /** For how many days after their end. */
  readonly days?: number
  /** How many in each tenant, the newest. */
  readonly count?: number
}

/** What there is to say of an operation; docs/operations.md has every field with its default. */
export interface OperationDefinition<Schema extends StandardSchemaV1 = StandardSchemaV1> {
  /** Stable dotted lower-case name, such as `reports.export`. */
  readonly name: string
  readonly label: string
  readonly description?: string
  /** Heading under which pages list it; `Operations` by default. */
  readonly category?: string
  readonly scope?: "tenant" | "workspace"
  /** Of its input, by any library that speaks Standard Schema. What it accepts has to be JSON without secrets. */
  readonly input: Schema
  readonly capabilities: {
    /** Who may start, cancel and retry it. */
    readonly start: Capability
    /** Who may view it and its runs: a run keeps what it was started with. */
    readonly view: Capability
    /** What viewing a run needs instead of `view` where that depends on what the run reads: all of them, also for starting it. */
    readonly viewOf?: (input: StandardSchemaV1.InferOutput<Schema>) => ReadonlyArray<Capability>
  }
  readonly identity: Identity<StandardSchemaV1.InferOutput<Schema>>
  /** `system`: nobody starts it by hand; `startAsSystem` does. */
  readonly startedBy?: "members" | "system"
  /** The host's records that a run belongs to, as far as its input names them. */
  readonly records?: (input: StandardSchemaV1.InferOutput<Schema>) => Readonly<Record<string, string>>
  /** Asked before a run is recorded and before each attempt: null to go ahead. */
  readonly gate?: (question: {
    readonly scope: Scope
    readonly input: StandardSchemaV1.InferOutput<Schema>
    readonly actor: RunActor
  }) => Promise<Block | null>
  /** Whether it must be alone in its scope: of all exclusive operations one run at a time; a second start is refused as busy. */
  readonly exclusive?: boolean
  readonly concurrency?: number | "unlimited"
  readonly priority?: "interactive" | "background"
  readonly timeLimit?: Duration
  readonly queueLimit?: Duration
  readonly supersedable?: boolean
  readonly retry?: { readonly maxAttempts?: number; readonly backoff?: Duration; readonly maxBackoff?: Duration }
  readonly retention?: Retention
  /**
   * The work of one attempt. It may be stopped at any point, and is done again after a crash. `RunFailure` says why an
   * attempt failed; anything else that is thrown goes to the log only, and fails the run as `internal_error`.
   */
  readonly handler: (context: HandlerContext<StandardSchemaV1.InferOutput<Schema>>) => Promise<HandlerResult | void>
}

/** An operation that `createAtlas` takes, and whose input a start is checked against. */
export interface Operation<Schema extends StandardSchemaV1 = any> extends OperationDefinition<Schema> {
  readonly description: string
  readonly category: string
}

/** A handler gives up on this attempt. */
export class RunFailure extends Error {
  readonly _tag = "RunFailure"
  readonly reasonCode: ReasonCode
  readonly retryable: boolean

  /**
   * @param failure a reason code, such as `ext.reports.locked`; a sentence for people, without secrets; and whether a later
   * attempt may succeed without anybody acting
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
 * @param definition name, label, input schema, capabilities, identity and handler; the rest has defaults
 * @throws InvalidInput that names what is wrong with it, members that nobody knows included
 */
export const defineOperation = <Schema extends StandardSchemaV1>(
  definition: OperationDefinition<Schema>
): Operation<Schema> => {
  checked("defineOperation", { definition })
  return { description: "", category: "Operations", ...definition }
}
