/**
 * Atlas in a host that does not use Effect: what `createAtlas` takes and returns.
 *
 * @module
 */
import type { StandardSchemaV1 } from "@standard-schema/spec"
import type { HostAccess } from "./HostAccess.ts"
import type { LogEntry } from "./LogEntry.ts"
import type { Operation, Retention } from "./Operation.ts"
import type { Actor, Run, RunEvent, RunReceipt } from "./Run.ts"

/** The options of `createAtlas`. */
export interface AtlasOptions<Operations extends ReadonlyArray<Operation>> {
  /** The host's Postgres, version 14 or newer. Atlas' tables live beside the host's own. */
  readonly databaseUrl: string
  readonly operations: Operations
  readonly access: HostAccess
  /** How this process executes runs. `false`: not at all; other processes do. */
  readonly worker?:
    | false
    | {
        /** How many runs execute at once; 8 by default. */
        readonly slots?: number
        /** How many milliseconds a worker may be silent before another one takes its run; 15,000 by default. */
        readonly leaseMillis?: number
      }
  /** The most connections to the database; by default the worker's slots and 4 more. */
  readonly connections?: number
  /** Whether to create and upgrade the tables at startup; true by default. */
  readonly migrate?: boolean
  /** How long to keep completed runs of operations that do not say it themselves; for ever by default. */
  readonly retention?: Retention
  /** Gets each log entry, with secrets redacted. By default entries go to the console. */
  readonly log?: (entry: LogEntry) => void
}

/** Where to start an operation: in a tenant or, for an operation of workspace scope, in a workspace as a whole. */
export type StartTarget =
  | { readonly tenantId: string; readonly workspaceId?: never }
  | { readonly workspaceId: string; readonly tenantId?: never }

/** What to start, and where. */
export type StartRequest<Input> = StartTarget & StartDetails<Input>

/** What to start. */
export interface StartDetails<Input> {
  readonly input: Input
  /** The caller's own key of this start, for operations whose identity is `once`: 1 to 200 characters. */
  readonly idempotencyKey?: string
  /** The active run to replace, for operations that are `supersedable`. */
  readonly supersedes?: string
  /** Ids of the host's records that the run belongs to. Take them from the host's own code, not from callers. */
  readonly context?: Readonly<Record<string, string>>
  /** The trace of the start: the request's `traceparent` header, as W3C Trace Context writes it. */
  readonly traceparent?: string | undefined
}

/** What the host itself starts, and where. */
export interface SystemStartRequest<Input> extends Pick<StartDetails<Input>, "input" | "context" | "traceparent"> {
  readonly workspaceId: string
  /** Absent for operations of workspace scope. */
  readonly tenantId?: string
}

/** How a start was answered. */
export interface Started<Seen extends Run | RunReceipt = Run | RunReceipt> {
  /**
   * `created`: a new run, committed. `existing`: an equal start has this run, and this one joined it. `blocked`: a person must
   * act first, and the run's failure says how.
   */
  readonly disposition: "created" | "existing" | "blocked"
  /** The run or, for an actor who may not view it, its receipt. */
  readonly run: Seen
  readonly removed?: never
}

/**
 * An equal start had a run, which retention has removed. Nothing was started, and no method finds the run any more. Its id, how
 * it ended and when are all that is left of it.
 */
export interface RemovedStart {
  readonly disposition: "existing"
  readonly removed: true
  /** The id that the run had. */
  readonly id: string
  readonly outcome: Exclude<Run["outcome"], "pending">
  /** ISO 8601 in UTC. */
  readonly endedAt: string
}

/**
 * The answer to a start. Look at `removed` before `run`, unless the operation's identity is `while_active`: only an identity that
 * is taken once outlives its run.
 */
export type StartAnswer<Chosen = string> = Chosen extends { readonly identity: { readonly rule: "while_active" } }
  ? Started
  : Started | RemovedStart

/** How a start by the host itself was answered. The host may view everything. */
export type SystemStarted = Started<Run>

