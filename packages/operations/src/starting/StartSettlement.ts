import { Effect, Option } from "effect"
import * as Metrics from "../ledger/Metrics.ts"
import type { NewRun, RecordOptions } from "../ledger/NewRun.ts"
import type * as Operation from "../definition/Operation.ts"
import * as Problems from "../boundary/Problems.ts"
import { reasonInfo } from "../run/ReasonCode.ts"
import type { RemovedRun, Run, RunId } from "../run/Run.ts"
import { type Holder, RunRecorder } from "../ledger/RunRecorder.ts"
import { Gatekeeper } from "../definition/Gatekeeper.ts"
import { open } from "../definition/StartGate.ts"
import type { Started, SystemStartResult } from "./StartResult.ts"

/** A start that is authorised and valid. */
export interface Settleable {
  readonly run: NewRun
  readonly type: Operation.Any
  /** Decoded. */
  readonly input: unknown
  /** The run that it replaces, if that run is active and has the same identity. */
  readonly supersedes: RunId | null
}

type Settled = SystemStartResult

const settled = (disposition: Started["disposition"], run: Run): Settled => ({ disposition, run })
const ofRemoved = (removed: RemovedRun): Settled => ({ disposition: "existing", removed: true, ...removed })

const busy = (holder: Holder) =>
  new Problems.OperationBusy({
    disposition: "busy",
    reasonCode: "operation_busy",
    nextStep: reasonInfo("operation_busy").nextStep,
    holder,
    detail: `The run ${holder.id} (${holder.type}) is ${holder.status}.`
  })

/** Decides how a start is answered: with the run that its key stands for, a new run, an equal run, or a refusal. */
export const makeSettleStart = Effect.gen(function* () {
  const gates = yield* Gatekeeper
  const recorder = yield* RunRecorder

  /** The run that the key of a `once` identity stands for. A key belongs to its first request, whatever the answer was. */
  const bound = Effect.fnUntraced(function* (run: NewRun) {
    const { removed, runId, sameRequest } = yield* recorder.bind(run)
    if (!sameRequest) return yield* new Problems.IdempotencyKeyReused(runId === null ? {} : { runId })
    if (removed !== null) return Option.some(ofRemoved(removed))
    if (runId === null) return Option.none<Settled>()
    const joined = yield* recorder.joinBound(run, runId)
    if (Option.isSome(joined)) return Option.some(settled("existing", joined.value))
    // Retention removed the run meanwhile, and the key has kept how it ended.
    const later = yield* recorder.bind(run)
    if (later.removed === null)
      return yield* Effect.die(new Error(`The run ${runId} is gone, and its key knows no end`))
    return Option.some(ofRemoved(later.removed))
  })

  const record = Effect.fnUntraced(function* (run: NewRun, options: RecordOptions) {
    const recorded = Option.getOrUndefined(yield* recorder.record(run, options))
    if (recorded === undefined) return Option.none<Settled>()
    if (recorded.ended) {
      yield* options.ends === "stale"
        ? Metrics.runCompleted({ type: run.type, outcome: "failed", reasonCode: "run_stale" })
        : Metrics.runCompleted({ type: run.type, outcome: "cancelled", reasonCode: "run_superseded" })
    }
    return Option.some(settled(options.block === null ? "created" : "blocked", recorded.run))
  })

  const joinActive = (run: NewRun, evenOverdue: boolean) =>
    run.identity.activeKey === null ? Effect.succeedNone : recorder.joinActive(run, evenOverdue)

  const attempt = Effect.fnUntraced(function* ({ run, type, input, supersedes }: Settleable, isFirst: boolean) {
    const known = run.identity.rule === "once" ? yield* bound(run) : Option.none<Settled>()
    if (Option.isSome(known)) return known
    const question = { scope: run.scope, input, actor: run.actor }
    const gate = type.gates.length === 0 ? open : yield* gates.check(type, question)
    const block = gate._tag === "Blocked" ? gate : null
    // A blocked start replaces a run all the same: that run is stuck, whatever the gate says.
    if (gate._tag === "Open" || (block !== null && supersedes !== null)) {
      const recorded = yield* record(run, { ends: supersedes, block })
      if (Option.isSome(recorded)) return recorded
    }
    const equal = Option.getOrUndefined(yield* joinActive(run, gate._tag === "Busy" || !isFirst))
    if (equal !== undefined) {
      const stays = !equal.overdue || gate._tag === "Busy" || !isFirst
      return stays ? Option.some(settled("existing", equal.run)) : yield* record(run, { ends: "stale", block })
    }
    if (block !== null) return yield* record(run, { ends: null, block })
    const holder = yield* recorder.refuseBusy(run, gate._tag === "Busy" ? gate.holder : null)
    if (Option.isSome(holder)) return yield* busy(holder.value)
    return Option.none<Settled>()
  })

  return Effect.fnUntraced(function* (start: Settleable) {
    // The conflicting run may end before we read it, so ask again.
    for (let round = 0; round < 10; round++) {
      if (round > 1) yield* Effect.sleep("20 millis")
      const answer = yield* attempt(start, round === 0)
      if (Option.isSome(answer)) return answer.value
    }
    // The gate keeps naming a run that has ended: for the caller, the scope is busy.
    const { run, type, input } = start
    const gate = yield* gates.check(type, { scope: run.scope, input, actor: run.actor })
    if (gate._tag === "Busy") return yield* busy({ id: gate.holder, type: type.name, status: "completed" })
    return yield* Effect.die(new Error("Conflicting runs kept ending before they could be read"))
  })
})
