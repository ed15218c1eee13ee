/**
 * The boundary. Every public function decodes its arguments here before anything else looks at them, whatever their types say,
 * because JavaScript callers, `as any` and HTTP bodies exist. Every refusal is an `InvalidInput` that names each problem, up to
 * twenty. Packages decode their own arguments in the same way.
 *
 * @module
 */
import { Cause, Effect, Exit, Predicate, Schema, SchemaIssue } from "effect"
import { type InputIssue, InvalidInput } from "./Problems.ts"
import * as Storable from "../text/Storable.ts"
import type { Json } from "../text/Json.ts"

export { GivenActor } from "../run/Actor.ts"
export { GivenTenantScope } from "../run/OperationScope.ts"

/** The most problems that a refusal names. */
const mostProblems = 20

/** The deepest nesting of a JSON value. */
const deepestJson = 64

/** The most values in a JSON value, with the members and items of all levels. */
const mostJsonValues = 100_000

/** The most characters in all texts of a JSON value together, names of members included. */
const longestJson = 1_048_576

// A longer detail, such as an enumeration, is spelled out once and then referred to.
const longestRepeated = 60
const longestDetail = 1_000

/** What is wrong with a member that nobody knows. */
export const unknownMember = "Unknown: correct its name, or leave it out"

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) =>
    issue._tag === "UnexpectedKey"
      ? unknownMember
      : issue._tag === "MissingKey"
        ? "Required"
        : SchemaIssue.defaultLeafHook(issue)
})

/** How many items a page has at most: from 1 to `maximum`. */
export const pageLimit = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 1, maximum }))

/** RFC 6901: "~" and "/" are escaped inside a JSON Pointer. */
export const jsonPointer = (path: ReadonlyArray<PropertyKey>): string =>
  path
    .map((segment) => `/${String(segment).slice(0, 200).toWellFormed().replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("")

/** Yields one problem at a time, because an input may have as many problems as values and few are named. */
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

/** A refusal that names the first twenty problems, and repeats no long sentence. */
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

/** A refusal that names one problem, at a JSON Pointer. */
export const invalid = (pointer: string, detail: string): InvalidInput =>
  new InvalidInput({ errors: [{ pointer, detail }] })

/** A refusal for the same problem in several places, of which it names the first twenty. */
export const invalidEach = (pointers: ReadonlyArray<string>, detail: string): InvalidInput =>
  named(pointers.map((pointer) => ({ pointer, detail })))

const unreadable = invalid("", "This cannot be read: reading its members throws")

/** Drops members that are `undefined`: in JavaScript they are the same as absent ones. */
export const defined = <A extends object>(members: A): A =>
  Object.fromEntries(Object.entries(members).filter(([, member]) => member !== undefined)) as A

const strictly = { errors: "all", onExcessProperty: "error" } as const

/**
 * Makes the decoder of a public function's arguments. It fails with every problem, up to twenty. A member that the schema does
 * not know is a problem.
 *
 * @param schema a struct of all arguments, by name
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

/** Copies a value that is JSON and not too large. Otherwise throws `NotJson`. */
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
    // As in `JSON.stringify`, a member that is `undefined` is absent.
    for (const [name, member] of Object.entries(value)) {
      if (member !== undefined) members.push([spell(name, path), copy(member, [...path, name])])
    }
    return Object.fromEntries(members)
  }
  return given === undefined ? undefined : copy(given, [])
}

/**
 * Copies a value as plain JSON that nobody else can change, of bounded size and depth. `undefined` stays `undefined`: the
 * schema decides about it.
 *
 * @param at where the value stands in what was sent: problems are named from there
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

// Operations decode with the same few schemas again and again, so decoders are cached.
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
 * Decodes JSON that somebody sent. It fails with every problem, up to twenty. A member that the schema does not know is a
 * problem.
 *
 * @param at where the value stands in what was sent: problems are named from there
 */
export const decodeInput = <Input, Encoded>(
  schema: Schema.Codec<Input, Encoded>,
  given: unknown,
  at: ReadonlyArray<string> = []
): Effect.Effect<Input, InvalidInput> =>
  Effect.flatMap(plainJson(given, at), (json) =>
    Effect.mapError(inputDecoder(schema)(json), (error) => named(problemsIn(error.issue, at)))
  )

/** Accepts an untrusted `Idempotency-Key`: 1 to 200 characters that can be stored. */
export const checkIdempotencyKey = (key: unknown): Effect.Effect<string, InvalidInput> =>
  Predicate.isString(key) && key.length >= 1 && key.length <= 200 && Storable.is(key)
    ? Effect.succeed(key)
    : Effect.fail(
        invalid("", "The Idempotency-Key must have 1 to 200 characters, without NUL characters or lone surrogates")
      )

/** The first twenty problems of a schema issue, for HTTP APIs. */
export const problemsOf = (issue: SchemaIssue.Issue): ReadonlyArray<InputIssue> => named(problemsIn(issue, [])).errors
