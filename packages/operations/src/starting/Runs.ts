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
import { type Lineage, RunQueries, type RunTally } from "../ledger/reads/RunQueries.ts"
import type { RunSignals } from "../ledger/RunSignals.ts"
import { makeRunReads } from "./RunReads.ts"
import { asSeen, makeStart, type StartProblem, type StartRequest, type StartResult } from "./RunStart.ts"
import type { Gatekeeper } from "../definition/StartGate.ts"
import type { Waiting, WhyWaiting } from "../ledger/reads/WhyWaiting.ts"

/** A page of runs, newest first. */
export interface RunList {
  readonly runs: ReadonlyArray<Run>
  /** Opaque; continues this listing with the same filter. Null on the last page. */
  readonly nextCursor: string | null
}

const decode = {
  ofRun: argumentsOf(Schema.Struct({ actor: GivenActor, id: Schema.String })),
  retry: argumentsOf(
    Schema.Struct({ actor: GivenActor, id: Schema.String, idempotencyKey: Schema.optional(Schema.String) })
  )
}

/**
 * What hosts call. Every method decodes its arguments, whatever their types say: what is not acceptable is an `InvalidInput`
 * that names each problem. Then it authorises: outsiders get `NotFound`, exactly as for what does not exist; members without the
 * capability get `Forbidden`, naming it. Nothing here needs Graph.
 */
export class Runs extends Context.Service<
  Runs,
  {
    /**
     * Starts an operation, or joins the equal one. No run is recorded unless the actor may start it and the input is
     * valid; a start that a gate does not allow is recorded as a blocked run.
     *
     * @param operation an operation, whose schema then types the input, or the name of one
     */
    start<const Chosen extends Operation.Any | string>(
      actor: Actor,
      operation: Chosen,
      request: StartRequest<Operation.Given<Chosen>>
    ): Effect.Effect<StartResult, StartProblem>
    /**
     * Asks a run to stop: a queued one ends at once, the handler of a running one is interrupted in whichever process it
     * is. Who may start a type may cancel it; who may not view it gets its receipt. Asking again changes nothing; a completed
     * run is a `RunConflict`.
     */
    cancel(
      actor: Actor,
      id: string
    ): Effect.Effect<Run | RunReceipt, Problems.Refusal | Problems.NotSupported | Problems.RunConflict>
    /**
     * Starts a run again as a new one with `retryOf`: same type, scope, input and context. A run that is active or that
     * succeeded is a `RunConflict`.
     *
     * @param idempotencyKey the caller's own key of this retry, for types whose identity needs one
     */
    retry(
      actor: Actor,
      id: string,
      idempotencyKey?: string
    ): Effect.Effect<StartResult, StartProblem | Problems.RunConflict>
    /** The runs that this one was started again from, and was started again as; both ways, nearest first. */
    lineage(actor: Actor, id: string): Effect.Effect<Lineage, Problems.Refusal>
    /** What a queued run waits for; none for one that does not wait. */
    whyWaiting(actor: Actor, id: string): Effect.Effect<Option.Option<Waiting>, Problems.Refusal>
    /** The operations whose runs the actor may see somewhere. */
    types(actor: Actor): Effect.Effect<ReadonlyArray<Operation.Any>, Problems.InvalidInput>
    get(actor: Actor, id: string): Effect.Effect<Run, Problems.Refusal>
    /**
     * Those of some runs that the actor may see, newest first: for references, which refuse nobody and put nothing on record. At
     * most 200.
     */
    getMany(actor: Actor, ids: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Run>, Problems.InvalidInput>
    /**
     * The newest active and the newest completed run of each operation in a tenant, as far as there are any that the actor may
     * see.
     */
    latest(
      actor: Actor,
      tenantId: string,
      types: ReadonlyArray<string>
    ): Effect.Effect<ReadonlyArray<Run>, Problems.NotFound | Problems.InvalidInput>
    /** The runs that the actor may see. `limit` is 1 to 200. */
    list(
      actor: Actor,
      filter: RunFilter,
      page: { readonly cursor: string | null; readonly limit: number }
    ): Effect.Effect<RunList, Problems.InvalidCursor | Problems.InvalidInput>
    /** How many of the runs that the actor may see, and that match, are queued and running. */
    tally(actor: Actor, filter?: RunFilter): Effect.Effect<RunTally, Problems.InvalidInput>
    /**
     * How the runs that the actor may see ended in each of the last hours, the current one among them; hours and outcomes
     * without any are left out. Exact at any moment.
     *
     * @param filter only its type and tenant count
     * @param hours how many, 1 to 744
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
     * A run's timeline after the given sequence number, live, until the run is completed. Authorisation is repeated
     * before every batch.
     */
    follow(actor: Actor, id: string, after: number): Stream.Stream<RunEvent, Problems.Refusal>
  }
>()("@atlas/operations/Runs") {
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
    if (run.outcome === "succeeded") return yield* conflict(run, "It succeeded: start a new one instead.")
    const { workspaceId, tenantId, input, context } = run
    const scope = { workspaceId, tenantId }
    return yield* begin(
      { actor, type, scope, input, context, idempotencyKey, retryOf: run.id },
      { scope, capabilities }
    )
  })

  return Runs.of({ ...reads, start, cancel, retry })
})
