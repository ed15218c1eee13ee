/**
 * Reading forms that pages send. Every field is checked by a schema, and whatever is wrong is refused with the field's name.
 * Routes of parts and of hosts call it.
 *
 * @module
 */

import { Decoding, type Problems, Storable } from "@atlas/operations"
import { Effect, Schema } from "effect"
import type { Context } from "hono"

/** The value of a field: text of at most 10,000 characters that can be stored. */
export const FormText = Storable.Text.check(Schema.isMaxLength(10_000))

/** The values of a field that may occur any number of times, such as a group of checkboxes. */
export const FormTexts = Schema.Union([FormText, Schema.Array(FormText)])

const forms = /^(application\/x-www-form-urlencoded|multipart\/form-data)\b/i

const bodyOf = Effect.fnUntraced(function* (c: Context) {
  if (forms.test(c.req.header("content-type") ?? "")) {
    return yield* Effect.tryPromise({
      try: () => c.req.formData(),
      catch: () => Decoding.invalid("", "The form cannot be read: send it again")
    })
  }
  const text = yield* Effect.promise(() => c.req.text())
  return text === ""
    ? new FormData()
    : yield* Decoding.invalid("", "Expected a form: send it URL-encoded or as multipart/form-data")
})

/**
 * Reads a form. Fails with `InvalidInput` for a body that is not a form, and for every field that is unknown, missing,
 * repeated, a file or too long. Without a body, the form has no fields. The schema's fields are `FormText`, or `FormTexts` for
 * those that may be repeated.
 */
export const readForm = Effect.fn("Form.read")(function* <A, E>(
  c: Context,
  schema: Schema.Codec<A, E>
): Effect.fn.Return<A, Problems.InvalidInput> {
  const body = yield* bodyOf(c)
  const fields: Record<string, unknown> = Object.create(null)
  for (const name of new Set(body.keys())) {
    const values = body.getAll(name)
    if (values.some((value) => typeof value !== "string"))
      return yield* Decoding.invalid(`/${name}`, "Expected text, not a file")
    fields[name] = values.length === 1 ? values[0] : values
  }
  return yield* Decoding.decodeInput(schema, { ...fields })
})
