import { Effect, Option, Schema } from "effect"
import * as Metrics from "../ledger/Metrics.ts"
import type { OperationScope } from "../run/OperationScope.ts"
import { type Run, RunId } from "../run/Run.ts"
import { RunLedger } from "../ledger/RunLedger.ts"
import { RunQueries } from "../ledger/reads/RunQueries.ts"
import { type Assignment, type Claimant, RunQueue } from "../ledger/RunQueue.ts"
import { RunSignals } from "../ledger/RunSignals.ts"

const Reason = Schema.Literals(["no_such_run", "other_type", "other_scope", "stale_fence", "no_handler"])

/** A worker was handed work that does not fit its run, or has no run. Nothing was executed, and no run was created. */
export class WorkRefused extends Schema.TaggedError<WorkRefused>()("WorkRefused", { runId: RunId, reason: Reason }) {
  override get message(): string {
    return `Work for the run ${this.runId} was refused: ${sentences[this.reason]}.`
  }
}

const sentences: Record<typeof Reason.Type, string> = {
  no_such_run: "there is no such run",
  other_type: "the run is of another operation",
  other_scope: "the run belongs to another tenant or workspace",
  stale_fence: "the run's fence has changed since the work was handed out",
  no_handler: "this worker has no handler for its operation"
}

/**
 * Makes the function that handles an assigned run that was not claimed. It refuses work that does not fit, in log, metric and
 * timeline. A run that is merely not due is no refusal.
 */
export const makeRefusal = Effect.fnUntraced(function* (claimant: Claimant) {
  const ledger = yield* RunLedger
  const queries = yield* RunQueries
  const queue = yield* RunQueue
  const signals = yield* RunSignals

  const isStale = ({ id, fence }: Assignment) =>
    fence === undefined
      ? Effect.succeed(false)
      : Effect.map(
          queue.fenceOf(id),
          Option.exists((now) => now !== fence)
        )

  return Effect.fnUntraced(function* (assignment: Assignment) {
    const run = Option.getOrUndefined(yield* queries.find(assignment.id))
    const reason = misfit(run, assignment, claimant) ?? ((yield* isStale(assignment)) ? "stale_fence" : null)
    if (reason === null) return
    const refused = new WorkRefused({ runId: assignment.id, reason })
    yield* Metrics.refusedWork(reason)
    yield* Effect.logError(refused.message)
    if (run) {
      yield* ledger.refuseWork(run.id, claimant.worker, reason)
      yield* signals.changed(run.id)
    }
    return yield* refused
  })
})

const misfit = (run: Run | undefined, assignment: Assignment, claimant: Claimant): typeof Reason.Type | null => {
  if (!run) return "no_such_run"
  if (run.type !== assignment.type) return "other_type"
  if (!isSameScope(run, assignment)) return "other_scope"
  if (!claimant.types.some(({ name }) => name === run.type)) return "no_handler"
  return null
}

const isSameScope = (a: OperationScope, b: OperationScope) =>
  a.workspaceId === b.workspaceId && a.tenantId === b.tenantId
