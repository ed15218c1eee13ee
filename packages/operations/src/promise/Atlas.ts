import { PgClient } from "@effect/sql-pg"
import type { StandardSchemaV1 } from "@standard-schema/spec"
import { Effect, Exit, Layer, ManagedRuntime, Redacted } from "effect"
import type { Actor as LedgerActor } from "../run/Actor.ts"
import * as Pg from "../pg.ts"
import { TenantId, WorkspaceId } from "../run/OperationScope.ts"
import { nameOf } from "../definition/Operation.ts"
import * as Operations from "../Operations.ts"
import { DefaultRetention } from "../ledger/RunRetention.ts"
import { Runs } from "../starting/Runs.ts"
import type * as Ledger from "../starting/RunStart.ts"
import type { StartResult } from "../starting/RunStart.ts"
import * as StartGate from "../definition/StartGate.ts"
import { SystemRuns } from "../starting/SystemRuns.ts"
import * as TraceContext from "../run/TraceContext.ts"
import * as Worker from "../executing/Worker.ts"
import { WorkerSettings } from "../executing/WorkerSettings.ts"
import { checked } from "./arguments.ts"
import { follow } from "./follow.ts"
import { toActor } from "./toActor.ts"
import { toAtlasError } from "./toAtlasError.ts"
import type { HostAccess } from "./HostAccess.ts"
import type { LogEntry } from "./LogEntry.ts"
import { toAccess } from "./toAccess.ts"
import { toLedger } from "./toLedger.ts"
import { toLogger } from "./toLogger.ts"
import type { Operation, Retention } from "./Operation.ts"
import type { Actor, Run, RunEvent, RunReceipt } from "./Run.ts"
import { toRun, toRunEvent, toSeenRun } from "./toRun.ts"

/** What `createAtlas` needs to know. */
export interface AtlasOptions<Operations extends ReadonlyArray<Operation>> {
  /** The host's Postgres, version 14 or newer: Atlas' tables live beside the host's own. */
  readonly databaseUrl: string
  readonly operations: Operations
  readonly access: HostAccess
  /** How this process executes runs; `false`: not at all, others do. */
  readonly worker?:
    | false
    | {
        /** Runs executed at once; 8 by default. */
        readonly slots?: number
        /** How long a run survives a silent worker before another takes it, in milliseconds; 15,000 by default. */
        readonly leaseMillis?: number
      }
  /** Connections to the database at most; the worker's slots and 4 by default. */
  readonly connections?: number
  /** Whether to create and upgrade the tables at the start; true by default. */
  readonly migrate?: boolean
  /** How long runs are kept of operations that do not say it themselves; for ever by default. */
  readonly retention?: Retention
  /** Told what Atlas has to say; by default it stands on the console. Secrets are taken out before. */
  readonly log?: (entry: LogEntry) => void
}

/** Where an operation is to work: in a tenant, or for operations of workspace scope in a workspace as a whole. */
export type StartTarget =
  | { readonly tenantId: string; readonly workspaceId?: never }
  | { readonly workspaceId: string; readonly tenantId?: never }

/** What is to be started, and where. */
export type StartRequest<Input> = StartTarget & StartDetails<Input>

/** What is to be started. */
export interface StartDetails<Input> {
  readonly input: Input
  /** The caller's own key of this start, for operations whose identity is `once`: 1 to 200 characters. */
  readonly idempotencyKey?: string
  /** The active run that this one replaces, for operations that allow it. */
  readonly supersedes?: string
  /** Ids of the host's records that the run belongs to. From the host's own code, not from outside. */
  readonly context?: Readonly<Record<string, string>>
  /** The trace that the start belongs to: the request's `traceparent` header, as W3C Trace Context writes it. */
  readonly traceparent?: string | undefined
}

/** What the host itself starts, and where. */
export interface SystemStartRequest<Input> extends Pick<StartDetails<Input>, "input" | "context" | "traceparent"> {
  readonly workspaceId: string
  /** Left out for operations in a workspace as a whole. */
  readonly tenantId?: string
}

/** How a start ended. */
export interface Started {
  /**
   * `created`: a new run, committed. `existing`: an equal start has this run, and this one joined it. `blocked`: somebody must
   * act first, and the run's failure says what to do.
   */
  readonly disposition: "created" | "existing" | "blocked"
  /** The run; for somebody who may start the operation but not view it, its receipt. */
  readonly run: Run | RunReceipt
}

/** How a start by the host itself ended, which may view everything. */
export interface SystemStarted extends Started {
  readonly run: Run
}

