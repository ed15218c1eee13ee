import { Cause, Effect, Exit, Predicate, Schema, SchemaIssue } from "effect"
import { type InputIssue, InvalidInput } from "./Problems.ts"
import type { Json } from "../text/Json.ts"

/**
 * The boundary: what comes from outside is decoded here before anything else looks at it, whatever its type says. JavaScript
 * callers, `as any` and HTTP bodies exist. Every refusal is an `InvalidInput` that names each problem, up to twenty.
 */

/** The most problems that a refusal names. */
const mostProblems = 20

/** How deeply a JSON value may be nested. */
const deepestJson = 64

/** How many values a JSON value may hold, members and items of all levels counted. */
const mostJsonValues = 100_000

/** How many characters the texts of a JSON value may have together, names of members included. */
const longestJson = 1_048_576

// A longer detail, such as an enumeration, is given once and then referred to.
const longestRepeated = 60
const longestDetail = 1_000

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) =>
    issue._tag === "UnexpectedKey"
      ? "Unknown: correct its name, or leave it out"
      : issue._tag === "MissingKey"
        ? "Required"
        : SchemaIssue.defaultLeafHook(issue)
})

/** RFC 6901: "~" and "/" are escaped inside a JSON Pointer. */
export const jsonPointer = (path: ReadonlyArray<PropertyKey>): string =>
  path
    .map((segment) => `/${String(segment).slice(0, 200).toWellFormed().replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("")

/** One problem after the other, as far as somebody asks for them: an input may have as many as it has values. */
function* problemsIn(issue: SchemaIssue.Issue, path: ReadonlyArray<PropertyKey>): Generator<InputIssue> {
  if (issue._tag === "Pointer") return yield* problemsIn(issue.issue, [...path, ...issue.path])
  if (issue._tag === "Encoding") return yield* problemsIn(issue.issue, path)
  if (issue._tag === "Composite" || (issue._tag === "AnyOf" && issue.issues.length > 0)) {
    for (const each of issue.issues) yield* problemsIn(each, path)
    return
  }
  for (const { message, path: within = [] } of formatIssue(issue).issues) {
    const keys = within.map((segment) => (typeof segment === "object" ? segment.key : segment))
    yield { pointer: jsonPointer([...path, ...keys]), detail: message.slice(0, longestDetail) }
  }
}

/** The first problems of a list that may be long, without saying the same long sentence twice. */
const named = (problems: Iterable<InputIssue>): InvalidInput => {
  const errors: Array<InputIssue> = []
  const said = new Map<string, string>()
  for (const { detail, pointer } of problems) {
    if (errors.length === mostProblems) {
      return new InvalidInput({ errors, detail: `There are more problems: these are the first ${mostProblems}.` })
    }
    const before = said.get(detail)
    errors.push({ pointer, detail: before === undefined ? detail : `The same as at ${before || "the top"}` })
    if (before === undefined && detail.length > longestRepeated) said.set(detail, pointer)
  }
  return new InvalidInput({ errors })
}

/** One problem, as a refusal. */
export const invalid = (pointer: string, detail: string): InvalidInput =>
  new InvalidInput({ errors: [{ pointer, detail }] })

/** Several problems, as a refusal that names the first twenty. */
export const invalidEach = (pointers: ReadonlyArray<string>, detail: string): InvalidInput =>
  named(pointers.map((pointer) => ({ pointer, detail })))

const unreadable = invalid("", "This cannot be read: it throws when its members are looked at")

const strictly = { errors: "all", onExcessProperty: "error" } as const

/**
 * Makes the decoder of a public function's arguments. A member that the schema does not know is a problem.
 *
 * @param schema of all arguments, by name
 * @returns a function from the arguments as they came to the decoded ones; it fails with every problem named, up to twenty
 */
export const argumentsOf = <S extends Schema.ConstraintDecoder<object>>(schema: S) => {
  const decode = Schema.decodeUnknownExit(schema)
  const attempt = (given: unknown): Exit.Exit<S["Type"], InvalidInput> => {
    try {
      const exit = decode(given, strictly)
      return Exit.isSuccess(exit) ? Exit.succeed(exit.value) : Exit.fail(refusalOf(exit.cause))
    } catch {
      return Exit.fail(unreadable)
    }
  }
  return (given: { readonly [Name in keyof S["Type"]]: unknown }): Effect.Effect<S["Type"], InvalidInput> =>
    Effect.suspend(() => attempt(given))
}

const refusalOf = (cause: Cause.Cause<unknown>): InvalidInput => {
  const error = Cause.squash(cause)
  return Schema.isSchemaError(error) ? named(problemsIn(error.issue, [])) : unreadable
}

class NotJson extends Error {
  readonly path: ReadonlyArray<PropertyKey>
  constructor(path: ReadonlyArray<PropertyKey>, detail: string) {
    super(detail)
    this.path = path
  }
}

const isPlain = (value: object) => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

/** Copies a value as JSON, as far as it is JSON and no larger than it may be; throws `NotJson`. */
const copyJson = (given: unknown): Json | undefined => {
  let values = 0
  let length = 0
  const spell = (text: string, path: ReadonlyArray<PropertyKey>) => {
    length += text.length
    if (length > longestJson) throw new NotJson(path, `Expected at most ${longestJson} characters in all`)
    return text
  }
  const copy = (value: unknown, path: ReadonlyArray<PropertyKey>): Json => {
    if (++values > mostJsonValues) throw new NotJson(path, `Expected at most ${mostJsonValues} values in all`)
    if (value === null || Predicate.isBoolean(value)) return value
    if (Predicate.isString(value)) return spell(value, path)
    if (Predicate.isNumber(value) && Number.isFinite(value)) return value
    if (path.length >= deepestJson) throw new NotJson(path, `Expected at most ${deepestJson} levels of nesting`)
    if (Array.isArray(value)) return Array.from(value, (item, index) => copy(item, [...path, index]))
    if (!Predicate.isObject(value) || !isPlain(value)) throw new NotJson(path, "Expected JSON")
    const members: Array<[string, Json]> = []
    // An absent member and one that is `undefined` are the same, as in `JSON.stringify`.
    for (const [name, member] of Object.entries(value)) {
      if (member !== undefined) members.push([spell(name, path), copy(member, [...path, name])])
    }
    return Object.fromEntries(members)
  }
  return given === undefined ? undefined : copy(given, [])
}

/**
 * A value as plain JSON data that nobody else can change, with an end to its size and depth.
 *
 * @param given anything
 * @param at where it stands in what was sent
 * @returns the copy; `undefined` for `undefined`, which the schema of what is expected refuses or not
 */
export const plainJson = (
  given: unknown,
  at: ReadonlyArray<string> = []
): Effect.Effect<Json | undefined, InvalidInput> =>
  Effect.suspend((): Exit.Exit<Json | undefined, InvalidInput> => {
    try {
      return Exit.succeed(copyJson(given))
    } catch (error) {
      const isNotJson = error instanceof NotJson
      return Exit.fail(isNotJson ? invalid(jsonPointer([...at, ...error.path]), error.message) : unreadable)
    }
  })

// Operations decode with the same few schemas again and again, and a decoder is worth keeping.
const inputDecoders = new WeakMap<object, (json: unknown) => Effect.Effect<unknown, Schema.SchemaError>>()
const inputDecoder = <Input, Encoded>(schema: Schema.Codec<Input, Encoded>) => {
  const known = inputDecoders.get(schema)
  if (known !== undefined) return known as (json: unknown) => Effect.Effect<Input, Schema.SchemaError>
  const decode = Schema.decodeUnknownEffect(Schema.toCodecJson(schema))
  const decoder = (json: unknown) => decode(json, strictly)
  inputDecoders.set(schema, decoder)
  return decoder
}

/**
 * Decodes what somebody sent as JSON.
 *
 * @param schema of what is expected, as JSON
 * @param given anything
 * @param at where it stands in what was sent: problems are named from there
 * @returns the decoded input; fails with every problem named, up to twenty, unknown members included
 */
export const decodeInput = <Input, Encoded>(
  schema: Schema.Codec<Input, Encoded>,
  given: unknown,
  at: ReadonlyArray<string> = []
): Effect.Effect<Input, InvalidInput> =>
  Effect.flatMap(plainJson(given, at), (json) =>
    Effect.mapError(inputDecoder(schema)(json), (error) => named(problemsIn(error.issue, at)))
  )

/** What a schema makes of JSON, as the formatter of an HTTP API's own problems: the first twenty. */
export const problemsOf = (issue: SchemaIssue.Issue): ReadonlyArray<InputIssue> => named(problemsIn(issue, [])).errors
