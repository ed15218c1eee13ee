import type { Problems } from "@atlas/operations"
import { Effect, Option, Schema } from "effect"
import type { Context } from "hono"
import { FormText, readForm } from "./Form.ts"

const Key = Schema.Struct({ idempotencyKey: Schema.optionalKey(FormText) })
const Start = Schema.Struct({ input: Schema.optionalKey(FormText), idempotencyKey: Schema.optionalKey(FormText) })

const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

const keyOf = ({ idempotencyKey = "" }: typeof Key.Type): { readonly idempotencyKey?: string } =>
  idempotencyKey === "" ? {} : { idempotencyKey }

/**
 * What a start form says: the input, in its field `input` as JSON, and the key that tells this form from the next. Without the
 * field, the input is empty; what is no JSON stays text, which the operation refuses with the reason.
 */
export const readStart = (
  c: Context
): Effect.Effect<{ readonly input: unknown; readonly idempotencyKey?: string }, Problems.InvalidInput> =>
  Effect.map(readForm(c, Start), ({ input = "", ...key }) => ({
    input: input === "" ? {} : Option.getOrElse(parse(input), () => input),
    ...keyOf(key)
  }))

/** The key that a form brought along, as a start takes it. */
export const readKey = (c: Context): Effect.Effect<{ readonly idempotencyKey?: string }, Problems.InvalidInput> =>
  Effect.map(readForm(c, Key), keyOf)

/** A form of which only the button counts. */
export const readNothing = (c: Context): Effect.Effect<object, Problems.InvalidInput> => readForm(c, Schema.Struct({}))
