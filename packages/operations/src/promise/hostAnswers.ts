/**
 * What a host's own functions return, decoded: JavaScript has no types. A wrong answer throws a `TypeError` that says what is
 * wrong, which ends an attempt as an internal error and fails a start.
 *
 * @module
 */

import { Result, Schema } from "effect"
import { problemsOf } from "../boundary/Decoding.ts"
import { RunFailure } from "../definition/RunFailure.ts"
import * as RunHandler from "../definition/RunHandler.ts"
import * as StartGate from "../definition/StartGate.ts"
import { ReasonCode } from "../run/ReasonCode.ts"
import { isStorableText } from "../text/StorableText.ts"
import type { Block, RunFailure as HostFailure } from "./Operation.ts"

const Reason = Schema.String.check(Schema.isMaxLength(200), isStorableText).pipe(Schema.decodeTo(ReasonCode))

const decoderOf = <A>(schema: Schema.Decoder<A>) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (what: string, given: unknown): A => {
    const result = decode(given, { errors: "all" })
    if (Result.isSuccess(result)) return result.success
    const problems = problemsOf(result.failure.issue).map(
      ({ detail, pointer }) => `${pointer || "the value"}: ${detail}`
    )
    throw new TypeError(`${what} is wrong. ${problems.join("; ")}`)
  }
}

const decodeReason = decoderOf(Reason)
const decodeBlock = decoderOf(Schema.NullishOr(Schema.Struct({ reasonCode: Reason, message: Schema.String })))
const decodeFailure = decoderOf(
  Schema.Struct({ reasonCode: Reason, message: Schema.String, retryable: Schema.Boolean })
)
const decodeResult = decoderOf(
  Schema.NullishOr(
    Schema.Union([
      Schema.Struct({ outcome: Schema.Literal("succeeded") }),
      Schema.Struct({ outcome: Schema.Literal("partially_succeeded"), reasonCode: Reason })
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
