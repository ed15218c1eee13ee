import { Predicate, Schema } from "effect"
import type { Json } from "./Json.ts"

/**
 * Whether Postgres can store a text: it has no NUL character and no lone surrogate.
 *
 * @param text anything that came from outside
 */
export const isStorable = (text: string): boolean => !text.includes("\0") && text.isWellFormed()

/** The check that Postgres can store a text. */
export const isStorableText = Schema.makeFilter(isStorable, {
  expected: "text without NUL characters and lone surrogates"
})

/** Text that Postgres can store. */
export const StorableText = Schema.String.check(isStorableText)

/**
 * The nearest text that Postgres can store.
 *
 * @param text anything that came from outside
 */
export const storable = (text: string): string => text.replaceAll("\0", "").toWellFormed()

/**
 * Where a JSON value holds text that cannot be stored, keys included.
 *
 * @param value what is to be stored
 * @returns the paths, empty when all is well
 */
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
