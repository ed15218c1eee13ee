/**
 * What a host's own code answers when Atlas asks it, decoded: JavaScript has no types. A wrong answer throws a `TypeError` that
 * says what is wrong. It is a defect of the host: it fails a call, or ends an attempt as an internal error; the log has the
 * sentence, and no user sees it.
 *
 * @module
 */

import { Result, Schema } from "effect"
import { problemsOf } from "./Decoding.ts"

/** Makes the decoder of an answer. It takes what answered, such as `Access.grants`, and the answer. */
export const answerOf = <A>(schema: Schema.Decoder<A>): ((what: string, given: unknown) => A) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (what, given) => {
    const result = decode(given, { errors: "all" })
    if (Result.isSuccess(result)) return result.success
    const problems = problemsOf(result.failure.issue).map(
      ({ detail, pointer }) => `${pointer || "the value"}: ${detail}`
    )
    throw new TypeError(`${what} is wrong. ${problems.join("; ")}`)
  }
}
