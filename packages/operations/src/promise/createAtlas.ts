/**
 * `createAtlas`: composes the ledger, the worker and the connections to the database for a host that does not use Effect. It is
 * the only place in the packages that opens connections by itself.
 *
 * @module
 */
import { PgClient } from "@effect/sql-pg"
import { DateTime, Effect, Exit, Layer, ManagedRuntime, Redacted } from "effect"
import type { Actor as LedgerActor } from "../run/Actor.ts"
import { defined } from "../boundary/Decoding.ts"
import * as Pg from "../pg.ts"
import { TenantId, WorkspaceId } from "../run/OperationScope.ts"
import { nameOf } from "../definition/Operation.ts"
import * as Operations from "../Operations.ts"
import { DefaultRetention } from "../ledger/RunRetention.ts"
import type { Run as LedgerRun } from "../run/Run.ts"
import { Runs } from "../starting/Runs.ts"
import type * as Ledger from "../starting/RunStart.ts"
import type { Started, StartResult } from "../starting/StartResult.ts"
import * as StartGate from "../definition/StartGate.ts"
import { SystemRuns } from "../starting/SystemRuns.ts"
import * as TraceContext from "../run/TraceContext.ts"
import * as Worker from "../executing/Worker.ts"
import { WorkerSettings } from "../executing/WorkerSettings.ts"
import { checked } from "./arguments.ts"
import { follow } from "./follow.ts"
import { toActor } from "./toActor.ts"
import { toAtlasError } from "./toAtlasError.ts"
import { toAccess } from "./toAccess.ts"
import { toLedger } from "./toLedger.ts"
import { toLogger } from "./toLogger.ts"
import type { Atlas, AtlasOptions, StartAnswer, SystemStarted } from "./Atlas.ts"
import type { Operation } from "./Operation.ts"
import { toRun, toRunEvent, toSeenRun } from "./toRun.ts"

const makeLayer = (options: AtlasOptions<ReadonlyArray<Operation>>) => {
  const { databaseUrl, operations, access, worker = {}, migrate = true, retention = {}, log } = options
  const settings = { ...WorkerSettings.defaultValue(), ...defined(worker || {}) }
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
 * Connects Atlas to a host's Postgres, creates its tables if they are missing, and begins to execute runs. It rejects with
 * `InvalidInput` for invalid options, unknown members included, with `DatabaseUnavailable` or `DuplicateOperation`, and with a
 * `TypeError` for an operation whose definition contradicts itself.
 *
 * @example
 * ```ts
 * const databaseUrl = process.env["DATABASE_URL"] ?? "postgres://localhost/host"
 * const atlas = await createAtlas({ databaseUrl, operations: [exportReport], access: { workspaceOf, grants } })
 * ```
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
  // Asynchronous, so that invalid arguments reject and do not throw.
  return {
    start: async (...[actor, operation, request]) => {
      const given = checked("start", { actor, operation, request })
      // Only an identity that is taken once outlives its run, which the ledger knows and the compiler does not.
      return run(start(toActor(given.actor), nameOf(given.operation), given.request)) as Promise<never>
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

const toStarted = (result: StartResult): StartAnswer =>
  result.removed
    ? { ...result, endedAt: DateTime.formatIso(result.endedAt) }
    : { disposition: result.disposition, run: toSeenRun(result.run) }

type Start = ReturnType<typeof checked<"start">>["request"]
type SystemStart = ReturnType<typeof checked<"startAsSystem">>["request"]
type Events = ReturnType<typeof checked<"events">>["page"]
type List = ReturnType<typeof checked<"list">>["filter"]

const start = (actor: LedgerActor, type: string, { traceparent, ...request }: Start) =>
  // The ledger refuses a request with both ids or with neither.
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
    // It takes no key, so the identity is `while_active`, which never outlives its run.
    Effect.map((result) => result as Started<LedgerRun>),
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
