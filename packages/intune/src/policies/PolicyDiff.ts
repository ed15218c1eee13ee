import { Predicate, Schema } from "effect"

/** A place in a policy at which two of them differ. */
export const FieldDifference = Schema.Struct({
  /** Names and numbers from the outside in, such as `settings/3/value`. */
  path: Schema.String,
  /** JSON, shortened; null where there is nothing. */
  from: Schema.NullOr(Schema.String),
  to: Schema.NullOr(Schema.String)
})
export type FieldDifference = typeof FieldDifference.Type

/** Where two policies differ, as far as people can take it in. */
export interface PolicyDifference {
  readonly fields: ReadonlyArray<FieldDifference>
  /** How many more there are. */
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

/** Every place at which two JSON values differ, the outermost where one of them has nothing. */
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

/**
 * Where two policies differ.
 *
 * @param from canonical JSON; null where there is none
 * @param to canonical JSON; null where there is none
 */
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
