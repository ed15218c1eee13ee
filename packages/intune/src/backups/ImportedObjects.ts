/**
 * Objects of Graph that were read from files: what a file holds, and the policy that an object is.
 *
 * @module
 */

import { Predicate } from "effect"
import type { PolicyObject } from "../policies/PolicyObject.ts"
import type { GraphObject, PolicySource } from "../policies/PolicySource.ts"

/** The objects of one collection, read from files. */
export interface ImportedObjects {
  readonly source: PolicySource
  readonly objects: ReadonlyArray<GraphObject>
}

const isObject = (value: unknown): value is GraphObject => Predicate.isObject(value) && !Array.isArray(value)

const counted = (count: number, one: string, many: string): ReadonlyArray<string> =>
  count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]

/**
 * The objects in the parsed JSON of a file: a list, an answer of Graph (`{ "value": […] }`) or one object. `problems` says what
 * else it holds, in clauses: values that are not objects, and objects without an id.
 */
export const objectsIn = (
  json: unknown
): { readonly objects: ReadonlyArray<GraphObject>; readonly problems: ReadonlyArray<string> } => {
  const listed = isObject(json) && Array.isArray(json["value"]) ? json["value"] : json
  // An answer of Graph, though not one with objects.
  if (isObject(listed) && listed["id"] === undefined && listed["value"] !== undefined)
    return { objects: [], problems: [`"value" is no list of objects`] }
  const values: ReadonlyArray<unknown> = Array.isArray(listed) ? listed : [listed]
  const found = values.filter(isObject)
  const objects = found.filter(({ id }) => Predicate.isString(id) && id !== "")
  const without = found.filter(({ id }) => id === undefined || id === null).length
  const unusable = found.length - objects.length - without
  const badId = `an "id" that is not a string, or is empty`
  return {
    objects,
    problems: [
      ...counted(values.length - found.length, "value is not an object", "values are not objects"),
      ...counted(without, `object has no "id"`, `objects have no "id"`),
      ...counted(unusable, `object has ${badId}`, `objects have ${badId}`)
    ]
  }
}

/** The policy that an object from a file is. */
export const importedPolicy = (object: GraphObject): PolicyObject => {
  const { assignments, id, "@odata.type": odataType } = object
  return {
    id: String(id),
    odataType: Predicate.isString(odataType) ? odataType : null,
    body: Object.fromEntries(Object.entries(object).filter(([name]) => !name.startsWith("assignments"))),
    assignments: Array.isArray(assignments) ? assignments.filter(isObject) : null
  }
}
