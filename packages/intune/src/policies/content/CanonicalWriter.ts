import { createHmac } from "node:crypto"
import { ExactJson } from "@atlas/operations"
import { Predicate } from "effect"
import type { GraphObject } from "../PolicySource.ts"
import * as Facts from "./ContentFacts.ts"
import { handedOut } from "./SecretNames.ts"
import { isHidden, isRecord, isSecretMember, isSecretString } from "./SecretRules.ts"
import { isSilentType } from "./SilentTypes.ts"

/** The member that stands in place of a secret and holds its fingerprint. */
export const secretReference = "$secret"

/** The member that stands in place of what is not stored at all. */
export const presenceMark = "$present"

/** What stands in place of a secret in a tenant: whoever does not know the salt can make nothing of it. */
export const fingerprintOf = (salt: Uint8Array, secret: string): string =>
  createHmac("sha256", salt).update(secret).digest("hex")

/** Sorts texts as they are compared byte by byte, whatever the locale. */
export const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** What a value is part of. */
interface Place {
  /** The member that holds the value, or the list that it is in; empty for the policy itself. */
  readonly holder: string
  /** The member is one whose strings are secrets. */
  readonly isSecret: boolean
}

/** Which members of an object do not count. */
type Leaves = (name: string, value: unknown, object: GraphObject) => boolean

const zeroGuid = "00000000-0000-0000-0000-000000000000"

// Links, types of members, and actions (`#microsoft.graph.assign`): whether Graph sends them depends on the request.
const isAnnotation = (name: string) => name.startsWith("#") || (name.includes("@") && name !== "@odata.type")

const isNothing = (name: string, value: unknown) =>
  value === null || value === undefined || (Facts.optionalReferences.has(name) && (value === "" || value === zeroGuid))

const filterId = "deviceAndAppManagementAssignmentFilterId"
const filterType = "deviceAndAppManagementAssignmentFilterType"

// “No filter” is told in many ways: by its id, by its type, or by nothing.
const isNoFilter = (name: string, object: GraphObject) =>
  (name === filterId || name === filterType) && (isNothing(filterId, object[filterId]) || object[filterType] === "none")

/** The scope tags that a policy has if it names none. */
const isDefaultScope = (name: string, value: unknown) =>
  (name === "roleScopeTagIds" || name === "roleScopeTags") && Array.isArray(value) && value.every((id) => id === "0")

/** Whether a member says nothing wherever it is. */
const saysNothing = (name: string, value: unknown, object: GraphObject) =>
  isNothing(name, value) ||
  isAnnotation(name) ||
  isNoFilter(name, object) ||
  isDefaultScope(name, value) ||
  // Whenever an encrypted value is written, its reference is another.
  name === "secretReferenceValueId"

/** Whether a member of an object inside a policy says nothing. */
const leavesInside =
  (holder: string): Leaves =>
  (name) => {
    const kept = Object.hasOwn(Facts.embedded, holder) ? Facts.embedded[holder] : undefined
    if (kept !== undefined) return !kept.has(name)
    const volatile = Object.hasOwn(Facts.volatileIn, holder) ? Facts.volatileIn[holder] : undefined
    return Facts.volatileInside.has(name) || volatile?.has(name) === true
  }

/** Writes values in their canonical form, and keeps the secrets that it replaces. */
export class CanonicalWriter {
  readonly secrets = new Map<string, string>()
  readonly #salt: Uint8Array

  constructor(salt: Uint8Array) {
    this.#salt = salt
  }

  #reference(secret: string): string {
    const fingerprint = fingerprintOf(this.#salt, secret)
    this.secrets.set(fingerprint, secret)
    return `{"${secretReference}":"${fingerprint}"}`
  }

  #string(value: string, place: Place): string {
    return isSecretString(place.holder, value, place.isSecret) ? this.#reference(value) : JSON.stringify(value)
  }

  #list(list: ReadonlyArray<unknown>, place: Place): string {
    const items = list.map((item) => this.#value(item, place))
    return `[${(Facts.unordered.has(place.holder) ? items.sort(compareTexts) : items).join(",")}]`
  }

  #value(value: unknown, place: Place): string {
    if (Predicate.isString(value)) return this.#string(value, place)
    if (Array.isArray(value)) return this.#list(value, place)
    if (!isRecord(value) || ExactJson.isLongInteger(value)) return JSON.stringify(value ?? null)
    return this.object(value, leavesInside(place.holder), place)
  }

  #member(name: string, value: unknown, object: GraphObject, within: Place): string {
    const label = JSON.stringify(name)
    if (handedOut.has(name)) return `${label}:{"${presenceMark}":true}`
    // What stands in place of a secret in an export.
    if (name === secretReference) return `${label}:${JSON.stringify(value)}`
    if (Predicate.isString(value) && isHidden(name, value, object)) return `${label}:${JSON.stringify(value)}`
    const isSecret = isSecretMember(name, object) || (within.isSecret && name === "value")
    return `${label}:${this.#value(value, { holder: name, isSecret })}`
  }

  /** An object without what does not count, its members ordered by name. */
  object(object: GraphObject, leaves: Leaves, place: Place = { holder: "", isSecret: false }): string {
    const members = Object.entries(object)
      .filter(([name, value]) => !saysNothing(name, value, object) && !leaves(name, value, object))
      .filter(([name, value]) => name !== "@odata.type" || !isSilentType(value, place.holder))
      .sort(([a], [b]) => compareTexts(a, b))
    return `{${members.map(([name, value]) => this.#member(name, value, object, place)).join(",")}}`
  }
}
