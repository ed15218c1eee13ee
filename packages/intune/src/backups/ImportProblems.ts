/**
 * What keeps objects from files from being stored as a backup: what they lack, and what the database could not hold. All of it is
 * found before anything is written.
 *
 * @module
 */

import { Decoding, Problems, Storable } from "@atlas/operations"
import { Predicate } from "effect"
import { nestsTooDeep, tooDeepReason } from "../policies/content/Nesting.ts"
import { policyFacts } from "../policies/PolicyFacts.ts"
import type { GraphObject, PolicySource } from "../policies/PolicySource.ts"
import { claim, typesIn } from "../policies/PolicyType.ts"
import { kindLabels, nameInstead, referencesIn } from "../policies/references/Reference.ts"
import { importedPolicy, type ImportedObjects } from "./ImportedObjects.ts"

type Problem = Problems.InputIssue

const mostProblems = 20

// An index of the database holds a title with its policy's id, or the id of what a policy refers to: 2,700 bytes at most, and up to
// three for each character.
const longestId = 200
const longestText = 500
const longestTitle = 1_800

const number = new Intl.NumberFormat("en-US")
const unstorable = "NUL characters or lone surrogates, which the database cannot store"

/** What keeps the database from storing a text; null if nothing does. */
const textProblem = (text: string, longest: number): string | null =>
  Storable.is(text)
    ? text.length > longest
      ? `is longer than ${number.format(longest)} characters`
      : null
    : `has ${unstorable}`

const capital = (sentence: string) => `${sentence.slice(0, 1).toUpperCase()}${sentence.slice(1)}`
const shown = (text: string) => Storable.nearest(text).slice(0, 80)

/** The member that titles the objects of a collection. */
const titleMember = (source: PolicySource) => typesIn([source])[0]?.title ?? "displayName"

const isTitled = (object: GraphObject) =>
  Predicate.isString(object["displayName"]) || Predicate.isString(object["name"])

/** Whether only its `@odata.type` tells what an object of a collection is. */
const needsType = (source: PolicySource) => claim(source, null)._tag === "Unclaimed"

/** What an object lacks, as a list of nouns. */
const lacked = (source: PolicySource, object: GraphObject): ReadonlyArray<string> => [
  ...(isTitled(object) ? [] : [`its title (“${titleMember(source)}”)`]),
  ...(needsType(source) && !Predicate.isString(object["@odata.type"]) ? ["its type (“@odata.type”)"] : [])
]

/** What the database cannot hold of an object that has an id. */
function* unstorableIn(source: PolicySource, object: GraphObject, pointer: string, who: string): Generator<Problem> {
  const policy = importedPolicy(object)
  const id = textProblem(policy.id, longestId)
  if (id !== null) yield { pointer: `${pointer}/id`, detail: `The id of ${who} ${id}.` }
  const type = policy.odataType === null ? null : textProblem(policy.odataType, longestText)
  if (type !== null) yield { pointer: `${pointer}/@odata.type`, detail: `The type of ${who} ${type}.` }
  const claimed = claim(source, policy.odataType)
  const { foldedTitle } = policyFacts(claimed._tag === "Claimed" ? claimed.type : null, policy)
  if (isTitled(object) && Buffer.byteLength(foldedTitle) > longestTitle) {
    const detail = `The title of ${who} is longer than ${number.format(longestTitle)} bytes.`
    yield { pointer: `${pointer}/${titleMember(source)}`, detail }
  }
  for (const reference of referencesIn([policy.body, policy.assignments])) {
    const named = nameInstead(reference)
    const problem = textProblem(named ?? reference.id, longestText)
    const what = `a ${kindLabels[reference.kind]} whose ${named === null ? "id" : "name"}`
    if (problem !== null)
      yield { pointer, detail: `${capital(who)} refers to ${what} ${problem}: “${shown(named ?? reference.id)}”.` }
  }
}

function* problemsOf(source: PolicySource, object: GraphObject, pointer: string): Generator<Problem> {
  const { id } = object
  if (!Predicate.isString(id) || id === "") {
    yield { pointer: `${pointer}/id`, detail: "It lacks an “id” that is a text." }
    return
  }
  // Whatever else looks at an object walks it by recursion.
  if (nestsTooDeep(object)) {
    yield { pointer, detail: tooDeepReason(shown(id)) }
    return
  }
  const who = `the policy ${shown(id)}`
  const lacks = lacked(source, object)
  if (lacks.length > 0) yield { pointer, detail: `${capital(who)} lacks ${lacks.join(" and ")}.` }
  yield* unstorableIn(source, object, pointer, who)
}

function* allProblems(imported: ReadonlyArray<ImportedObjects>): Generator<Problem> {
  for (const [at, { objects, source }] of imported.entries())
    for (const [index, object] of objects.entries())
      yield* problemsOf(source, object, Decoding.jsonPointer(["imported", at, "objects", index]))
}

/** What keeps objects from being stored, up to twenty problems; null if nothing does. */
export const importRefusal = (imported: ReadonlyArray<ImportedObjects>): Problems.InvalidInput | null => {
  const errors: Array<Problem> = []
  for (const problem of allProblems(imported)) {
    if (errors.length === mostProblems)
      return new Problems.InvalidInput({
        errors,
        detail: `There are more problems: these are the first ${mostProblems}.`
      })
    errors.push(problem)
  }
  return errors.length === 0 ? null : new Problems.InvalidInput({ errors })
}
