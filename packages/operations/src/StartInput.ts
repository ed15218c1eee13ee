import { Effect, Schema, SchemaIssue } from "effect"
import type { AnyOperationType } from "./OperationCatalog.ts"
import * as Problems from "./Problems.ts"
import { RunId } from "./Run.ts"
import type { Json } from "./RunIdentity.ts"
import { isStorable, unstorablePaths } from "./StorableText.ts"

const refuse = (pointer: string, detail: string) =>
  Effect.fail(new Problems.InvalidInput({ errors: [{ pointer, detail }] }))

const isRunId = Schema.is(RunId)
/** Refuses to replace a run of a type that does not allow it. */
export const checkSupersedes = (type: AnyOperationType, supersedes: string) =>
  !type.supersedable
    ? Effect.fail(
        new Problems.NotSupported({ detail: `A run of "${type.name}" cannot be replaced while it is active.` })
      )
    : isRunId(supersedes)
      ? Effect.void
      : refuse("/supersede", "Expected the id of a run")

/** Refuses a caller's key that could not be stored. */
export const checkNonce = (nonce: string) =>
  nonce.length >= 1 && nonce.length <= 200 && isStorable(nonce)
    ? Effect.succeed(nonce)
    : refuse("", "The Idempotency-Key must have 1 to 200 characters, without NUL characters and lone surrogates")

/** The input, decoded and as it is stored; refused with every problem named. */
export const validate = Effect.fnUntraced(function* (type: AnyOperationType, given: unknown) {
  const input: unknown = yield* decodeInput(type.input, given)
  const stored = (yield* Schema.encodeEffect(Schema.toCodecJson(type.input))(input).pipe(Effect.orDie)) as Json
  const unstorable = unstorablePaths(stored)
  if (unstorable.length > 0) {
    const detail = "Expected text without NUL characters and lone surrogates"
    return yield* new Problems.InvalidInput({ errors: unstorable.map((path) => ({ pointer: pointer(path), detail })) })
  }
  return { input, stored }
})

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

// RFC 6901: "~" and "/" are escaped inside a JSON Pointer.
const pointer = (path: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined) =>
  (path ?? [])
    .map((segment) => String(typeof segment === "object" ? segment.key : segment))
    .map((segment) => `/${segment.replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("")

/**
 * Decodes what somebody sent.
 *
 * @param schema of what is expected, as JSON
 * @param input anything
 * @returns the decoded input; fails with every problem named, unknown properties included
 */
export const decodeInput = <Input, Encoded>(schema: Schema.Codec<Input, Encoded>, input: unknown) =>
  Schema.decodeUnknownEffect(Schema.toCodecJson(schema))(input, { errors: "all", onExcessProperty: "error" }).pipe(
    Effect.mapError(
      (error) =>
        new Problems.InvalidInput({
          errors: formatIssues(error.issue).issues.map(({ path, message }) => ({
            pointer: pointer(path),
            detail: message
          }))
        })
    )
  )
