/**
 * Text that Postgres can store, as a namespace: `Storable.Text`, `Storable.is`, `Storable.nearest`. JavaScript strings may have
 * NUL characters and lone surrogates; Postgres refuses both. Callers' arguments with such text are refused or match nothing; text
 * from providers is made storable.
 *
 * @module
 */
import { Predicate, Schema } from "effect"
import type { Json } from "./Json.ts"

/** Whether Postgres can store a text: it has no NUL character and no lone surrogate. */
export const is = (text: string): boolean => !text.includes("\0") && text.isWellFormed()

/** The check that Postgres can store a text. */
export const check = Schema.makeFilter(is, {
  expected: "text without NUL characters and lone surrogates"
})

/** Text that Postgres can store. */
export const Text = Schema.String.check(check)

/** The nearest text that Postgres can store: without NUL characters, with U+FFFD for each lone surrogate. */
export const nearest = (text: string): string => text.replaceAll("\0", "").toWellFormed()

/** The paths at which a JSON value has text that Postgres cannot store, names of members included. */
export const unstorablePaths = (
  value: Json,
  path: ReadonlyArray<string> = []
): ReadonlyArray<ReadonlyArray<string>> => {
  if (Predicate.isString(value)) return is(value) ? [] : [path]
  if (!Predicate.isObjectOrArray(value)) return []
  return Object.entries(value).flatMap(([key, member]) => [
    ...(is(key) ? [] : [path]),
    ...unstorablePaths(member, [...path, key])
  ])
}
