/**
 * Runs for people: start, cancel, retry, show, list and follow them. Hosts' pages and programs call it, and so does the HTTP
 * API. It authorises every call: outsiders get `NotFound`, exactly as for what does not exist, and members without the
 * capability get `Forbidden`, which names it. Nothing here needs Graph.
 *
 * @module
 */

import { Context, Effect, Layer, Option, Schema, type Stream } from "effect"
import type { SqlClient } from "effect/sql"
import { type Actor, GivenActor } from "../run/Actor.ts"
import { Authorization } from "../access/Authorization.ts"
import { argumentsOf } from "../boundary/Decoding.ts"
import type { InputResolvers } from "../definition/InputResolvers.ts"
import type * as Operation from "../definition/Operation.ts"
import { OperationCatalog } from "../definition/OperationCatalog.ts"
import * as Problems from "../boundary/Problems.ts"
import type { Run, RunReceipt } from "../run/Run.ts"
import type { RunEvent } from "../run/RunEvent.ts"
import { conflict, makeCancel } from "../ledger/RunCancellation.ts"
import type { RunRecorder } from "../ledger/RunRecorder.ts"
import type { RunFilter } from "../ledger/reads/RunFilter.ts"
import type { EndedRuns, RunHours } from "../ledger/reads/RunHours.ts"
import { maxPageSize } from "../ledger/reads/RunPages.ts"
import { type Lineage, RunQueries, type RunTally } from "../ledger/reads/RunQueries.ts"
import type { RunSignals } from "../ledger/RunSignals.ts"
import { makeRunReads } from "./RunReads.ts"
import { asSeen, makeStart, type StartProblem, type StartRequest } from "./RunStart.ts"
import type { StartResult } from "./StartResult.ts"
import type { Gatekeeper } from "../definition/Gatekeeper.ts"
import type { GateAnswer } from "../definition/StartGate.ts"
import type { Waiting, WhyWaiting } from "../ledger/reads/WhyWaiting.ts"

/** A page of runs, newest first. */
export interface RunList {
  readonly runs: ReadonlyArray<Run>
  /** Opaque. Continues this listing, with the same filter; null on the last page. */
  readonly nextCursor: string | null
}

const decode = {
  ofRun: argumentsOf(Schema.Struct({ actor: GivenActor, id: Schema.String })),
  retry: argumentsOf(
    Schema.Struct({ actor: GivenActor, id: Schema.String, idempotencyKey: Schema.optional(Schema.String) })
  )
}

/**
 * Starts, stops and reads runs on behalf of an actor. Every method first decodes its arguments, whatever their types say: an
 * argument that is not acceptable is an `InvalidInput`, which names each problem.
 *
 * @example
 * ```ts
 * const runs = yield* Runs
 * return yield* runs.start(actor, ArchiveMailboxes, { tenantId, input: { mailboxes } })
 * ```
 */
