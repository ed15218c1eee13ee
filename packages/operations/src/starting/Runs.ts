import { Context, Effect, Layer, Option, PubSub, Random, Schema, Stream } from "effect"
import type { SqlClient } from "effect/sql"
import { type Actor, GivenActor } from "../run/Actor.ts"
import { Authorization } from "../access/Authorization.ts"
import { argumentsOf } from "../boundary/Decoding.ts"
import type { InputResolvers } from "../definition/InputResolvers.ts"
import type * as Operation from "../definition/Operation.ts"
import { OperationCatalog } from "../definition/OperationCatalog.ts"
import * as Problems from "../boundary/Problems.ts"
import { decodeRunId, type Run, type RunReceipt } from "../run/Run.ts"
import type { RunEvent } from "../run/RunEvent.ts"
import { readCursor, writeCursor } from "../ledger/reads/RunCursor.ts"
import { conflict, makeCancel } from "../ledger/RunCancellation.ts"
import type { RunRecorder } from "../ledger/RunRecorder.ts"
import { isStorableFilter, narrow, RunFilter } from "../ledger/reads/RunFilter.ts"
import { type EndedRuns, RunHours } from "../ledger/reads/RunHours.ts"
import { EventsPage, maxPageSize, PageSize, Sequence } from "../ledger/reads/RunPages.ts"
import { type Lineage, RunQueries, type RunTally } from "../ledger/reads/RunQueries.ts"
import { RunSignals } from "../ledger/RunSignals.ts"
import { asSeen, makeStart, type StartProblem, type StartRequest, type StartResult } from "./RunStart.ts"
import type { Gatekeeper } from "../definition/StartGate.ts"
import { isStorable } from "../text/StorableText.ts"
import { type Waiting, WhyWaiting } from "../ledger/reads/WhyWaiting.ts"

/** A page of runs, newest first. */
export interface RunList {
  readonly runs: ReadonlyArray<Run>
  /** Opaque; continues this listing with the same filter. Null on the last page. */
  readonly nextCursor: string | null
}

// At the latest; each at its own time, so that many who watch do not ask all at once.
const recheckMillis = 15_000
const untilRecheck = Random.nextBetween(recheckMillis / 2, recheckMillis)

/** A page of a listing: where it continues, and how many it has. */
const Page = Schema.Struct({
  cursor: Schema.NullOr(Schema.String),
  limit: PageSize
})
const Text = Schema.String

