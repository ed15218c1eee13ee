/**
 * The difference between two policies, field by field and short enough to read: at most 100 fields, each value cut after 300
 * characters. Plans of restores and comparisons store it, and pages show it.
 *
 * @module
 */

import { ExactJson } from "@atlas/operations"
import { Predicate, Schema } from "effect"
import { unordered } from "./content/ContentFacts.ts"
import { pairBy } from "./pairBy.ts"

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
  Predicate.isObject(value) && !Array.isArray(value) && !ExactJson.isLongInteger(value)

/** What tells the items of a list apart whose order means nothing. */
const identifying = [
  "settingDefinitionId",
  "definitionId",
  "definition",
  "presentation",
  "target",
  "actionType",
  "locale"
]

const identityOf = (item: unknown): string => {
  const inner = isRecord(item) && isRecord(item["settingInstance"]) ? item["settingInstance"] : item
  return isRecord(inner) ? JSON.stringify(identifying.map((name) => inner[name])) : JSON.stringify(item)
}

interface Compared {
  readonly name: string
  readonly from: unknown
  readonly to: unknown
}

/** The items to compare of two lists whose order means nothing: equal ones first, then those of the same setting or target. */
const unorderedItems = (from: ReadonlyArray<unknown>, to: ReadonlyArray<unknown>): ReadonlyArray<Compared> => {
  const pairs = pairBy(from, to, [(item) => JSON.stringify(item), identityOf])
  const paired = new Set(pairs.values())
  return [
    ...from.map((item, at) => ({ name: String(pairs.get(at) ?? at), from: item, to: to[pairs.get(at) ?? -1] })),
    ...to.flatMap((item, at) => (paired.has(at) ? [] : [{ name: String(at), from: undefined, to: item }]))
  ]
}

const members = (from: object, to: object): ReadonlyArray<Compared> => {
  const [before, after] = [from as Record<string, unknown>, to as Record<string, unknown>]
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].map((name) => ({ name, from: before[name], to: after[name] }))
}

/** Every place in which two JSON values differ; the outermost place, if one of them has nothing there. */
function* differences(from: unknown, to: unknown, path: string, holder: string): Generator<FieldDifference> {
  const areLists = Array.isArray(from) && Array.isArray(to)
  if (!areLists && !(isRecord(from) && isRecord(to))) {
    if (JSON.stringify(from) !== JSON.stringify(to)) yield { path, from: shorten(from), to: shorten(to) }
    return
  }
  const parts = areLists && unordered.has(holder) ? unorderedItems(from, to) : members(from, to)
  for (const part of parts) {
    const at = path === "" ? part.name : `${path}/${part.name}`
    yield* differences(part.from, part.to, at, areLists ? holder : part.name)
  }
}

/** Compares what two policies say, or to whom they apply, in canonical JSON; null stands for no policy. */
export const differenceOf = (from: string | null, to: string | null): PolicyDifference => {
  const parse = (text: string | null): unknown => (text === null ? undefined : ExactJson.parse(text))
  const fields: Array<FieldDifference> = []
  let more = 0
  for (const difference of differences(parse(from), parse(to), "", "assignments")) {
    if (fields.length < mostFields) fields.push(difference)
    else more++
  }
  return { fields, more }
}
