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
 * Reads a start form: the input, as JSON in the field `input`, and the idempotency key. Without the field, the input is empty.
 * Text that is not JSON stays text, which the operation refuses with the reason.
 */
export const readStart = (
  c: Context
): Effect.Effect<{ readonly input: unknown; readonly idempotencyKey?: string }, Problems.InvalidInput> =>
  Effect.map(readForm(c, Start), ({ input = "", ...key }) => ({
    input: input === "" ? {} : Option.getOrElse(parse(input), () => input),
    ...keyOf(key)
  }))

/** Reads a form with at most an idempotency key. */
export const readKey = (c: Context): Effect.Effect<{ readonly idempotencyKey?: string }, Problems.InvalidInput> =>
  Effect.map(readForm(c, Key), keyOf)

/** Reads a form of which only the button counts. */
export const readNothing = (c: Context): Effect.Effect<object, Problems.InvalidInput> => readForm(c, Schema.Struct({}))
