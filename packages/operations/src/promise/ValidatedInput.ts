import { isDeepStrictEqual } from "node:util"
import type { StandardSchemaV1 } from "@standard-schema/spec"
import { Effect, Predicate, Schema, SchemaAST, SchemaIssue, SchemaTransformation } from "effect"

/** An input as its schema returned it, and as it is stored. */
export interface ValidatedInput {
  /** What handlers and identities get. */
  readonly value: any
  /** What is stored on the run: JSON that the schema accepts and turns into `value`. */
  readonly stored: Schema.Json
}

const isJson = Schema.is(Schema.Json)

/**
 * A codec over a schema of any Standard Schema library (https://standardschema.dev). Such schemas only validate, so the run
 * stores their output if that is JSON and validates to itself: with defaults, and without what they strip. Otherwise the run
 * stores the given input, which is validated again for each attempt.
 */
export const validatedBy = (schema: StandardSchemaV1): Schema.Codec<ValidatedInput, Schema.Json> =>
  Schema.Json.pipe(
    Schema.decodeTo(
      Schema.declare(isValidated),
      SchemaTransformation.transformEffect({
        decode: (given) => validate(schema, given),
        encode: ({ stored }) => Effect.succeed(stored)
      })
    )
  )

const isValidated = (value: unknown): value is ValidatedInput =>
  Predicate.hasProperty(value, "value") && Predicate.hasProperty(value, "stored")

const validate = Effect.fnUntraced(function* (schema: StandardSchemaV1, given: Schema.Json) {
  const result = yield* Effect.promise(async () => schema["~standard"].validate(given))
  if (result.issues) return yield* Effect.fail(asIssue(result.issues))
  const { value } = result
  if (!isJson(value)) return { value, stored: given }
  const again = yield* Effect.promise(async () => schema["~standard"].validate(value))
  return { value, stored: !again.issues && isDeepStrictEqual(again.value, value) ? value : given }
})

const asIssue = (issues: ReadonlyArray<StandardSchemaV1.Issue>): SchemaIssue.Issue => {
  const [first, ...rest] = issues.map(({ message, path = [] }) => {
    const keys = path.map((segment) => (typeof segment === "object" ? segment.key : segment))
    return new SchemaIssue.Pointer(keys, new SchemaIssue.InvalidValue({ message }))
  })
  return first === undefined
    ? new SchemaIssue.InvalidValue({ message: "The input is invalid" })
    : new SchemaIssue.Composite(SchemaAST.unknown, [first, ...rest])
}
