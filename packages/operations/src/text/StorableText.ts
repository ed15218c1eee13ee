/**
 * Text that Postgres can store. JavaScript strings may have NUL characters and lone surrogates; Postgres refuses both. Callers'
 * arguments with such text are refused or match nothing; text from providers is made storable.
 *
 * @module
 */
import { Predicate, Schema } from "effect"
import type { Json } from "./Json.ts"

/** Whether Postgres can store a text: it has no NUL character and no lone surrogate. */
export const isStorable = (text: string): boolean => !text.includes("\0") && text.isWellFormed()

/** The check that Postgres can store a text. */
export const isStorableText = Schema.makeFilter(isStorable, {
  expected: "text without NUL characters and lone surrogates"
})

/** Text that Postgres can store. */
export const StorableText = Schema.String.check(isStorableText)

/** The nearest text that Postgres can store: without NUL characters, with U+FFFD for each lone surrogate. */
export const storable = (text: string): string => text.replaceAll("\0", "").toWellFormed()

/** The paths at which a JSON value has text that Postgres cannot store, names of members included. */
export const unstorablePaths = (
  value: Json,
  path: ReadonlyArray<string> = []
): ReadonlyArray<ReadonlyArray<string>> => {
  if (Predicate.isString(value)) return isStorable(value) ? [] : [path]
  if (!Predicate.isObjectOrArray(value)) return []
  return Object.entries(value).flatMap(([key, member]) => [
    ...(isStorable(key) ? [] : [path]),
    ...unstorablePaths(member, [...path, key])
  ])
}
