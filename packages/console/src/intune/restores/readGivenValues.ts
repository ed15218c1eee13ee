import { Decoding, type Problems, Storable } from "@atlas/operations"
import { Effect, Schema } from "effect"
import type { Context } from "hono"
import { FormText, FormTexts, readForm } from "../../shell/Form.ts"

// How long a value may be, `Restores` decides: certificates are longer than what people type.
const Values = Schema.Union([Storable.Text, Schema.Array(Storable.Text)])

// An input and the three fields that say what it is for have the same place among those of their name.
const Given = Schema.Struct({
  source: Schema.optionalKey(FormTexts),
  id: Schema.optionalKey(FormTexts),
  path: Schema.optionalKey(FormTexts),
  value: Schema.optionalKey(Values),
  idempotencyKey: Schema.optionalKey(FormText)
})

/** A value that somebody has entered. */
interface EnteredValue {
  readonly source: string
  readonly id: string
  readonly path: string
  readonly value: string
}

/** What a form has of values that policies lack. */
interface EnteredValues {
  /** Those of the inputs that are filled in. */
  readonly values: ReadonlyArray<EnteredValue>
  /** Why no restore can be planned with them, as a sentence; null if nothing speaks against it. */
  readonly problem: string | null
  readonly idempotencyKey: string | undefined
}

const problemOf = (inputs: ReadonlyArray<EnteredValue>) => {
  const ofPolicies = [...Map.groupBy(inputs, ({ id, source }) => JSON.stringify([source, id])).values()]
  const isFilled = ({ value }: EnteredValue) => value !== ""
  if (!inputs.some(isFilled)) return "Enter all the values of at least one policy."
  // The new plan would ask for the others, and the plan after that one, which begins with the backup again, for these.
  return ofPolicies.some((given) => given.some(isFilled) && !given.every(isFilled))
    ? "Enter all the values of a policy, or none of them. Atlas has kept none: enter them again."
    : null
}

/** Reads the form of the values that policies lack. No failure and no problem has a value in it. */
export const readGivenValues = Effect.fn("readGivenValues")(function* (
  c: Context
): Effect.fn.Return<EnteredValues, Problems.InvalidInput> {
  const form = yield* readForm(c, Given)
  const [sources, ids, paths, given] = [form.source, form.id, form.path, form.value].map((field = []) => [field].flat())
  const inputs = (given ?? []).map((value, at) => ({ source: sources?.[at], id: ids?.[at], path: paths?.[at], value }))
  const isNamed = (input: { readonly [Name in keyof EnteredValue]: string | undefined }): input is EnteredValue =>
    input.source !== undefined && input.id !== undefined && input.path !== undefined
  if (!inputs.every(isNamed)) return yield* Decoding.invalid("/value", "Expected the policy and the path of each value")
  const values = inputs.filter(({ value }) => value !== "")
  return { values, problem: problemOf(inputs), idempotencyKey: form.idempotencyKey }
})
