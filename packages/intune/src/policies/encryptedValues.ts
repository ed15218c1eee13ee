/**
 * Encrypted values of custom profiles (OMA-URI). Graph masks them in the policy and hands them out one by one.
 *
 * @module
 */

import { Graph, GraphContract, type GraphError, type TenantScope } from "@atlas/operations"
import { Effect, Predicate, Result } from "effect"
import { Base64 } from "effect/encoding"
import type { GraphObject, PolicySource } from "./PolicySource.ts"

/** An object whose encrypted values are in their places, as far as Graph hands them out. */
interface PlainObject {
  readonly object: GraphObject
  /** Why values stay masked; null if none does. */
  readonly masked: GraphError | null
}

interface EncryptedRow {
  readonly object: GraphObject
  readonly index: number
  readonly reference: string
}

const rowsOf = (object: GraphObject): ReadonlyArray<unknown> => {
  const rows = object["omaSettings"]
  return Array.isArray(rows) ? rows : []
}

const encryptedRows = (object: GraphObject): ReadonlyArray<EncryptedRow> =>
  rowsOf(object).flatMap((row, index) => {
    const reference = Predicate.hasProperty(row, "secretReferenceValueId") ? row.secretReferenceValueId : undefined
    const isEncrypted = Predicate.hasProperty(row, "isEncrypted") && row.isEncrypted === true
    return isEncrypted && Predicate.isString(reference) && reference !== "" ? [{ object, index, reference }] : []
  })

/** A value as the row holds it: XML is base64. */
const valueFor = (row: unknown, plain: string) =>
  Predicate.hasProperty(row, "@odata.type") && String(row["@odata.type"]).endsWith("omaSettingStringXml")
    ? Base64.encode(plain)
    : plain

/** Asks for the encrypted values of objects. Where Graph refuses one, the object keeps its masks. */
export const withPlainText = Effect.fnUntraced(function* (
  tenant: TenantScope,
  { plainText }: PolicySource,
  objects: ReadonlyArray<GraphObject>
): Effect.fn.Return<ReadonlyArray<PlainObject>, GraphError, Graph> {
  const rows = plainText === null ? [] : objects.flatMap(encryptedRows)
  if (plainText === null || rows.length === 0) return objects.map((object) => ({ object, masked: null }))
  const graph = yield* Graph
  const answers = yield* graph.batch(
    tenant,
    rows.map(({ object, reference }) => GraphContract.reading(plainText, { id: String(object["id"]), reference }))
  )
  const answerOf = new Map(rows.map(({ index, object }, at) => [`${String(object["id"])} ${index}`, answers[at]]))
  return objects.map((object) => {
    let masked: GraphError | null = null
    const settings = rowsOf(object).map((row, index) => {
      const answer = answerOf.get(`${String(object["id"])} ${index}`)
      if (answer === undefined || !Predicate.isObject(row)) return row
      if (Result.isFailure(answer)) {
        masked = answer.failure
        return row
      }
      return { ...row, value: valueFor(row, answer.success.value) }
    })
    return { object: settings.length === 0 ? object : { ...object, omaSettings: settings }, masked }
  })
})