/** Which runs a listing shows, newest first. */
export interface ListFilter {
  /** An operation's name. */
  readonly type?: string
  readonly tenant?: string
  readonly status?: Run["status"] | "active"
  readonly outcome?: Run["outcome"]
  /** The id of who started it. */
  readonly actor?: string
  readonly reasonCode?: string
  /** `nextCursor` of the page before. */
  readonly cursor?: string | null
  /** 1 to 200; 50 by default. */
  readonly limit?: number
}

/**
 * Atlas in a host that does not use Effect. Every method rejects with an `AtlasError`: arguments that are not acceptable, members that
 * nobody knows included, with `InvalidInput`. What the host's own functions throw is the `cause` of an `UnexpectedError`.
 */
export interface Atlas<Operations extends ReadonlyArray<Operation>> {
  /**
   * Starts an operation, or joins the equal one. Rejects with `NotFound`, `Forbidden`, `InvalidInput`,
   * `IdempotencyKeyRequired`, `IdempotencyKeyReused`, `NotSupported` or `OperationBusy`.
   *
   * @param operation one that was given to `createAtlas`, whose input is then checked, or any name
   */
  start<Chosen extends Operations[number] | string>(
    actor: Actor,
    operation: Chosen,
    request: StartRequest<InputOf<Chosen>>
  ): Promise<Started>
  /** Starts an operation on behalf of the host itself, such as from a timer. Asks for nobody's rights. */
  startAsSystem<Chosen extends Operations[number]>(
    part: string,
    operation: Chosen,
    request: SystemStartRequest<InputOf<Chosen>>
  ): Promise<SystemStarted>
  /** One run. Rejects with `NotFound` or `Forbidden`. */
  get(actor: Actor, runId: string): Promise<Run>
  /** The runs that the actor may see. Rejects with `InvalidCursor`. */
  list(
    actor: Actor,
    filter?: ListFilter
  ): Promise<{ readonly runs: ReadonlyArray<Run>; readonly nextCursor: string | null }>
  /**
   * A page of a run's timeline, oldest first. Rejects with `NotFound` or `Forbidden`.
   *
   * @param page `after`: only what follows that sequence number, 0 by default; `limit`: 1 to 200, 50 by default
   */
  events(
    actor: Actor,
    runId: string,
    page?: { readonly after?: number; readonly limit?: number }
  ): Promise<ReadonlyArray<RunEvent>>
  /**
   * A run's timeline, live until the run is completed. Rights are asked for again as it goes on.
   *
   * @param options `after`: only what follows that sequence number; `signal`: ends the watching
   */
  follow(
    actor: Actor,
    runId: string,
    options?: { readonly after?: number; readonly signal?: AbortSignal }
  ): AsyncIterable<RunEvent>
  /**
   * Asks a run to stop. Rejects with `NotFound`, `Forbidden`, `NotSupported` or `RunConflict`. Who may stop it but not view it gets
   * its receipt.
   */
  cancel(actor: Actor, runId: string): Promise<Run | RunReceipt>
  /** Starts a run again that did not succeed, as a new one. Rejects as `start` does, and with `RunConflict`. */
  retry(actor: Actor, runId: string, options?: { readonly idempotencyKey?: string }): Promise<Started>
  /** Ends the worker, giving running work back to the queue, and the connections. */
  close(): Promise<void>
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

type InputOf<Chosen> =
  Chosen extends Operation<infer Schema extends StandardSchemaV1> ? StandardSchemaV1.InferInput<Schema> : unknown

const makeLayer = (options: AtlasOptions<ReadonlyArray<Operation>>) => {
  const { databaseUrl, operations, access, worker = {}, migrate = true, retention = {}, log } = options
  const settings = { ...WorkerSettings.defaultValue(), ...worker }
  const parts = operations.map(toLedger)
  const client = PgClient.layer({
    url: Redacted.make(databaseUrl),
    applicationName: "atlas",
    maxConnections: options.connections ?? settings.slots + 4,
    connectTimeout: "5 seconds"
  })
  const database = Layer.merge(Pg.listener, migrate ? Pg.migrated() : Layer.empty).pipe(Layer.provideMerge(client))
  return (worker === false ? Layer.empty : Worker.layer(...parts.map(({ handler }) => handler))).pipe(
    Layer.provideMerge(Operations.layer(...parts.map(({ type }) => type))),
    Layer.provide(StartGate.layer(...parts.flatMap(({ gates }) => gates))),
    Layer.provide([
      toAccess(access),
      Layer.succeed(WorkerSettings, settings),
      Layer.succeed(DefaultRetention, retention)
    ]),
    Layer.provideMerge(database),
    Layer.provide(toLogger(log))
  )
}

/**
 * Connects Atlas to a host's Postgres, creates its tables where they are missing, and begins to execute runs.
 *
 * @returns Atlas, once it is ready; rejects with `InvalidInput` for options that are not acceptable, members that nobody knows
 * included, `DatabaseUnavailable`, `DuplicateOperation`, or a `TypeError` for an operation whose definition contradicts itself
 */
export const createAtlas = async <const Operations extends ReadonlyArray<Operation>>(
  options: AtlasOptions<Operations>
): Promise<Atlas<Operations>> => {
  checked("createAtlas", { options })
  const runtime = ManagedRuntime.make(makeLayer(options))
  const run = async <A, E>(effect: Effect.Effect<A, E, Runs | SystemRuns>): Promise<A> => {
    const exit = await runtime.runPromiseExit(effect)
    if (Exit.isSuccess(exit)) return exit.value
    throw toAtlasError(exit.cause)
  }
  const close = () => runtime.dispose()
  try {
    await run(Effect.asVoid(Runs))
  } catch (error) {
    await close()
    throw error
  }
  // Asynchronous, so that what is wrong with the arguments rejects as everything else does.
  return {
    start: async (...[actor, operation, request]) => {
      const given = checked("start", { actor, operation, request })
      return run(start(toActor(given.actor), nameOf(given.operation), given.request))
    },
    startAsSystem: async (...[part, operation, request]) => {
      const given = checked("startAsSystem", { part, operation, request })
      return run(startAsSystem(given.part, nameOf(given.operation), given.request))
    },
    get: async (...[actor, runId]) => {
      const given = checked("ofRun", { actor, runId })
      return run(Runs.use((runs) => Effect.map(runs.get(toActor(given.actor), given.runId), toRun)))
    },
    list: async (...[actor, filter = {}]) => {
      const given = checked("list", { actor, filter })
      return run(list(toActor(given.actor), given.filter))
    },
    events: async (...[actor, runId, page = {}]) => {
      const given = checked("events", { actor, runId, page })
      return run(events(toActor(given.actor), given.runId, given.page))
    },
    follow: (...[actor, runId, options = {}]) => follow(runtime, { actor, runId, options }),
    cancel: async (...[actor, runId]) => {
      const given = checked("ofRun", { actor, runId })
      return run(Runs.use((runs) => Effect.map(runs.cancel(toActor(given.actor), given.runId), toSeenRun)))
    },
    retry: async (...[actor, runId, options = {}]) => {
      const given = checked("retry", { actor, runId, options })
      const again = Runs.use((runs) => runs.retry(toActor(given.actor), given.runId, given.options.idempotencyKey))
      return run(Effect.map(again, toStarted))
    },
    close,
    [Symbol.asyncDispose]: close
  }
}

const toStarted = ({ disposition, run }: StartResult): Started => ({ disposition, run: toSeenRun(run) })

type Start = ReturnType<typeof checked<"start">>["request"]
type SystemStart = ReturnType<typeof checked<"startAsSystem">>["request"]
type Events = ReturnType<typeof checked<"events">>["page"]
type List = ReturnType<typeof checked<"list">>["filter"]

const start = (actor: LedgerActor, type: string, { traceparent, ...request }: Start) =>
  // What is neither a tenant's nor a workspace's, or both, the ledger refuses.
  Runs.use((runs) => runs.start(actor, type, request as Ledger.StartRequest)).pipe(
    TraceContext.within(traceparent),
    Effect.map(toStarted)
  )

const startAsSystem = (part: string, type: string, { context = {}, traceparent, ...request }: SystemStart) => {
  const scope = {
    workspaceId: WorkspaceId.make(request.workspaceId),
    tenantId: request.tenantId === undefined ? null : TenantId.make(request.tenantId)
  }
  return SystemRuns.use((runs) => runs.start(part, type, { input: request.input, scope, context })).pipe(
    TraceContext.within(traceparent),
    Effect.map(({ disposition, run }): SystemStarted => ({ disposition, run: toRun(run) }))
  )
}

const list = (actor: LedgerActor, { cursor = null, limit = 50, ...filter }: List) =>
  Runs.use((runs) =>
    Effect.map(runs.list(actor, filter, { cursor, limit }), (page) => ({
      runs: page.runs.map(toRun),
      nextCursor: page.nextCursor
    }))
  )

const events = (actor: LedgerActor, runId: string, { after = 0, limit = 50 }: Events) =>
  Runs.use((runs) => Effect.map(runs.events(actor, runId, { after, limit }), (found) => found.map(toRunEvent)))
