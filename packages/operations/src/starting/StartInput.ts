/**
 * Checks what a start is given: its input, the caller's own key, and the run that it is to replace. A refusal names every
 * problem. Starts go through it.
 *
 * @module
 */

import { Effect, Option, Schema } from "effect"
import { decodeInput, invalid, invalidEach, jsonPointer } from "../boundary/Decoding.ts"
import type * as Operation from "../definition/Operation.ts"
import * as Problems from "../boundary/Problems.ts"
import { decodeRunId } from "../run/Run.ts"
import type { Json } from "../text/Json.ts"
import * as Storable from "../text/Storable.ts"

/** The id of the run to replace. Fails for an operation whose runs cannot be replaced. */
export const checkSupersedes = (type: Operation.Any, supersedes: string) =>
  !type.supersedable
    ? Effect.fail(
        new Problems.NotSupported({
          detail: `A run of "${type.name}" cannot be replaced while it is active. Cancel it, or wait until it ends.`
        })
      )
    : Option.match(decodeRunId(supersedes), {
        onNone: () => Effect.fail(invalid("/supersedes", "Expected the id of a run")),
        onSome: Effect.succeed
      })

// The place of the input in a request to start.
const place = ["input"]

/** The input, decoded and with what the host fills in; and the same as it is stored. */
export const validate = Effect.fnUntraced(function* (
  type: Operation.Any,
  given: unknown,
  resolve: (input: unknown) => Effect.Effect<unknown>
) {
  const input = yield* resolve(yield* decodeInput(type.input, given, place))
  const stored = (yield* Schema.encodeEffect(Schema.toCodecJson(type.input))(input).pipe(Effect.orDie)) as Json
  const unstorable = Storable.unstorablePaths(stored)
  if (unstorable.length > 0) {
    const detail = "Expected text without NUL characters or lone surrogates"
    return yield* invalidEach(
      unstorable.map((path) => jsonPointer([...place, ...path])),
      detail
    )
  }
  return { input, stored }
})
