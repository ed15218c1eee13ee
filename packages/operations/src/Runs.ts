import { Context, Effect, Layer, Option, PubSub, Random, Schema, Stream } from "effect"
import { Access, actingCapabilities, grantFor } from "./Access.ts"
import type { Actor } from "./Actor.ts"
import { AuditLog } from "./AuditLog.ts"
import * as Metrics from "./Metrics.ts"
import { type AnyOperationType, OperationCatalog } from "./OperationCatalog.ts"
import * as Problems from "./Problems.ts"
import { type Run, RunId } from "./Run.ts"
import type { RunEvent } from "./RunEvent.ts"
import { readCursor, writeCursor } from "./RunCursor.ts"
import { RunCancellation } from "./RunCancellation.ts"
import type { RunRecorder } from "./RunRecorder.ts"
import { isStorableFilter, narrow, type RunFilter, type Visible } from "./RunFilter.ts"
import { type EndedRuns, RunHours } from "./RunHours.ts"
import { type Lineage, RunQueries, type RunTally } from "./RunQueries.ts"
import { RunSignals } from "./RunSignals.ts"
import {
  makeStart,
  requireCapability,
  type StartProblem,
  type StartRequest,
  type StartResult,
  type SystemStartRequest
} from "./RunStart.ts"
import type { Gatekeeper } from "./StartGate.ts"
import { type Waiting, WhyWaiting } from "./WhyWaiting.ts"

/** A page of runs, newest first. */
export interface RunPage {
  readonly runs: ReadonlyArray<Run>
  /** Opaque; continues this listing with the same filter. Null on the last page. */
  readonly nextCursor: string | null
}

/** The largest page of runs or events. */
export const maxPageSize = 200

// At the latest; each at its own time, so that many who watch do not ask all at once.
const recheckMillis = 15_000
const untilRecheck = Random.nextBetween(recheckMillis / 2, recheckMillis)

/**
 * What hosts call. Every method authorises first: outsiders get `NotFound`, exactly as for what does not exist; members
 * without the capability get `Forbidden`, naming it. Nothing here needs Graph.
 */
