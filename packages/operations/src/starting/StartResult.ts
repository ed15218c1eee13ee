/**
 * How a start is answered: with its run or, once retention has removed that run, with what is kept of it.
 *
 * @module
 */

import type { RemovedRun, Run, RunReceipt } from "../run/Run.ts"

/**
 * `created`: a new run, committed. `existing`: the run of an equal start, which this start joined. `blocked`: a person must act
 * first; the run is completed, and its reason code and failure say what to do.
 */
export interface Started<Seen extends Run | RunReceipt = Run | RunReceipt> {
  readonly disposition: "created" | "existing" | "blocked"
  /** The run; its receipt for an actor who may start the operation but not view it. */
  readonly run: Seen
  readonly removed?: never
}

/**
 * An equal start had a run, which retention has removed. Nothing was started, and no link leads to the run any more. The id,
 * how the run ended and when are all that is left of it.
 */
export interface RemovedStart extends RemovedRun {
  readonly disposition: "existing"
  readonly removed: true
}

/**
 * The answer to a start. Look at `removed` before `run`, unless the operation's identity is `while_active`: only an identity that
 * is taken once outlives its run.
 *
 * @typeParam Chosen the operation, or `string` if only its name is known
 */
export type StartResult<Chosen = string, Seen extends Run | RunReceipt = Run | RunReceipt> = Chosen extends {
  readonly identity: { readonly rule: "while_active" }
}
  ? Started<Seen>
  : Started<Seen> | RemovedStart

/** What a start by Atlas or the host itself gives back: the whole run, if there is one. */
export type SystemStartResult<Chosen = string> = StartResult<Chosen, Run>

/** The id of the run of an answer, whether that run is still there or not. */
export const runIdOf = (result: StartResult) => (result.removed ? result.id : result.run.id)
