import { createHash, createHmac } from "node:crypto"
import { Predicate, Struct } from "effect"
import type { GraphObject } from "./PolicySource.ts"

/** What a policy says, in canonical form: equal content has equal text and hash, in whatever tenant, time or order. */
export interface PolicyContent {
  /** JSON with ordered names. A secret is `{"$secret": "<its fingerprint>"}`. */
  readonly text: string
  /** SHA-256 of the text, in hexadecimal. */
  readonly hash: string
  /** The secrets that the text refers to, by fingerprint. */
  readonly secrets: ReadonlyMap<string, string>
}

/** The member that stands in place of a secret and holds its fingerprint. */
const secretReference = "$secret"

// What Graph records about an object or counts by itself. It says nothing about what the policy does.
const alwaysVolatile: ReadonlySet<string> = new Set([
  "id",
  "createdDateTime",
  "lastModifiedDateTime",
  "modifiedDateTime",
  "version",
  "supportsScopeTags"
])

// Links, types of properties, and the actions of an object (`#microsoft.graph.assign`): whether Graph sends them depends on the
// request.
const isAnnotation = (name: string) => name.startsWith("#") || (name.includes("@odata.") && name !== "@odata.type")

const secretNames: ReadonlySet<string> = new Set([
  "presharedkey",
  "password",
  "passphrase",
  "sharedsecret",
  "clientsecret",
  "secret",
  "privatekey"
])

// In place of a secret, Graph shows asterisks or a token that nobody can use.
const isMasked = (value: string) => /^\*{4,}$/.test(value)

const isSecretSetting = (type: unknown) => Predicate.isString(type) && type.endsWith("SecretSettingValue")

const isSecret = (name: string, value: unknown, within: GraphObject): value is string =>
  Predicate.isString(value) &&
  value !== "" &&
  !isMasked(value) &&
  (secretNames.has(name.toLowerCase()) ||
    (name === "value" &&
      (within["isEncrypted"] === true ||
        (isSecretSetting(within["@odata.type"]) && within["valueState"] !== "encryptedValueToken"))))

// Graph lists these in any order.
const unordered: ReadonlySet<string> = new Set(["roleScopeTagIds", "roleScopeTags", "assignments"])

/** Whether a member says nothing: null, or the scope tags that a policy has if it names none. */
const isUnsaid = (name: string, value: unknown) => {
  if (value === null || value === undefined) return true
  if (name !== "roleScopeTagIds" && name !== "roleScopeTags") return false
  return Array.isArray(value) && value.every((id) => id === "0")
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** Writes values in their canonical form, and keeps the secrets that it replaces. */
class CanonicalWriter {
  readonly secrets = new Map<string, string>()
  readonly #salt: Uint8Array

  constructor(salt: Uint8Array) {
    this.#salt = salt
  }

  #reference(secret: string): string {
    const fingerprint = createHmac("sha256", this.#salt).update(secret).digest("hex")
    this.secrets.set(fingerprint, secret)
    return `{"${secretReference}":"${fingerprint}"}`
  }

  #member(name: string, value: unknown, within: GraphObject): string {
    const text = isSecret(name, value, within) ? this.#reference(value) : this.write(value, unordered.has(name))
    return `${JSON.stringify(name)}:${text}`
  }

  write(value: unknown, sorted = false): string {
    if (Array.isArray(value)) {
      const items = value.map((item) => this.write(item))
      return `[${(sorted ? items.sort(compare) : items).join(",")}]`
    }
    return isRecord(value) ? this.object(value, alwaysVolatileInside) : JSON.stringify(value ?? null)
  }

  /** A property that is null counts as absent: Graph sends either, and exports leave it out. */
  object(object: GraphObject, volatile: (name: string) => boolean): string {
    const members = Object.entries(object)
      .filter(([name, value]) => !isUnsaid(name, value) && !isAnnotation(name) && !volatile(name))
      .sort(([a], [b]) => compare(a, b))
    return `{${members.map(([name, value]) => this.#member(name, value, object)).join(",")}}`
  }
}