export class Runs extends Context.Service<
  Runs,
  {
    /**
     * Starts an operation, or joins the equal one. No run is recorded unless the actor may start it and the input is
     * valid; a start that a gate does not allow is recorded as a blocked run.
     */
    start(actor: Actor, request: StartRequest): Effect.Effect<StartResult, StartProblem>
    /**
     * Starts an operation on behalf of Atlas or the host itself. Authorises nobody: for trusted code only. A wrong type or
     * input is a defect.
     *
     * @param part which part of the system acts, such as `scheduler`
     */
    startAsSystem(part: string, request: SystemStartRequest): Effect.Effect<StartResult, Problems.OperationBusy>
    /**
     * Asks a run to stop: a queued one ends at once, the handler of a running one is interrupted in whichever process it
     * is. Who may start a type may cancel it. Asking again changes nothing; a completed run is a `RunConflict`.
     */
    cancel(actor: Actor, id: string): Effect.Effect<Run, Problems.NotFound | Problems.Forbidden | Problems.RunConflict>
    /**
     * Starts a run again as a new one with `retryOf`: same type, scope, input and context. A run that is active or that
     * succeeded is a `RunConflict`.
     *
     * @param nonce the caller's own key of this retry, for types whose identity needs one
     */
    retry(actor: Actor, id: string, nonce?: string): Effect.Effect<StartResult, StartProblem | Problems.RunConflict>
    /** The runs that this one was started again from, and was started again as; both ways, nearest first. */
    lineage(actor: Actor, id: string): Effect.Effect<Lineage, Problems.NotFound | Problems.Forbidden>
    /** What a queued run waits for; none for one that does not wait. */
    whyWaiting(actor: Actor, id: string): Effect.Effect<Option.Option<Waiting>, Problems.NotFound | Problems.Forbidden>
    /** The operation types whose runs the actor may see somewhere. */
    types(actor: Actor): Effect.Effect<ReadonlyArray<AnyOperationType>>
    get(actor: Actor, id: string): Effect.Effect<Run, Problems.NotFound | Problems.Forbidden>
    /** The runs that the actor may see. `limit` is 1 to 200. */
    list(
      actor: Actor,
      filter: RunFilter,
      page: { readonly cursor: string | null; readonly limit: number }
    ): Effect.Effect<RunPage, Problems.InvalidCursor>
    /** How many of the runs that the actor may see, and that match, are queued and running. */
    tally(actor: Actor, filter?: RunFilter): Effect.Effect<RunTally>
    /**
     * How the runs that the actor may see ended in each of the last hours, the current one among them; hours and outcomes
     * without any are left out. Exact at any moment.
     *
     * @param filter only its type and tenant count
     * @param hours how many, at most 744
     */
    ended(actor: Actor, filter: RunFilter, hours: number): Effect.Effect<ReadonlyArray<EndedRuns>>
    /** A run's timeline after the given sequence number, oldest first. `limit` is 1 to 200. */
    events(
      actor: Actor,
      id: string,
      page: { readonly after: number; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<RunEvent>, Problems.NotFound | Problems.Forbidden>
    /**
     * A run's timeline after the given sequence number, live, until the run is completed. Authorisation is repeated
     * before every batch.
     */
    follow(actor: Actor, id: string, after: number): Stream.Stream<RunEvent, Problems.NotFound | Problems.Forbidden>
  }
>()("@atlas/operations/Runs") {
  static readonly layer: Layer.Layer<
    Runs,
    never,
    | Access
    | AuditLog
    | Gatekeeper
    | OperationCatalog
    | RunCancellation
    | RunHours
    | RunQueries
    | RunRecorder
    | RunSignals
    | WhyWaiting
  > = Layer.effect(
    Runs,
    Effect.gen(function* () {
      const access = yield* Access
      const catalog = yield* OperationCatalog
      const queries = yield* RunQueries
      const ends = yield* RunHours
      const signals = yield* RunSignals
      const audit = yield* AuditLog
      const cancellation = yield* RunCancellation
      const waiting = yield* WhyWaiting
      const { start, startAsSystem, begin } = yield* makeStart

      const visibleTo = Effect.fnUntraced(function* (actor: Actor) {
        const grants = yield* access.grants(actor)
        return grants.map((grant): Visible => ({
          workspaceId: grant.workspaceId,
          tenants: grant.tenants === "all" ? "all" : [...grant.tenants],
          types: catalog.types
            .filter(({ capabilities }) => grant.capabilities.has(capabilities.view))
            .map(({ name }) => name)
        }))
      })

      const types = Effect.fn("Runs.types")(function* (actor: Actor) {
        const visible = new Set((yield* visibleTo(actor)).flatMap((part) => part.types))
        return catalog.types.filter(({ name }) => visible.has(name))
      })

      // One path for unknown and for hidden runs: both read the run and the grants, and answer the same.
      const authorised = Effect.fnUntraced(function* (actor: Actor, id: string, right: "view" | "start") {
        const grants = yield* access.grants(actor)
        const found = isRunId(id) ? yield* queries.find(RunId.make(id.toLowerCase())) : Option.none<Run>()
        const run = Option.getOrUndefined(found)
        const grant = run && grantFor(grants, run)
        const type = run && Option.getOrUndefined(catalog.find(run.type))
        if (!run || !grant || !type) return yield* new Problems.NotFound({})
        const capabilities = right === "view" ? grant.capabilities : actingCapabilities(grant, run)
        yield* requireCapability({ capabilities }, type.capabilities[right]).pipe(
          Effect.tapError(({ requiredCapability }) =>
            audit.forbidden({
              actor,
              workspaceId: run.workspaceId,
              tenantId: run.tenantId,
              type: run.type,
              capability: requiredCapability
            })
          )
        )
        return { run, type }
      })

      const get = Effect.fn("Runs.get")(function* (actor: Actor, id: string) {
        return (yield* authorised(actor, id, "view")).run
      })

      const conflict = (run: Run, detail: string) =>
        new Problems.RunConflict({ detail, runId: run.id, runStatus: run.status, runOutcome: run.outcome })

      const cancel = Effect.fn("Runs.cancel")(function* (actor: Actor, id: string) {
        const { run } = yield* authorised(actor, id, "start")
        const asked = yield* cancellation.request(run.id, actor)
        if (Option.isSome(asked)) {
          if (asked.value.status === "completed") yield* Metrics.runCompleted(asked.value)
          yield* signals.stopped(run.id)
          yield* signals.changed(run.id)
          return asked.value
        }
        const now = Option.getOrElse(yield* queries.find(run.id), () => run)
        if (now.status !== "completed") return now
        return yield* conflict(now, `It is completed already: ${now.outcome.replaceAll("_", " ")}.`)
      })

      const retry = Effect.fn("Runs.retry")(function* (actor: Actor, id: string, nonce?: string) {
        const { run, type } = yield* authorised(actor, id, "start")
        if (type.startedBy === "system") {
          return yield* new Problems.NotSupported({ detail: "Only Atlas itself starts this operation." })
        }
        if (run.status !== "completed")
          return yield* conflict(run, `It is still ${run.status}: there is nothing to retry.`)
        if (run.outcome === "succeeded") return yield* conflict(run, "It succeeded: start a new one instead.")
        const { workspaceId, tenantId, input, context } = run
        return yield* begin({ actor, type, scope: { workspaceId, tenantId }, input, context, nonce, retryOf: run.id })
      })

      const lineage = Effect.fn("Runs.lineage")(function* (actor: Actor, id: string) {
        return yield* queries.lineage(yield* get(actor, id))
      })

      const whyWaiting = Effect.fn("Runs.whyWaiting")(function* (actor: Actor, id: string) {
        return yield* waiting.of(yield* get(actor, id))
      })

      const list = Effect.fn("Runs.list")(function* (
        actor: Actor,
        filter: RunFilter,
        page: { readonly cursor: string | null; readonly limit: number }
      ) {
        const before = page.cursor === null ? null : yield* readCursor(page.cursor, filter)
        if (!isStorableFilter(filter)) return { runs: [], nextCursor: null }
        const limit = Math.min(Math.max(page.limit, 1), maxPageSize)
        const runs = yield* queries.list(yield* visibleTo(actor), filter, { before, limit: limit + 1 })
        const shown = runs.slice(0, limit)
        const last = shown.at(-1)
        return { runs: shown, nextCursor: runs.length > limit && last ? writeCursor(last.id, filter) : null }
      })

      const tally = Effect.fn("Runs.tally")(function* (actor: Actor, filter: RunFilter = {}) {
        if (!isStorableFilter(filter)) return { queued: 0, running: 0 }
        return yield* queries.tally(yield* visibleTo(actor), filter)
      })

      const ended = Effect.fn("Runs.ended")(function* (actor: Actor, filter: RunFilter, hours: number) {
        if (!isStorableFilter(filter)) return []
        return yield* ends.ended(narrow(yield* visibleTo(actor), filter), Math.min(Math.max(hours, 1), 744))
      })

      const events = Effect.fn("Runs.events")(function* (
        actor: Actor,
        id: string,
        page: { readonly after: number; readonly limit: number }
      ) {
        const run = yield* get(actor, id)
        const limit = Math.min(Math.max(page.limit, 1), maxPageSize)
        return yield* queries.events(run, { after: page.after, limit })
      })

      const follow = (actor: Actor, id: string, after: number) =>
        Stream.unwrap(
          Effect.gen(function* () {
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
        startAsSystem,
        cancel,
        retry,
        lineage,
        whyWaiting,
        types,
        get,
        list,
        tally,
        ended,
        events,
        follow
      })
    })
  )
}

const isRunId = Schema.is(RunId)
