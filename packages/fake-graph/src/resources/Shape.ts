/**
 * Objects as a version of Graph shows them: without what the version does not know, with types only where they say something, and
 * with secrets masked.
 *
 * @module
 */
import { Predicate } from "effect"
import { findMember, hasType, isOfType, type FakeVersion, typeName, type TypeMember } from "../metadata/TypeModel.ts"
import type { FakeItem } from "../tenant/FakeCollection.ts"

/** JSON of an object. */
export type JsonObject = Readonly<Record<string, unknown>>

/** How an object is shown. */
export interface View {
  readonly version: FakeVersion
  /** `odata.metadata=full`: every object names its type. */
  readonly full: boolean
}

export const isJsonObject = (value: unknown): value is JsonObject => Predicate.isObject(value) && !Array.isArray(value)

/** The type that an object names, or the one that it must be of. */
export const typeOf = (value: JsonObject, declared: string): string => {
  const annotation = value["@odata.type"]
  return Predicate.isString(annotation) ? typeName(annotation) : declared
}

const isAnnotation = (name: string): boolean => name.includes("@odata.") || name.startsWith("#")

/** Graph's mask of an encrypted OMA value. XML is base64, and so is its mask: that of an empty element. */
export const maskOf = (type: string): string => (type === "omaSettingStringXml" ? "PGEvPg==" : "****")

const masked = (value: JsonObject, type: string): JsonObject =>
  isOfType(type, "omaSetting") && value["isEncrypted"] === true ? { ...value, value: maskOf(type) } : value

/** What a test made up beyond all versions is shown in beta, as Graph shows what is newer than its metadata. */
const isShown = (type: string, name: string, { version }: View): boolean =>
  findMember(type, name, version) !== undefined || (version === "beta" && findMember(type, name, "v1.0") === undefined)

const shownValue = (value: unknown, member: TypeMember | undefined, view: View): unknown => {
  if (member?.type === undefined) return value
  const { type } = member
  if (Array.isArray(value)) {
    return value.flatMap((each) => (isJsonObject(each) ? (shown(each, type, view) ?? []) : [each]))
  }
  return isJsonObject(value) ? (shown(value, type, view) ?? null) : value
}

const collectionType = (name: string, value: unknown, member: TypeMember | undefined): JsonObject =>
  Array.isArray(value) && member?.type !== undefined
    ? { [`${name}@odata.type`]: `#Collection(microsoft.graph.${member.type})` }
    : {}

/**
 * An object as a view shows it; undefined if its version does not know its type.
 *
 * @param declared the type that the collection or property has, which the object may extend
 */
const shown = (value: JsonObject, declared: string, view: View): JsonObject | undefined => {
  const type = typeOf(value, declared)
  if (view.version === "v1.0" && !hasType(type, "v1.0")) return undefined
  const members = Object.entries(masked(value, type)).flatMap(([name, content]) => {
    if (isAnnotation(name) || !isShown(type, name, view)) return []
    const member = findMember(type, name, view.version)
    const kind = view.full ? Object.entries(collectionType(name, content, member)) : []
    return [...kind, [name, shownValue(content, member, view)] as const]
  })
  const named = view.full || type !== declared ? { "@odata.type": `#microsoft.graph.${type}` } : {}
  return { ...named, ...Object.fromEntries(members) }
}

/** Whether an object says, at any depth, something that v1.0 does not know. */
const usesPreview = (value: JsonObject, declared: string): boolean => {
  const type = typeOf(value, declared)
  return (
    !hasType(type, "v1.0") ||
    Object.entries(value).some(([name, content]) => {
      if (isAnnotation(name) || content === null) return false
      const member = findMember(type, name, "v1.0")
      if (member === undefined) return true
      const { type: inner } = member
      return inner !== undefined && [content].flat().some((each) => isJsonObject(each) && usesPreview(each, inner))
    })
  )
}

const cache = new WeakMap<FakeItem, Map<string, JsonObject | undefined>>()

/** `shown`, remembered for each object of a collection: objects are replaced, never changed. */
export const shownItem = (
  item: FakeItem,
  { hidesPreviews, type }: { readonly type: string; readonly hidesPreviews: boolean },
  view: View
): JsonObject | undefined => {
  const known = cache.get(item) ?? new Map<string, JsonObject | undefined>()
  cache.set(item, known)
  const key = `${type} ${view.version} ${view.full}`
  if (!known.has(key)) {
    const hidden = hidesPreviews && view.version === "v1.0" && usesPreview(item, type)
    known.set(key, hidden ? undefined : shown(item, type, view))
  }
  return known.get(key)
}
