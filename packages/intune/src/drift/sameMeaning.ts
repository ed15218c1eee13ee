import { ExactJson, Folding } from "@atlas/operations"
import { Effect } from "effect"
import { canonicalAssignments, canonicalContent } from "../policies/PolicyContent.ts"
import type { GraphObject } from "../policies/PolicySource.ts"
import { referenceKey, referencesIn, withReferences } from "../policies/references/Reference.ts"
import type { NameReferences } from "./referenceNames.ts"

/** A canonical text with names in place of ids, as far as they are known. */
const byName = (text: string, names: ReadonlyMap<string, string>): string => {
  const value = withReferences(ExactJson.parse(text), (reference) => {
    const name = names.get(referenceKey(reference))
    return name === undefined ? reference.id : `name:${Folding.foldName(name)}`
  })
  return (Array.isArray(value) ? canonicalAssignments(value) : canonicalContent(value as GraphObject)).text
}

/** Whether two canonical texts differ only in the ids of what has the same name in each state. */
export const sameMeaning = Effect.fnUntraced(function* (
  from: { readonly text: string; readonly names: NameReferences },
  to: { readonly text: string; readonly names: NameReferences }
) {
  if (from.text === to.text) return true
  const texts = yield* Effect.forEach([from, to], ({ names, text }) => {
    const references = referencesIn(ExactJson.parse(text))
    return references.length === 0
      ? Effect.succeed(text)
      : Effect.map(names(references), (known) => byName(text, known))
  })
  return texts[0] === texts[1]
})
