import { createHash } from "node:crypto"
import { ExactJson } from "@atlas/operations"
import { Predicate } from "effect"
import {
  CanonicalWriter,
  compareTexts,
  fingerprintOf,
  presenceMark,
  secretReference
} from "./content/CanonicalWriter.ts"
import { assignmentDefaults, volatileInAssignments, volatileInPolicies } from "./content/ContentFacts.ts"
import { isHidden, isRecord } from "./content/SecretRules.ts"
import type { GraphObject } from "./PolicySource.ts"

/** What a policy says, in canonical form: equal content has equal text and hash, in whatever tenant, time or order. */
export interface PolicyContent {
  /** JSON with ordered names. A secret is `{"$secret": "<its fingerprint>"}`; what is not stored is `{"$present": true}`. */
  readonly text: string
  /** SHA-256 of the text, in hexadecimal. */
  readonly hash: string
  /** The secrets that the text refers to, by fingerprint. */
  readonly secrets: ReadonlyMap<string, string>
}

const contentOf = (writer: CanonicalWriter, text: string): PolicyContent => ({
  text,
  hash: createHash("sha256").update(text).digest("hex"),
  secrets: writer.secrets
})

/**
 * The content of a policy. `content/ContentFacts.ts` says what of a policy is none.
 *
 * @param volatile properties to leave out, besides those that change by themselves in every object
 * @param salt of the tenant; whoever does not know it can make nothing of the fingerprints of its secrets
 */
export const policyContent = (body: GraphObject, volatile: ReadonlyArray<string>, salt: Uint8Array): PolicyContent => {
  const writer = new CanonicalWriter(salt)
  return contentOf(
    writer,
    writer.object(body, (name) => volatileInPolicies.has(name) || volatile.includes(name))
  )
}

/** The assignments that are a policy's own: not those that a policy set gives it, which Graph lists among them. */
export const ownAssignments = (assignments: ReadonlyArray<GraphObject>): ReadonlyArray<GraphObject> =>
  assignments.filter(({ source }) => source === undefined || source === null || source === assignmentDefaults["source"])

/** The content of a policy's own assignments, in whatever order. Their ids derive from the policy's id and do not count. */
export const assignmentsContent = (assignments: ReadonlyArray<GraphObject>, salt: Uint8Array): PolicyContent => {
  const writer = new CanonicalWriter(salt)
  const texts = ownAssignments(assignments).map((assignment) =>
    writer.object(assignment, (name, value) => volatileInAssignments.has(name) || assignmentDefaults[name] === value, {
      holder: "assignments",
      isSecret: false
    })
  )
  return contentOf(writer, `[${texts.sort(compareTexts).join(",")}]`)
}

const noSalt = new Uint8Array()
const nothingVolatile = () => false

/** A canonical content of which a value was replaced. Secrets stay references. */
export const canonicalContent = (content: GraphObject): PolicyContent => {
  const writer = new CanonicalWriter(noSalt)
  return contentOf(writer, writer.object(content, nothingVolatile))
}

/** Canonical assignments of which some were replaced or left out. */
export const canonicalAssignments = (assignments: ReadonlyArray<GraphObject>): PolicyContent =>
  assignmentsContent(assignments, noSalt)

const joined = (path: string, name: string | number) => (path === "" ? String(name) : `${path}/${name}`)

/** The secrets that a parsed canonical text refers to: where they are, and their fingerprints. */
function* references(value: unknown, path: string): Generator<readonly [path: string, fingerprint: string]> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* references(item, joined(path, index))
  } else if (isRecord(value)) {
    const own = value[secretReference]
    if (Predicate.isString(own)) yield [path, own]
    else for (const [name, member] of Object.entries(value)) yield* references(member, joined(path, name))
  }
}

/** Where Graph masked a secret. Nobody can write such a value back. */
function* masked(value: unknown, path: string, name = "", within: GraphObject = {}): Generator<string> {
  if (Predicate.isString(value)) {
    if (isHidden(name, value, within)) yield path
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* masked(item, joined(path, index))
  } else if (isRecord(value)) {
    for (const [each, member] of Object.entries(value)) yield* masked(member, joined(path, each), each, value)
  }
}

/** The fingerprints of the secrets that a canonical text refers to. */
export const secretsIn = (text: string): ReadonlyArray<string> => [
  ...new Set([...references(ExactJson.parse(text), "")].map(([, fingerprint]) => fingerprint))
]

/**
 * The members of a canonical text that lack their value, as paths such as `omaSettings/0/value`: those that Graph masked, and the
 * secrets that are not known, such as those of an export from another tenant. Such content cannot be written as it is.
 *
 * @param known fingerprints of the secrets that are stored
 */
export const lackingSecrets = (text: string, known: ReadonlySet<string>): ReadonlyArray<string> => {
  const content = ExactJson.parse(text)
  const unknown = [...references(content, "")].filter(([, fingerprint]) => !known.has(fingerprint))
  return [...masked(content, ""), ...unknown.map(([path]) => path)]
}

/** A value that somebody gave, where it was asked for. Of what Graph keeps to itself, it is told that the value is new. */
const placed = (value: unknown, values: ReadonlyMap<string, string>, path: string, salt: Uint8Array): unknown => {
  const given = values.get(path)
  if (given !== undefined) return { [secretReference]: fingerprintOf(salt, given) }
  if (Array.isArray(value)) return value.map((item, index) => placed(item, values, joined(path, index), salt))
  if (!isRecord(value) || ExactJson.isLongInteger(value)) return value
  const isNew = values.has(joined(path, "value")) && value["valueState"] === "encryptedValueToken"
  const members = isNew ? { ...value, valueState: "notEncrypted" } : value
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => [name, placed(member, values, joined(path, name), salt)])
  )
}

/**
 * A canonical text with values where it lacks them, all of them as secrets.
 *
 * @param values by path, as `lackingSecrets` names them
 * @param salt of the tenant
 */
export const withValues = (text: string, values: ReadonlyMap<string, string>, salt: Uint8Array): PolicyContent => {
  const { secrets, ...content } = canonicalContent(placed(ExactJson.parse(text), values, "", salt) as GraphObject)
  const given = [...values.values()].map((value) => [fingerprintOf(salt, value), value] as const)
  return { ...content, secrets: new Map([...secrets, ...given]) }
}

const revealed = (value: unknown, secrets: ReadonlyMap<string, string>): unknown => {
  if (Array.isArray(value)) return value.map((item) => revealed(item, secrets))
  if (!isRecord(value) || ExactJson.isLongInteger(value)) return value
  const own = value[secretReference]
  if (Predicate.isString(own)) return secrets.get(own)
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => !(isRecord(member) && member[presenceMark] === true))
      .map(([name, member]) => [name, revealed(member, secrets)])
  )
}

/**
 * A canonical text as Graph takes it, with the secrets in their places, and without what was not stored. Never log, store or
 * show the result.
 *
 * @param secrets by fingerprint
 */
export const reveal = (text: string, secrets: ReadonlyMap<string, string>): GraphObject =>
  revealed(ExactJson.parse(text), secrets) as GraphObject
