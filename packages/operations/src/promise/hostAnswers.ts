/**
 * What a host's own functions return, decoded: JavaScript has no types. A wrong answer throws a `TypeError` that says what is
 * wrong, which ends an attempt as an internal error and fails a start.
 *
 * @module
 */

import { Schema } from "effect"
import { answerOf } from "../boundary/HostAnswers.ts"
import { RunFailure } from "../definition/RunFailure.ts"
import * as RunHandler from "../definition/RunHandler.ts"
import * as StartGate from "../definition/StartGate.ts"
import { GivenReasonCode, type ReasonCode } from "../run/ReasonCode.ts"
import type { Block, RunFailure as HostFailure } from "./Operation.ts"

const decodeReason = answerOf(GivenReasonCode)
const decodeBlock = answerOf(Schema.NullishOr(Schema.Struct({ reasonCode: GivenReasonCode, message: Schema.String })))
const decodeFailure = answerOf(
  Schema.Struct({ reasonCode: GivenReasonCode, message: Schema.String, retryable: Schema.Boolean })
)
const decodeResult = answerOf(
  Schema.NullishOr(
    Schema.Union([
      Schema.Struct({ outcome: Schema.Literal("succeeded") }),
      Schema.Struct({ outcome: Schema.Literal("partially_succeeded"), reasonCode: GivenReasonCode })
    ])
  )
)

/** A reason code that a handler reports an item with. */
export const reasonOf = (given: unknown): ReasonCode => decodeReason("The reason code of a failed item", given)

/** A gate's answer: nothing, or why the operation may not start. */
export const gateAnswerOf = (given: Block | null | undefined): StartGate.GateAnswer => {
  const block = decodeBlock("What the gate returned", given)
  return block == null ? StartGate.open : StartGate.blocked(block.reasonCode, block.message)
}

/** A handler's result: nothing, or how its run ends. */
export const runResultOf = (given: unknown): RunHandler.RunResult =>
  decodeResult("What the handler returned", given) ?? RunHandler.succeeded

/** The failure that a handler threw. */
export const runFailureOf = ({ message, reasonCode, retryable }: HostFailure): RunFailure =>
  new RunFailure(decodeFailure("The RunFailure that the handler threw", { message, reasonCode, retryable }))