/** Which runs to list, newest first. */
export interface ListFilter {
  /** An operation's name. */
  readonly type?: string
  readonly tenant?: string
  readonly status?: Run["status"] | "active"
  readonly outcome?: Run["outcome"]
  /** The id of the actor who started it. */
  readonly actor?: string
  readonly reasonCode?: string
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | null
  /** 1 to 200; 50 by default. */
  readonly limit?: number
}

/**
 * Atlas, as `createAtlas` returns it. Every method rejects with an `AtlasError`; invalid arguments, unknown members included,
 * with `InvalidInput`. What the host's own functions throw is the `cause` of an `UnexpectedError`.
 *
 * @example
 * ```ts
 * const { disposition, run } = await atlas.start(actor, operation, { tenantId: "contoso", input: { mailboxes } })
 * console.log(`${disposition}: ${run.id}`)
 * for await (const { kind, at } of atlas.follow(actor, run.id)) console.log(at, kind)
 * return atlas.get(actor, run.id)
 * ```
 */
export interface Atlas<Operations extends ReadonlyArray<Operation>> {
  /**
   * Starts an operation, or joins the equal run. Rejects with `NotFound`, `Forbidden`, `InvalidInput`,
   * `IdempotencyKeyRequired`, `IdempotencyKeyReused`, `NotSupported` or `OperationBusy`.
   *
   * @param operation one that `createAtlas` got, which then types the input, or any name
   */
  start<Chosen extends Operations[number] | string>(
    actor: Actor,
    operation: Chosen,
    request: StartRequest<InputOf<Chosen>>
  ): Promise<StartAnswer<Chosen>>
  /**
   * Starts an operation on behalf of the host itself, such as from a timer. It checks nobody's rights.
   *
   * @param part the part of the host that acts, such as `timer`
   */
  startAsSystem<Chosen extends Operations[number]>(
    part: string,
    operation: Chosen,
    request: SystemStartRequest<InputOf<Chosen>>
  ): Promise<SystemStarted>
  /** Reads a run. Rejects with `NotFound` or `Forbidden`. */
  get(actor: Actor, runId: string): Promise<Run>
  /** Lists the runs that the actor may see. Rejects with `InvalidCursor`. */
  list(
    actor: Actor,
    filter?: ListFilter
  ): Promise<{ readonly runs: ReadonlyArray<Run>; readonly nextCursor: string | null }>
  /**
   * Reads a page of a run's timeline, oldest first. Rejects with `NotFound` or `Forbidden`.
   *
   * @param page `after`: the sequence number after which the page begins, 0 by default; `limit`: 1 to 200, 50 by default
   */
  events(
    actor: Actor,
    runId: string,
    page?: { readonly after?: number; readonly limit?: number }
  ): Promise<ReadonlyArray<RunEvent>>
  /**
   * Follows a run's timeline live, until the run is completed. Rights are checked again before each batch.
   *
   * @param options `after`: the sequence number after which to begin, 0 by default; `signal`: stops following
   */
  follow(
    actor: Actor,
    runId: string,
    options?: { readonly after?: number; readonly signal?: AbortSignal }
  ): AsyncIterable<RunEvent>
  /**
   * Asks a run to stop. Rejects with `NotFound`, `Forbidden`, `NotSupported` or `RunConflict`. An actor who may not view the
   * run gets its receipt.
   */
  cancel(actor: Actor, runId: string): Promise<Run | RunReceipt>
  /** Starts a run again that did not succeed, as a new run. Rejects as `start` does, and with `RunConflict`. */
  retry(actor: Actor, runId: string, options?: { readonly idempotencyKey?: string }): Promise<StartAnswer>
  /** Stops the worker, which gives running work back to the queue, and closes the connections. */
  close(): Promise<void>
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

type InputOf<Chosen> =
  Chosen extends Operation<infer Schema extends StandardSchemaV1, infer _Rule>
    ? StandardSchemaV1.InferInput<Schema>
    : unknown
