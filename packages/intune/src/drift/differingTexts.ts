import { ExactJson, Folding } from "@atlas/operations"
import { Effect } from "effect"
import { canonicalAssignments, canonicalContent } from "../policies/PolicyContent.ts"
import type { GraphObject } from "../policies/PolicySource.ts"
import { referenceKey, referencesIn, withReferences } from "../policies/references/Reference.ts"
import type { NameReferences } from "./referenceNames.ts"

/** How each of two states calls what its policies refer to. */
export interface Names {
  readonly from: NameReferences
  readonly to: NameReferences
  /** The two may be of different tenants: then an id of one says nothing in the other. */
  readonly isForeign: boolean
}

/** A canonical text with names in place of ids, as far as they are known; `isKept` tells of which ids that is not wanted. */
const byName = (text: string, names: ReadonlyMap<string, string>, isKept: (key: string) => boolean): string => {
  const value = withReferences(ExactJson.parse(text), (reference) => {
    const key = referenceKey(reference)
    const name = isKept(key) ? undefined : names.get(key)
    return name === undefined ? reference.id : `name:${Folding.foldName(name)}`
  })
  return (Array.isArray(value) ? canonicalAssignments(value) : canonicalContent(value as GraphObject)).text
}

/**
 * How two canonical texts differ in what they say; null if they differ only in the ids of what has the same name in each state.
 * What both states of one tenant have is told by its id: of two groups with one name, each is itself. Texts that are equal and
 * say something else, as ids mean other things in another tenant, are returned with names.
 */
export const differingTexts = Effect.fnUntraced(function* (from: string, to: string, names: Names) {
  if (from === to && !names.isForeign) return null
  const [before, after] = [referencesIn(ExactJson.parse(from)), referencesIn(ExactJson.parse(to))]
  if (before.length === 0 && after.length === 0) return from === to ? null : { from, to }
  const all = [...before, ...after]
  const [old, now] = [yield* names.from(all), yield* names.to(all)]
  const [inOld, inNow] = [new Set(before.map(referenceKey)), new Set(after.map(referenceKey))]
  const isKept = (key: string) =>
    !names.isForeign && ((old.has(key) && now.has(key)) || (inOld.has(key) && inNow.has(key)))
  const named = { from: byName(from, old, isKept), to: byName(to, now, isKept) }
  if (named.from === named.to) return null
  return from === to ? named : { from, to }
})
