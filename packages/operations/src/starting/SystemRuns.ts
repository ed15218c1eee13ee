/**
 * The ledger for trusted code: schedulers, command lines, and whatever else acts for Atlas or for the host rather than for a
 * person. It authorises nobody and sees the runs of every workspace. Never call it on behalf of somebody: that is what `Runs`
 * is for.
 *
 * @module
 */

import { Context, Effect, Layer, Option, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { ActorId, systemActor } from "../run/Actor.ts"
import { argumentsOf, pageLimit } from "../boundary/Decoding.ts"
import type { InputResolvers } from "../definition/InputResolvers.ts"
import type * as Operation from "../definition/Operation.ts"
import type { OperationCatalog } from "../definition/OperationCatalog.ts"
import type { WorkspaceId } from "../run/OperationScope.ts"
import * as Problems from "../boundary/Problems.ts"
import { type Run, RunId } from "../run/Run.ts"
import { makeCancel } from "../ledger/RunCancellation.ts"
import type { RunEvent } from "../run/RunEvent.ts"
import { isStorableFilter, RunFilter } from "../ledger/reads/RunFilter.ts"
import { EventsPage } from "../ledger/reads/RunPages.ts"
import { RunQueries } from "../ledger/reads/RunQueries.ts"
import type { RunRecorder } from "../ledger/RunRecorder.ts"
import type { RunSignals } from "../ledger/RunSignals.ts"
import { makeSystemStart, type SystemStartProblem, type SystemStartRequest } from "./RunStart.ts"
import type { SystemStartResult } from "./StartResult.ts"
import type { Gatekeeper } from "../definition/Gatekeeper.ts"

/** Which runs of the whole ledger to list. Give the workspace if it is known: the indexes begin with it. */
export const SystemRunFilter = Schema.Struct({ workspace: Schema.optional(Schema.String), ...RunFilter.fields })
export type SystemRunFilter = typeof SystemRunFilter.Type

const decode = {
  find: argumentsOf(Schema.Struct({ id: Schema.String })),
  list: argumentsOf(
    Schema.Struct({
      filter: SystemRunFilter,
      page: Schema.Struct({
        before: Schema.NullOr(RunId),
        limit: pageLimit(1_000)
      })
    })
  ),
  events: argumentsOf(Schema.Struct({ id: Schema.String, page: EventsPage })),
  cancel: argumentsOf(Schema.Struct({ part: ActorId, id: Schema.String }))
}

/**
 * Starts, finds, lists and cancels runs without authorisation. Every method decodes its arguments, whatever their types say: an
 * argument that is not acceptable is an `InvalidInput`, which names each problem.
 *
 * @example
 * ```ts
 * const runs = yield* SystemRuns
 * const request = { scope, input: { mailboxes: ["d@acme.example"] } }
 * const { disposition, run } = yield* runs.start("scheduler", ArchiveMailboxes, request)
 * ```
 */
export class SystemRuns extends Context.Service<
  SystemRuns,
  {
    /**
     * Starts an operation, or joins the run of an equal start.
     *
     * @param part which part of the system acts, such as `scheduler`
     * @param operation an operation, whose schema then types the input, or an operation's name
     */
    start<const Chosen extends Operation.Any | string>(
      part: string,
      operation: Chosen,
      request: SystemStartRequest<Operation.Given<Chosen>>
    ): Effect.Effect<SystemStartResult<Chosen>, SystemStartProblem>
    /** A run; none for an id that no run has. */
    find(id: string): Effect.Effect<Option.Option<Run>, Problems.InvalidInput>
    /**
     * Runs of every workspace, or of one, newest first.
     *
     * @param page `before` is the id of the last run of the page before, null for the first page; `limit` is 1 to 1,000
     */
    list(
      filter: SystemRunFilter,
      page: { readonly before: string | null; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<Run>, Problems.InvalidInput>
    /** A run's timeline after the given sequence number, oldest first. `limit` is 1 to 200. */
    events(
      id: string,
      page: { readonly after: number; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<RunEvent>, Problems.NotFound | Problems.InvalidInput>
    /**
     * Asks a run to stop, as `Runs.cancel` does, even one whose operation is no longer registered. Returns the run as it is
     * then: completed, or asked to stop.
     *
     * @param part which part of the system acts, such as `command-line`
     */
    cancel(
      part: string,
      id: string
    ): Effect.Effect<Run, Problems.NotFound | Problems.InvalidInput | Problems.RunConflict>
  }
>()("@atlas/operations/SystemRuns") {
  static readonly layer: Layer.Layer<
    SystemRuns,
    never,
    Gatekeeper | InputResolvers | OperationCatalog | RunQueries | RunRecorder | RunSignals | SqlClient.SqlClient
  > = Layer.effect(
    SystemRuns,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const queries = yield* RunQueries
  const stop = yield* makeCancel

  const find = Effect.fn("SystemRuns.find")(function* (given: string) {
    const { id } = yield* decode.find({ id: given })
    return yield* queries.find(id)
  })

  const get = Effect.fnUntraced(function* (id: string) {
    const found = Option.getOrUndefined(yield* queries.find(id))
    return found ?? (yield* new Problems.NotFound({}))
  })

  const list = Effect.fn("SystemRuns.list")(function* (
    givenFilter: SystemRunFilter,
    givenPage: { readonly before: string | null; readonly limit: number }
  ) {
    const { filter, page } = yield* decode.list({ filter: givenFilter, page: givenPage })
    const { workspace, ...rest } = filter
    if (!isStorableFilter(filter)) return []
    if (workspace === undefined) return yield* queries.listAll(rest, page)
    const visible = { workspaceId: workspace as WorkspaceId, tenants: "all", capabilities: "all" } as const
    return yield* queries.list([visible], rest, page)
  })

  const events = Effect.fn("SystemRuns.events")(function* (
    givenId: string,
    givenPage: { readonly after: number; readonly limit: number }
  ) {
    const { id, page } = yield* decode.events({ id: givenId, page: givenPage })
    return yield* queries.events(yield* get(id), page)
  })

  const cancel = Effect.fn("SystemRuns.cancel")(function* (givenPart: string, givenId: string) {
    const { id, part } = yield* decode.cancel({ part: givenPart, id: givenId })
    return yield* stop(yield* get(id), systemActor(part))
  })

  // Only a `once` identity outlives its run: the settlement asks no other one for its key.
  const start = (yield* makeSystemStart) as SystemRuns["Service"]["start"]
  return SystemRuns.of({ start, find, list, events, cancel })
})
