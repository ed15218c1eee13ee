import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { RequestId } from "../access/AuditLog.ts"
import { observed } from "../run/Failure.ts"
import type { Block, Bound, Equal, NewRun, Recorded, RecordOptions } from "./NewRun.ts"
import { type Run, RunId, RunStatus } from "../run/Run.ts"
import { readRun } from "./reads/RunRow.ts"
import { makeStartStatements } from "./StartStatements.ts"

/** The run that holds a scope exclusively. */
export const Holder = Schema.Struct({ id: RunId, type: Schema.String, status: RunStatus })
export type Holder = typeof Holder.Type

/**
 * Records starts: each is one statement, and what is unique is decided by the database's indexes and locks, whoever else
 * starts the same at the same time. An insert that finds another run in its way waits for that one's commit and then inserts
 * nothing. Committed on return, unless the caller has a transaction open. Database failures are defects.
 */
export class RunRecorder extends Context.Service<
  RunRecorder,
  {
    /** Gives the key of a `once` identity to the request, if it is the first that carries it, and says what it stands for. */
    bind(run: NewRun): Effect.Effect<Bound>
    /** Records a run; none if its key has one, an equal one has its identity, or another one holds its scope. */
    record(run: NewRun, options: RecordOptions): Effect.Effect<Option.Option<Recorded>>
    /** Joins the run that the start's key stands for; none if that was removed. */
    joinBound(run: NewRun, id: RunId): Effect.Effect<Option.Option<Run>>
    /**
     * Joins the active run that has the identity. The start's key stands for that run from then on.
     *
     * @param evenOverdue an overdue run, which may be stale, is found but not joined unless this is so
     */
    joinActive(run: NewRun, evenOverdue: boolean): Effect.Effect<Option.Option<Equal>>
    /** Who holds the run's scope exclusively, or the named holder while it is active; puts the refusal on record. */
    refuseBusy(run: NewRun, holder: RunId | null): Effect.Effect<Option.Option<Holder>>
  }
>()("@atlas/operations/RunRecorder") {
  static readonly layer: Layer.Layer<RunRecorder, never, SqlClient.SqlClient> = Layer.effect(
    RunRecorder,
    Effect.map(SqlClient.SqlClient, (sql) => {
      const statements = makeStartStatements(sql)

      return RunRecorder.of({
        bind: Effect.fn("RunRecorder.bind")(function* (run) {
          const [bound] = yield* statements.bind(run)
          return yield* Effect.orDie(Effect.fromNullishOr(bound))
        }, Effect.orDie),
        record: Effect.fnUntraced(function* (run, { ends, block }) {
          const [row] = yield* statements.record(run, { ends, block }, yield* RequestId)
          return row === undefined
            ? Option.none<Recorded>()
            : Option.some({ run: toRun(run, row.queuedAt, block), ended: row.ended })
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

/** What an insert has recorded, known without reading it back. */
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
