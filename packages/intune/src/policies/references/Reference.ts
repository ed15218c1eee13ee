/**
 * References: what a policy points to outside of itself, by an id that means something in its tenant only. This table says which
 * members are references, and to what. Everything that finds or replaces one goes by it.
 *
 * @module
 */

import { ExactJson } from "@atlas/operations"
import { Predicate, Schema } from "effect"
import type { GraphObject } from "../PolicySource.ts"

/** What policies refer to. */
export const ReferenceKind = Schema.Literals([
  "group",
  "assignment_filter",
  "scope_tag",
  "notification_template",
  "compliance_script",
  "reusable_setting",
  "app",
  "named_location",
  "role",
  "authentication_strength"
])
export type ReferenceKind = typeof ReferenceKind.Type

/** What a kind is called in sentences. */
export const kindLabels: Readonly<Record<ReferenceKind, string>> = {
  group: "group",
  assignment_filter: "assignment filter",
  scope_tag: "scope tag",
  notification_template: "notification template",
  compliance_script: "compliance script",
  reusable_setting: "reusable setting",
  app: "app",
  named_location: "named location",
  role: "role",
  authentication_strength: "authentication strength"
}

/** A reference by id. */
export interface Reference {
  readonly kind: ReferenceKind
  readonly id: string
}

/** A reference, and the name that its target had when the backup was made; null if nobody knows it. */
export const NamedReference = Schema.Struct({
  kind: ReferenceKind,
  id: Schema.String,
  name: Schema.NullOr(Schema.String)
})
export type NamedReference = typeof NamedReference.Type

/** Identifies a reference among others. */
export const referenceKey = ({ id, kind }: Reference): string => `${kind} ${id}`

/** Some exports name a group in place of its id. Such a reference has the name, after this mark, as its id. */
const nameMark = "name:"

/** The name that a reference has in place of an id; null if it has an id. */
export const nameInstead = ({ id, kind }: Reference): string | null =>
  kind === "group" && id.startsWith(nameMark) ? id.slice(nameMark.length) : null

// The members that hold an id or a list of ids, wherever they are.
const members: ReadonlyMap<string, ReferenceKind> = new Map([
  ["roleScopeTagIds", "scope_tag"],
  ["roleScopeTags", "scope_tag"],
  ["groupId", "group"],
  ["deviceAndAppManagementAssignmentFilterId", "assignment_filter"],
  ["notificationTemplateId", "notification_template"],
  ["notificationMessageCCList", "group"],
  ["deviceComplianceScriptId", "compliance_script"],
  ["selectedMobileAppIds", "app"],
  ["includeGroups", "group"],
  ["excludeGroups", "group"],
  ["includeLocations", "named_location"],
  ["excludeLocations", "named_location"],
  ["includeRoles", "role"],
  ["excludeRoles", "role"],
  ["authenticationStrength", "authentication_strength"]
])

const noObject = "00000000-0000-0000-0000-000000000000"
const isUuid = (id: string) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id)

/** The default scope tag is the same in every tenant. Keywords, such as `All`, are no ids. */
const isReference = (kind: ReferenceKind, id: string) =>
  kind === "scope_tag" ? id !== "0" && id !== "" : isUuid(id) && id !== noObject

const isObject = (value: unknown): value is GraphObject =>
  Predicate.isObject(value) && !Array.isArray(value) && !ExactJson.isLongInteger(value)

const kindOf = (name: string, within: GraphObject): ReferenceKind | undefined => {
  const type = within["@odata.type"]
  const isReusable = name === "value" && Predicate.isString(type) && /ConfigurationReferenceSettingValue$/i.test(type)
  return isReusable ? "reusable_setting" : members.get(name)
}

/** Gives the id that stands in place of a reference's; null for none, which takes the id out of a list. */
export type Replace = (reference: Reference) => string | null

const replaceIn = (kind: ReferenceKind, value: unknown, replace: Replace): unknown => {
  // UUIDs are the same in either case.
  const referred = (id: string): Reference => ({ kind, id: isUuid(id) ? id.toLowerCase() : id })
  const replaced = (id: string) => (isReference(kind, id) ? replace(referred(id)) : id)
  if (Predicate.isString(value)) return replaced(value)
  // An object in place of a reference has the id inside.
  if (isObject(value) && Predicate.isString(value["id"])) return { ...value, id: replaced(value["id"]) }
  if (!Array.isArray(value)) return withReferences(value, replace)
  const ids = value.flatMap((id) => (Predicate.isString(id) ? (replaced(id) ?? []) : [id]))
  // They are sets: in canonical form, their ids are in order.
  return ids.every(Predicate.isString) ? [...new Set(ids)].sort() : ids
}

/** A value in which each reference is replaced. */
export const withReferences = (value: unknown, replace: Replace): unknown => {
  if (Array.isArray(value)) return value.map((item) => withReferences(item, replace))
  if (!isObject(value)) return value
  const { groupId, groupName, ...rest } = value
  if (Predicate.isString(groupName) && groupName !== "" && !Predicate.isString(groupId)) {
    return {
      ...(withReferences(rest, replace) as GraphObject),
      groupId: replace({ kind: "group", id: `${nameMark}${groupName}` })
    }
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const kind = kindOf(name, value)
      return [name, kind === undefined ? withReferences(member, replace) : replaceIn(kind, member, replace)]
    })
  )
}

/** The references in a value, each once. */
export const referencesIn = (value: unknown): ReadonlyArray<Reference> => {
  const found = new Map<string, Reference>()
  withReferences(value, (reference) => {
    found.set(referenceKey(reference), reference)
    return reference.id
  })
  return [...found.values()]
}