const isRecord = (value: unknown): value is GraphObject => Predicate.isObject(value) && !Array.isArray(value)

// Inside an object everything counts: a nested "id" or "version" may be what a policy is about.
const alwaysVolatileInside = () => false

const contentOf = (writer: CanonicalWriter, text: string): PolicyContent => ({
  text,
  hash: createHash("sha256").update(text).digest("hex"),
  secrets: writer.secrets
})

/**
 * The content of a policy.
 *
 * @param volatile properties to leave out, besides those that change by themselves in every object
 * @param salt of the tenant; whoever does not know it can make nothing of the fingerprints of its secrets
 */
export const policyContent = (body: GraphObject, volatile: ReadonlyArray<string>, salt: Uint8Array): PolicyContent => {
  const writer = new CanonicalWriter(salt)
  // Ids of children are their places in the list, and all children are of one type, which only some answers state.
  const children = Object.fromEntries(
    Object.entries(body).map(([name, value]) => [
      name,
      (name === "settings" || name === "scheduledActionsForRule") && Array.isArray(value)
        ? value.map((child) => (isRecord(child) ? bare(child) : child))
        : value
    ])
  )
  return contentOf(
    writer,
    writer.object(children, (name) => alwaysVolatile.has(name) || volatile.includes(name))
  )
}

const bare = (child: GraphObject): GraphObject => Struct.omit(child, ["id", "@odata.type"])

/** The content of a policy's assignments, in whatever order. Their ids derive from the policy's id and do not count. */
export const assignmentsContent = (assignments: ReadonlyArray<GraphObject>, salt: Uint8Array): PolicyContent => {
  const writer = new CanonicalWriter(salt)
  const volatile = (name: string) => name === "id" || name === "sourceId"
  const texts = assignments.map((assignment) => writer.object(assignment, volatile))
  return contentOf(writer, `[${texts.sort(compare).join(",")}]`)
}

const noSalt = new Uint8Array()

/** A canonical content of which a value was replaced. Secrets stay references. */
export const canonicalContent = (content: GraphObject): PolicyContent => {
  const writer = new CanonicalWriter(noSalt)
  return contentOf(writer, writer.object(content, alwaysVolatileInside))
}

/** Canonical assignments of which some were replaced or left out. */
export const canonicalAssignments = (assignments: ReadonlyArray<GraphObject>): PolicyContent =>
  assignmentsContent(assignments, noSalt)

const references = (value: unknown): ReadonlyArray<string> => {
  if (Array.isArray(value)) return value.flatMap(references)
  if (!isRecord(value)) return []
  const own = value[secretReference]
  return Predicate.isString(own) ? [own] : Object.values(value).flatMap(references)
}

/** The fingerprints of the secrets that a canonical text refers to. */
export const secretsIn = (text: string): ReadonlyArray<string> => [...new Set(references(JSON.parse(text)))]

const hides = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.some(hides)
  if (!isRecord(value)) return false
  return Object.entries(value).some(([name, member]) =>
    Predicate.isString(member)
      ? isMasked(member) || (name === "valueState" && member === "encryptedValueToken")
      : hides(member)
  )
}

/** Whether Graph masked a secret of this canonical text. Nobody can write such content back. */
export const hidesSecrets = (text: string): boolean => hides(JSON.parse(text))

const revealed = (value: unknown, secrets: ReadonlyMap<string, string>): unknown => {
  if (Array.isArray(value)) return value.map((item) => revealed(item, secrets))
  if (!isRecord(value)) return value
  const own = value[secretReference]
  if (Predicate.isString(own)) return secrets.get(own)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, revealed(member, secrets)]))
}

/**
 * A canonical text as Graph takes it, with the secrets in their places. Never log, store or show the result.
 *
 * @param secrets by fingerprint
 */
export const reveal = (text: string, secrets: ReadonlyMap<string, string>): GraphObject =>
  revealed(JSON.parse(text), secrets) as GraphObject