export class Runs extends Context.Service<
  Runs,
  {
    /**
     * Starts an operation, or joins the run of an equal start. No run is recorded unless the actor may start the operation and
     * the input is valid. A start that a gate blocks is recorded as a blocked run.
     *
     * @param operation an operation, whose schema then types the input, or an operation's name
     */
    start<const Chosen extends Operation.Any | string>(
      actor: Actor,
      operation: Chosen,
      request: StartRequest<Operation.Given<Chosen>>
    ): Effect.Effect<StartResult<Chosen>, StartProblem>
    /**
     * Asks a run to stop: a queued run ends at once, and the handler of a running one is interrupted, in whichever process it
     * is. Actors who may start an operation may cancel its runs; those who may not view the run get its receipt. Asking again
     * changes nothing. A completed run is a `RunConflict`.
     */
    cancel(
      actor: Actor,
      id: string
    ): Effect.Effect<Run | RunReceipt, Problems.Refusal | Problems.NotSupported | Problems.RunConflict>
    /**
     * Starts a completed run again, as a new run with `retryOf` and the same operation, scope, input and context. A run that is
     * active or that succeeded is a `RunConflict`.
     *
     * @param idempotencyKey the caller's own key of this retry, if the operation's identity needs one
     */
    retry(
      actor: Actor,
      id: string,
      idempotencyKey?: string
    ): Effect.Effect<StartResult, StartProblem | Problems.RunConflict>
    /** The runs that this one retries, that retry it, that it replaced and that replaced it; nearest first. */
    lineage(actor: Actor, id: string): Effect.Effect<Lineage, Problems.Refusal>
    /** What a queued run waits for; none for a run that does not wait. */
    whyWaiting(actor: Actor, id: string): Effect.Effect<Option.Option<Waiting>, Problems.Refusal>
    /** The operations whose runs the actor may see somewhere. */
    operations(actor: Actor): Effect.Effect<ReadonlyArray<Operation.Any>, Problems.InvalidInput>
    get(actor: Actor, id: string): Effect.Effect<Run, Problems.Refusal>
    /**
     * Those of at most 200 runs that the actor may see, newest first. For references: it refuses nobody and puts nothing on
     * record.
     */
    getMany(actor: Actor, ids: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Run>, Problems.InvalidInput>
    /**
     * The newest active and the newest completed run of each operation in a tenant, of those that the actor may see.
     *
     * @param types names of operations, at most 1,000
     */
    latest(
      actor: Actor,
      tenantId: string,
      types: ReadonlyArray<string>
    ): Effect.Effect<ReadonlyArray<Run>, Problems.NotFound | Problems.InvalidInput>
    /**
     * What the gates would answer to a start without input, by operation: what a page shows before anybody starts. Operations
     * that need an input have no answer, nor have those of workspace scope and those that the actor may neither start nor view.
     *
     * @param types names of operations, at most 1,000
     */
    gates(
      actor: Actor,
      tenantId: string,
      types: ReadonlyArray<string>
    ): Effect.Effect<ReadonlyMap<string, GateAnswer>, Problems.NotFound | Problems.InvalidInput>
    /** The matching runs that the actor may see, newest first. `limit` is 1 to 200. */
    list(
      actor: Actor,
      filter: RunFilter,
      page: { readonly cursor: string | null; readonly limit: number }
    ): Effect.Effect<RunList, Problems.InvalidCursor | Problems.InvalidInput>
    /** How many of the matching runs that the actor may see are queued and running. */
    tally(actor: Actor, filter?: RunFilter): Effect.Effect<RunTally, Problems.InvalidInput>
    /**
     * How the runs that the actor may see ended in each of the last hours, of which the current one is the last. Hours and
     * outcomes without runs are left out. Exact at any moment.
     *
     * @param filter only its `type` and `tenant` count
     * @param hours 1 to 744
     */
    ended(
      actor: Actor,
      filter: RunFilter,
      hours: number
    ): Effect.Effect<ReadonlyArray<EndedRuns>, Problems.InvalidInput>
    /** A run's timeline after the given sequence number, oldest first. `limit` is 1 to 200. */
    events(
      actor: Actor,
      id: string,
      page: { readonly after: number; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<RunEvent>, Problems.Refusal>
    /**
     * A run's timeline after the given sequence number, live, until the run is completed. Each batch is authorised again before
     * it is sent.
     */
    follow(actor: Actor, id: string, after: number): Stream.Stream<RunEvent, Problems.Refusal>
  }
>()("@atlas/operations/Runs") {
  /** The most runs, or events, of a page. */
  static readonly maxPageSize: number = maxPageSize

  static readonly layer: Layer.Layer<
    Runs,
    never,
    | Authorization
    | Gatekeeper
    | InputResolvers
    | OperationCatalog
    | RunHours
    | RunQueries
    | RunRecorder
    | RunSignals
    | SqlClient.SqlClient
    | WhyWaiting
  > = Layer.effect(
    Runs,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const door = yield* Authorization
  const catalog = yield* OperationCatalog
  const queries = yield* RunQueries
  const reads = yield* makeRunReads
  const stop = yield* makeCancel
  const { start, begin } = yield* makeStart

  const toAct = Effect.fnUntraced(function* (actor: Actor, id: string) {
    const found = yield* queries.find(id)
    const type = Option.flatMap(found, (run) => catalog.find(run.type))
    return yield* door.act(actor, found, type)
  })

  const cancel = Effect.fn("Runs.cancel")(function* (givenActor: Actor, givenId: string) {
    const { actor, id } = yield* decode.ofRun({ actor: givenActor, id: givenId })
    const { capabilities, run } = yield* toAct(actor, id)
    return asSeen(yield* stop(run, actor), capabilities)
  })

  const retry = Effect.fn("Runs.retry")(function* (givenActor: Actor, givenId: string, givenKey?: string) {
    const { actor, id, idempotencyKey } = yield* decode.retry({
      actor: givenActor,
      id: givenId,
      idempotencyKey: givenKey
    })
    const { capabilities, run, type } = yield* toAct(actor, id)
    if (type.startedBy === "system") {
      return yield* new Problems.NotSupported({ detail: "Only Atlas itself starts this operation." })
    }
    if (run.status !== "completed") return yield* conflict(run, `It is still ${run.status}: there is nothing to retry.`)
    if (run.outcome === "succeeded") return yield* conflict(run, "It succeeded: start a new run instead.")
    const { workspaceId, tenantId, input, context } = run
    // A retry is a start, where the run was: not in a tenant that is gone, or that belongs to another workspace by now.
    const { scope } = yield* door.start(actor, tenantId === null ? { workspaceId } : { tenantId }, Option.some(type))
    if (scope.workspaceId !== workspaceId) return yield* new Problems.NotFound({})
    return yield* begin(
      { actor, type, scope, input, context, idempotencyKey, retryOf: run.id },
      { scope, capabilities }
    )
  })

  // Only a `once` identity outlives its run: the settlement asks no other one for its key.
  return Runs.of({ ...reads, start: start as Runs["Service"]["start"], cancel, retry })
})
