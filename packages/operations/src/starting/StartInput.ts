import { Effect, Option, Predicate, Schema } from "effect"
import { decodeInput, invalid, invalidEach, jsonPointer } from "../boundary/Decoding.ts"
import type * as Operation from "../definition/Operation.ts"
import * as Problems from "../boundary/Problems.ts"
import { decodeRunId } from "../run/Run.ts"
import type { Json } from "../text/Json.ts"
import { isStorable, unstorablePaths } from "../text/StorableText.ts"

/** The run that is to be replaced; refused where the type does not allow it. */
export const checkSupersedes = (type: Operation.Any, supersedes: string) =>
  !type.supersedable
    ? Effect.fail(
        new Problems.NotSupported({ detail: `A run of "${type.name}" cannot be replaced while it is active.` })
      )
    : Option.match(decodeRunId(supersedes), {
        onNone: () => Effect.fail(invalid("/supersedes", "Expected the id of a run")),
        onSome: Effect.succeed
      })

/**
 * Refuses a caller's own key that could not be stored.
 *
 * @param key an `Idempotency-Key`; untrusted
 */
export const checkIdempotencyKey = (key: unknown): Effect.Effect<string, Problems.InvalidInput> =>
  Predicate.isString(key) && key.length >= 1 && key.length <= 200 && isStorable(key)
    ? Effect.succeed(key)
    : Effect.fail(
        invalid("", "The Idempotency-Key must have 1 to 200 characters, without NUL characters and lone surrogates")
      )

// Where the input stands in a request to start.
const place = ["input"]

/** The input, decoded, with what the host fills in, and as it is stored; refused with every problem named. */
export const validate = Effect.fnUntraced(function* (
  type: Operation.Any,
  given: unknown,
  resolve: (input: unknown) => Effect.Effect<unknown>
) {
  const input = yield* resolve(yield* decodeInput(type.input, given, place))
  const stored = (yield* Schema.encodeEffect(Schema.toCodecJson(type.input))(input).pipe(Effect.orDie)) as Json
  const unstorable = unstorablePaths(stored)
  if (unstorable.length > 0) {
    const detail = "Expected text without NUL characters and lone surrogates"
    return yield* invalidEach(
      unstorable.map((path) => jsonPointer([...place, ...path])),
      detail
    )
  }
  return { input, stored }
})
