import { Effect, Option, Predicate, Schema } from "effect"
import type { Context } from "hono"

const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

/**
 * The input that a start form brought along, in its field `input` as JSON; none, where it has no such field. What is no JSON
 * stays text, which the operation type refuses with the reason.
 */
export const inputOf = (c: Context): Effect.Effect<unknown> =>
  Effect.tryPromise(() => c.req.parseBody()).pipe(
    Effect.map(({ input }) =>
      Predicate.isString(input) && input !== "" ? Option.getOrElse(parse(input), () => input) : {}
    ),
    Effect.orElseSucceed(() => ({}))
  )
