/**
 * The difference between two policies, field by field and short enough to read: at most 100 fields, each value cut after 300
 * characters. Plans of restores and comparisons store it, and pages show it.
 *
 * @module
 */

import { Predicate, Schema } from "effect"

/** A field in which two policies differ. */
export const FieldDifference = Schema.Struct({
  /** Names and indexes from the outside in, such as `settings/3/value`. */
  path: Schema.String,
  /** JSON, cut after 300 characters; null if there is nothing. */
  from: Schema.NullOr(Schema.String),
  to: Schema.NullOr(Schema.String)
})
export type FieldDifference = typeof FieldDifference.Type

/** The fields in which two policies differ. */
export interface PolicyDifference {
  readonly fields: ReadonlyArray<FieldDifference>
  /** How many more fields differ. */
  readonly more: number
}

const mostFields = 100
const longestText = 300

const shorten = (value: unknown): string | null => {
  if (value === undefined) return null
  const text = JSON.stringify(value)
  return text.length <= longestText ? text : `${text.slice(0, longestText)}…`
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  Predicate.isObject(value) && !Array.isArray(value)

/** Every place in which two JSON values differ; the outermost place, if one of them has nothing there. */
function* differences(from: unknown, to: unknown, path: string): Generator<FieldDifference> {
  const isDeep = (isRecord(from) && isRecord(to)) || (Array.isArray(from) && Array.isArray(to))
  if (!isDeep) {
    if (JSON.stringify(from) !== JSON.stringify(to)) yield { path, from: shorten(from), to: shorten(to) }
    return
  }
  const [before, after] = [from as Record<string, unknown>, to as Record<string, unknown>]
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    yield* differences(before[name], after[name], path === "" ? name : `${path}/${name}`)
  }
}

/** Compares two policies in canonical JSON; null stands for no policy. */
export const differenceOf = (from: string | null, to: string | null): PolicyDifference => {
  const parse = (text: string | null): unknown => (text === null ? undefined : JSON.parse(text))
  const fields: Array<FieldDifference> = []
  let more = 0
  for (const difference of differences(parse(from), parse(to), "")) {
    if (fields.length < mostFields) fields.push(difference)
    else more++
  }
  return { fields, more }
}
