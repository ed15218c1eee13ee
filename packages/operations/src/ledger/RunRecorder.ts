/**
 * The record of starts. Each call is one statement, or its share of one for many starts, and the database's indexes and locks
 * decide between simultaneous equal starts: an insert that meets a conflicting run waits for that run's commit, and then
 * inserts nothing. A call is committed when it returns, unless the caller has a transaction open.
 *
 * @module
 */

import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { RequestId } from "../access/AuditLog.ts"
import { observed } from "../run/Failure.ts"
import type { Block, Bound, Equal, NewRun, Recorded, RecordOptions } from "./NewRun.ts"
import { type Run, RunId, RunStatus } from "../run/Run.ts"
import { readRun } from "./reads/RunRow.ts"
import { isPlain, makePlainStarts } from "./PlainStarts.ts"
import { RunSignals } from "./RunSignals.ts"
import { type BoundRow, makeStartStatements } from "./StartStatements.ts"

/** The run that holds a scope exclusively. */
export const Holder = Schema.Struct({ id: RunId, type: Schema.String, status: RunStatus })
export type Holder = typeof Holder.Type

/** Records starts, and announces those that are queued. Database failures are defects. */
export class RunRecorder extends Context.Service<
  RunRecorder,
  {
    /** Binds the key of a `once` identity to the first request that carries it, and says what the key stands for. */
    bind(run: NewRun): Effect.Effect<Bound>
    /** Records a run; none if its key has a run, an equal run has its identity, or another run holds its scope. */
    record(run: NewRun, options: RecordOptions): Effect.Effect<Option.Option<Recorded>>
    /** Joins the run that the start's key stands for; none if that run was removed. */
    joinBound(run: NewRun, id: RunId): Effect.Effect<Option.Option<Run>>
    /**
     * Joins the active run with the start's identity; none if there is none. The start's key stands for that run from then on.
     *
     * @param evenOverdue whether to join a run that is overdue and may be stale; if false, such a run is returned unjoined
     */
    joinActive(run: NewRun, evenOverdue: boolean): Effect.Effect<Option.Option<Equal>>
    /** Finds the run that holds the scope exclusively, or the named holder while it is active; puts the refusal on record. */
    refuseBusy(run: NewRun, holder: RunId | null): Effect.Effect<Option.Option<Holder>>
  }
>()("@atlas/operations/RunRecorder") {
  static readonly layer: Layer.Layer<RunRecorder, never, RunSignals | SqlClient.SqlClient> = Layer.effect(
    RunRecorder,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const signals = yield* RunSignals
      const statements = makeStartStatements(sql)
      const recordPlain = makePlainStarts(sql, statements, signals)
      const recordOther = (run: NewRun, options: RecordOptions, requestId: string | null) =>
        Effect.map(
          options.block === null
            ? signals.queueing((notice) => statements.record(run, options, requestId, notice))
            : statements.record(run, options, requestId),
          ([row]) => row
        )

      return RunRecorder.of({
        bind: Effect.fn("RunRecorder.bind")(function* (run) {
          const [row] = yield* statements.bind(run)
          return toBound(yield* Effect.orDie(Effect.fromNullishOr(row)))
        }, Effect.orDie),
        record: Effect.fnUntraced(function* (run, options) {
          const row = yield* isPlain(run, options) ? recordPlain(run) : recordOther(run, options, yield* RequestId)
          return row === undefined
            ? Option.none<Recorded>()
            : Option.some({ run: toRun(run, row.queuedAt, options.block), ended: row.ended })
        }, Effect.orDie),
        joinBound: Effect.fn("RunRecorder.joinBound")(function* (run, id) {
          const [row] = yield* statements.joinBound(run, id, yield* RequestId)
          return Option.map(Option.fromUndefinedOr(row), readRun)
        }, Effect.orDie),
        joinActive: Effect.fn("RunRecorder.joinActive")(function* (run, evenOverdue) {
          const [row] = yield* statements.joinActive(run, evenOverdue, yield* RequestId)
          return Option.map(Option.fromUndefinedOr(row), (row): Equal => ({ run: readRun(row), overdue: row.overdue }))
        }, Effect.orDie),
        refuseBusy: Effect.fn("RunRecorder.refuseBusy")(function* (run, holder) {
          const [row] = yield* statements.refuseBusy(run, holder, yield* RequestId)
          return row === undefined ? Option.none<Holder>() : Option.some(yield* decodeHolder(row))
        }, Effect.orDie)
      })
    })
  )
}

const decodeHolder = Schema.decodeUnknownEffect(Holder)

const toBound = ({ sameRequest, runId, outcome, endedAt }: BoundRow): Bound => ({
  sameRequest,
  runId,
  removed:
    runId === null || outcome === null || endedAt === null
      ? null
      : { id: runId, outcome, endedAt: DateTime.fromDateUnsafe(endedAt) }
})

/** The run that an insert has recorded, without reading it back. */
const toRun = (run: NewRun, queued: Date, block: Block | null): Run => {
  const queuedAt = DateTime.fromDateUnsafe(queued)
  return {
    id: run.id,
    workspaceId: run.scope.workspaceId,
    tenantId: run.scope.tenantId,
    type: run.type,
    status: block ? "completed" : "queued",
    outcome: block ? "blocked" : "pending",
    actor: run.actor,
    identityRule: run.identity.rule,
    identityKey: run.identity.key,
    input: run.input,
    context: run.context,
    summaryCounts: {},
    failureSummary: block ? [observed(block, queuedAt)] : [],
    report: null,
    reasonCode: block ? block.reasonCode : null,
    attempt: 0,
    maxAttempts: run.maxAttempts,
    version: 1,
    lastEvent: block ? 2 : 1,
    queuedAt,
    availableAt: queuedAt,
    startedAt: null,
    deadline: null,
    completedAt: block ? queuedAt : null,
    worker: null,
    cancelRequestedAt: null,
    cancelRequestedBy: null,
    supersededBy: null,
    retryOf: run.retryOf,
    traceparent: run.traceparent,
    viewCapabilities: run.viewCapabilities
  }
}
