/**
 * What the service adds to an object when it is written: ids, numbers, dates and defaults.
 *
 * @module
 */
import { DateTime } from "effect"
import { findMember, isOfType, membersOf } from "../metadata/TypeModel.ts"
import { type Random, uuidFrom } from "../FakeRandom.ts"
import type { FakeItem } from "../tenant/FakeCollection.ts"
import { isJsonObject, type JsonObject, typeOf } from "./Shape.ts"

interface Maker {
  readonly random: Random
  /** Epoch milliseconds. */
  readonly now: number
}

/** Texts are kept as secrets, and numbers are not. */
const encrypts = new Set(["omaSettingString", "omaSettingStringXml", "omaSettingBase64"])

const encrypted = (value: JsonObject, type: string, { random }: Maker): JsonObject => {
  if (type === "deviceManagementConfigurationSecretSettingValue" && value["valueState"] !== "encryptedValueToken") {
    return { ...value, valueState: "encryptedValueToken", value: uuidFrom(random) }
  }
  return encrypts.has(type)
    ? { ...value, isEncrypted: true, secretReferenceValueId: [1, 2, 3].map(() => uuidFrom(random)).join("_") }
    : isOfType(type, "omaSetting")
      ? { ...value, isEncrypted: false }
      : value
}

/** Gives each object inside a new id, as the service does at every write. A setting's id is its place. */
const numbered = (value: JsonObject, declared: string, maker: Maker): JsonObject => {
  const type = typeOf(value, declared)
  const members = Object.entries(encrypted(value, type, maker)).map(([name, content]) => {
    const member = findMember(type, name, "beta")
    const inner = member?.type
    if (inner === undefined || content === null) return [name, content] as const
    const renew = (each: unknown, index: number): unknown => {
      if (!isJsonObject(each)) return each
      const made = numbered(each, inner, maker)
      if (!member?.isNavigation || !member.isCollection) return made
      return { ...made, id: name === "settings" ? String(index) : uuidFrom(maker.random) }
    }
    return [name, Array.isArray(content) ? content.map(renew) : renew(content, 0)] as const
  })
  return Object.fromEntries(members)
}

const when = (now: number): string => DateTime.formatIso(DateTime.makeUnsafe(now))

/** What the service derives from the rest of an object. */
const derived = (item: JsonObject): JsonObject => ({
  settingCount: Array.isArray(item["settings"]) ? item["settings"].length : 0,
  isAssigned: Array.isArray(item["assignments"]) && item["assignments"].length > 0
})

/** Of the given members, those that a type has. */
const known = (type: string, members: JsonObject): JsonObject => {
  const names = new Set(membersOf(type, "beta").map(({ name }) => name))
  return Object.fromEntries(Object.entries(members).filter(([name]) => names.has(name)))
}

/** The members that every object of a type has after its creation, as far as the fake knows them. */
const initial = (type: string, { now }: Maker): JsonObject => ({
  createdDateTime: when(now),
  lastModifiedDateTime: when(now),
  modifiedDateTime: null,
  version: 1,
  roleScopeTagIds: ["0"],
  roleScopeTags: ["0"],
  isBuiltIn: false,
  publishingState: "published",
  // Others have a priority of their own, such as updates of macOS.
  ...(isOfType(type, "deviceEnrollmentConfiguration") ? { priority: 1 } : {})
})

/**
 * A new object of a collection.
 *
 * @param type of the collection's objects, which the body may extend
 * @param id that the service gives it
 */
export const made = (body: JsonObject, type: string, id: string, maker: Maker): FakeItem => {
  const own = typeOf(body, type)
  const item = { ...known(own, initial(own, maker)), ...numbered(body, type, maker), id }
  return { ...item, ...known(own, derived(item)) }
}

/** An object after a change. `body` has what it says now, and `kept` what it goes on to say. */
export const changed = (kept: FakeItem, body: JsonObject, type: string, maker: Maker): FakeItem => {
  const own = typeOf(kept, type)
  const version = kept["version"]
  const item = {
    ...kept,
    ...numbered(body, type, maker),
    ...known(own, { lastModifiedDateTime: when(maker.now), modifiedDateTime: when(maker.now) }),
    ...(typeof version === "number" ? { version: version + 1 } : {}),
    id: kept.id
  }
  return { ...item, ...known(own, derived(item)) }
}

/** New rules with new ids. */
export const madeRules = (rules: ReadonlyArray<JsonObject>, maker: Maker): unknown =>
  numbered({ scheduledActionsForRule: rules }, "deviceCompliancePolicy", maker)["scheduledActionsForRule"]

/**
 * An assignment as the service keeps it.
 *
 * @param owner the id of the assigned object
 */
export const madeAssignment = (assignment: JsonObject, type: string, owner: string, maker: Maker): JsonObject => ({
  id: `${owner}_${uuidFrom(maker.random)}`,
  ...known(type, { source: "direct", sourceId: owner }),
  ...assignment
})

/** What the service has encrypted of an OMA setting. A masked one comes from a file, and its plain text is made up. */
export const plainText = (setting: JsonObject): string => {
  const value = String(setting["value"])
  if (value === "****") return `plain text of ${String(setting["omaUri"])}`
  return setting["@odata.type"] === "#microsoft.graph.omaSettingStringXml"
    ? Buffer.from(value, "base64").toString()
    : value
}