const decode = {
  ofRun: argumentsOf(Schema.Struct({ actor: GivenActor, id: Text })),
  ofRuns: argumentsOf(
    Schema.Struct({ actor: GivenActor, ids: Schema.Array(Text).check(Schema.isMaxLength(maxPageSize)) })
  ),
  retry: argumentsOf(Schema.Struct({ actor: GivenActor, id: Text, idempotencyKey: Schema.optional(Text) })),
  latest: argumentsOf(Schema.Struct({ actor: GivenActor, tenantId: Text, types: Schema.Array(Text) })),
  list: argumentsOf(Schema.Struct({ actor: GivenActor, filter: RunFilter, page: Page })),
  tally: argumentsOf(Schema.Struct({ actor: GivenActor, filter: RunFilter })),
  ended: argumentsOf(
    Schema.Struct({
      actor: GivenActor,
      filter: RunFilter,
      hours: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 744 }))
    })
  ),
  events: argumentsOf(
    Schema.Struct({
      actor: GivenActor,
      id: Text,
      page: EventsPage
    })
  ),
  follow: argumentsOf(Schema.Struct({ actor: GivenActor, id: Text, after: Sequence }))
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
  const ends = yield* RunHours
  const signals = yield* RunSignals
  const stop = yield* makeCancel
  const waiting = yield* WhyWaiting
  const { start, begin } = yield* makeStart

  const types = Effect.fn("Runs.types")(function* (actor: Actor) {
    const visible = new Set((yield* door.visible(actor)).flatMap(({ capabilities }) => capabilities))
    return catalog.types.filter(({ capabilities }) => visible.has(capabilities.view))
  })

  const get = Effect.fn("Runs.get")(function* (givenActor: Actor, givenId: string) {
    const { actor, id } = yield* decode.ofRun({ actor: givenActor, id: givenId })
    return yield* door.view(actor, yield* queries.find(id))
  })

  const getMany = Effect.fn("Runs.getMany")(function* (givenActor: Actor, givenIds: ReadonlyArray<string>) {
    const { actor, ids } = yield* decode.ofRuns({ actor: givenActor, ids: givenIds })
    const known = ids.flatMap((id) => Option.toArray(decodeRunId(id)))
    return yield* queries.among(yield* door.visible(actor), known)
  })

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

  const lineage = Effect.fn("Runs.lineage")(function* (actor: Actor, id: string) {
    return yield* queries.lineage(yield* get(actor, id))
  })

  const whyWaiting = Effect.fn("Runs.whyWaiting")(function* (actor: Actor, id: string) {
    return yield* waiting.of(yield* get(actor, id))
  })

  const latest = Effect.fn("Runs.latest")(function* (givenActor: Actor, tenant: string, names: ReadonlyArray<string>) {
    const { actor, tenantId, types } = yield* decode.latest({ actor: givenActor, tenantId: tenant, types: names })
    const { capabilities, scope } = yield* door.member(actor, tenantId)
    return yield* queries.latest(scope, [...capabilities], types.filter(isStorable))
  })

  const list = Effect.fn("Runs.list")(function* (
    givenActor: Actor,
    givenFilter: RunFilter,
    givenPage: { readonly cursor: string | null; readonly limit: number }
  ) {
    const { actor, filter, page } = yield* decode.list({ actor: givenActor, filter: givenFilter, page: givenPage })
    const before = page.cursor === null ? null : yield* readCursor(page.cursor, filter)
    if (!isStorableFilter(filter)) return { runs: [], nextCursor: null }
    const runs = yield* queries.list(yield* door.visible(actor), filter, { before, limit: page.limit + 1 })
    const shown = runs.slice(0, page.limit)
    const last = shown.at(-1)
    return { runs: shown, nextCursor: runs.length > page.limit && last ? writeCursor(last.id, filter) : null }
  })

  const tally = Effect.fn("Runs.tally")(function* (givenActor: Actor, givenFilter: RunFilter = {}) {
    const { actor, filter } = yield* decode.tally({ actor: givenActor, filter: givenFilter })
    if (!isStorableFilter(filter)) return { queued: 0, running: 0 }
    return yield* queries.tally(yield* door.visible(actor), filter)
  })

  const ended = Effect.fn("Runs.ended")(function* (givenActor: Actor, givenFilter: RunFilter, givenHours: number) {
    const given = { actor: givenActor, filter: givenFilter, hours: givenHours }
    const { actor, filter, hours } = yield* decode.ended(given)
    if (!isStorableFilter(filter)) return []
    return yield* ends.ended(narrow(yield* door.visible(actor), filter), filter.type ?? null, hours)
  })

  const events = Effect.fn("Runs.events")(function* (
    givenActor: Actor,
    givenId: string,
    givenPage: { readonly after: number; readonly limit: number }
  ) {
    const { actor, id, page } = yield* decode.events({ actor: givenActor, id: givenId, page: givenPage })
    return yield* queries.events(yield* get(actor, id), page)
  })

  const follow = (givenActor: Actor, givenId: string, givenAfter: number) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const { actor, after, id } = yield* decode.follow({ actor: givenActor, id: givenId, after: givenAfter })
        const subscription = yield* signals.subscribe
        const ofThisRun = PubSub.take(subscription).pipe(
          Effect.repeat({ until: (signal) => signal._tag === "Changed" && signal.runId === id.toLowerCase() })
        )
        const changed = Effect.flatMap(untilRecheck, (millis) => Effect.timeoutOption(ofThisRun, millis))
        const next = Effect.fnUntraced(function* (seq: number) {
          while (true) {
            const run = yield* get(actor, id)
            const batch = yield* queries.events(run, { after: seq, limit: maxPageSize })
            const newest = batch.at(-1)?.seq ?? seq
            const ended = run.status === "completed" && newest >= run.lastEvent
            if (batch.length > 0 || ended) {
              return [batch, ended ? Option.none<number>() : Option.some(newest)] as const
            }
            yield* changed
          }
        })
        return Stream.paginate(after, next)
      })
    )

  return Runs.of({
    start,
    cancel,
    retry,
    lineage,
    whyWaiting,
    types,
    get,
    getMany,
    latest,
    list,
    tally,
    ended,
    events,
    follow
  })
})
