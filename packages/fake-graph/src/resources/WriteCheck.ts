/**
 * Whether Graph would take a write: its types, what its members may say, and what they refer to. The tables of `metadata` decide.
 *
 * @module
 */
import { Equal, Predicate } from "effect"
import { type MemberRefusal, type MemberRule, deepWrites, memberRules } from "../metadata/Members.ts"
import { type ReferenceRule, references } from "../metadata/References.ts"
import { findMember, isOfType } from "../metadata/TypeModel.ts"
import type { FakeItem } from "../tenant/FakeCollection.ts"
import type { FakeReply } from "../FakeRequest.ts"
import { bodyRefusal } from "./BodyCheck.ts"
import { type FakeResourceCall, versionOf } from "./Reading.ts"
import { badRequest } from "./FakePaging.ts"
import { because, intuneReply, modelRefusal, noReason, unreported } from "./Refusals.ts"
import { isJsonObject, type JsonObject, maskOf, typeOf } from "./Shape.ts"

/** One object in a body: itself, its type, and the object of the tenant that it replaces, if it is the body. */
interface Part {
  readonly value: JsonObject
  readonly type: string
  readonly isWhole: boolean
}

/** The body and every object inside it. */
const partsOf = (call: FakeResourceCall, value: JsonObject, declared: string, isWhole = true): ReadonlyArray<Part> => {
  const type = typeOf(value, declared)
  const inside = Object.entries(value).flatMap(([name, content]) => {
    const inner = findMember(type, name, versionOf(call))?.type
    return inner === undefined
      ? []
      : [content].flat().flatMap((each) => (isJsonObject(each) ? partsOf(call, each, inner, false) : []))
  })
  return [{ value, type, isWhole }, ...inside]
}

const capitalised = (name: string) => `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`

const sentenceOf = (refusal: MemberRefusal, name: string): string => {
  if (refusal.as === "sentence") return refusal.sentence
  return refusal.as === "invalidName" ? `Invalid property name: ${capitalised(name)}` : noReason
}

/** A refusal with a sentence, in the shape of the service behind the path. */
const refuse = (call: FakeResourceCall, sentence: string, reason: string, code?: string): FakeReply =>
  call.resource.intune ? intuneReply(call, sentence, reason, code) : because(badRequest(`${sentence}.`), reason)

/** Whether a body says something else than the object; of an inner object, only what the body says counts. */
const differs = (value: unknown, current: unknown): boolean =>
  isJsonObject(value) && isJsonObject(current)
    ? Object.entries(value).some(([name, each]) => differs(each, current[name]))
    : !Equal.equals(value ?? null, current ?? null)

const strikes = (rule: MemberRule, { value }: Part, name: string, current: FakeItem | undefined): boolean => {
  const said = value[name]
  if (rule.values === "changed") return differs(said, current?.[name])
  return rule.values === "any" || (said !== null && said !== false && said !== "")
}

const ruleFor = (part: Part, on: "create" | "update", current: FakeItem | undefined) => {
  for (const rule of memberRules) {
    const applies = rule.type === "" ? part.isWhole : isOfType(part.type, rule.type)
    if (!applies || !rule.on.includes(on)) continue
    const name = rule.members.find((member) => member in part.value && strikes(rule, part, member, current))
    if (name !== undefined) return { rule, name }
  }
  return undefined
}

const membersRefusal = (
  call: FakeResourceCall,
  parts: ReadonlyArray<Part>,
  current: FakeItem | undefined
): FakeReply | undefined => {
  const on = current === undefined ? "create" : "update"
  for (const part of parts) {
    const found = ruleFor(part, on, current)
    if (found === undefined) continue
    const { name, rule } = found
    const reason =
      rule.source === undefined ? unreported(`${name} on ${part.type} here`) : `${name} is refused (${rule.source}).`
    const code = rule.refusal.as === "sentence" ? rule.refusal.code : undefined
    return refuse(call, sentenceOf(rule.refusal, name), reason, code)
  }
  return undefined
}

/** A masked value that is written back would reach devices as asterisks. */
const maskRefusal = (call: FakeResourceCall, parts: ReadonlyArray<Part>): FakeReply | undefined =>
  parts.some(({ type, value }) => isOfType(type, "omaSetting") && value["value"] === maskOf(type))
    ? refuse(
        call,
        "SecretReferenceValueId invalid for create",
        "A masked secret cannot be written back (powershell-intune-samples 179).",
        "NotSupported"
      )
    : undefined

/** In place of a secret, Graph tells a token, which it knows again in the same policy. */
const tokenRefusal = (
  call: FakeResourceCall,
  parts: ReadonlyArray<Part>,
  current: FakeItem | undefined
): FakeReply | undefined => {
  const known = JSON.stringify(current ?? {})
  const foreign = parts.some(
    ({ value }) =>
      value["valueState"] === "encryptedValueToken" && !known.includes(JSON.stringify(value["value"] ?? null))
  )
  return foreign
    ? refuse(call, noReason, unreported("a token in place of a secret, which is not the policy's own"))
    : undefined
}

const navigationRefusal = (call: FakeResourceCall, parts: ReadonlyArray<Part>): FakeReply | undefined => {
  const { method } = call.request
  for (const { type, value } of parts) {
    const name = Object.keys(value).find(
      (member) =>
        findMember(type, member, versionOf(call))?.isNavigation === true &&
        !deepWrites.some(
          (deep) => deep.member === member && isOfType(type, deep.type) && deep.verbs.includes(method as "POST")
        )
    )
    if (name !== undefined) {
      return modelRefusal(
        `Cannot apply ${method} to navigation property '${name}' on entity type 'microsoft.graph.${type}'.`,
        `${name} is a navigation property, which is written at a route of its own (terraform-provider-msgraph 2488).`
      )
    }
  }
  return undefined
}

const idsIn = (value: unknown): ReadonlyArray<string> => [value].flat().filter(Predicate.isString)

const exists = ({ tenant }: FakeResourceCall, { target }: ReferenceRule, id: string): boolean =>
  target === "groups" ? tenant.directory.get(id) !== undefined : tenant.collection(target).get(id) !== undefined

const referencesRefusal = (call: FakeResourceCall, parts: ReadonlyArray<Part>): FakeReply | undefined => {
  for (const reference of references) {
    const { keywords, member, sentence, source, target, type } = reference
    const there = parts.filter((part) => !part.isWhole || member !== "id")
    const ids = there
      .filter((part) => type === "" || isOfType(part.type, type))
      .flatMap(({ value }) => idsIn(value[member]))
      .filter((id) => !keywords.includes(id))
    const missing = ids.filter((id) => !exists(call, reference, id))
    if (missing.length === 0) continue
    const known = ids.filter((id) => !missing.includes(id))
    const reason = `The tenant has no ${missing.join(", ")} in ${target}${source === undefined ? "" : ` (${source})`}.`
    return refuse(call, sentence(missing, known), reason)
  }
  return undefined
}

/** The refusal of references in a part of a body, such as an assignment. */
export const referenceRefusal = (call: FakeResourceCall, body: JsonObject, declared: string): FakeReply | undefined =>
  referencesRefusal(call, partsOf(call, body, declared))

/**
 * The refusal of a write, or undefined if Graph would take it.
 *
 * @param current the object that the write changes; undefined for a creation
 * @param declared the type that the body must be of; it may extend it
 */
export const writeRefusal = (
  call: FakeResourceCall,
  body: JsonObject,
  current: FakeItem | undefined,
  declared: string
): FakeReply | undefined => {
  const model = bodyRefusal(body, declared, versionOf(call))
  if (model !== undefined) return model
  const parts = partsOf(call, body, declared)
  return (
    navigationRefusal(call, parts) ??
    membersRefusal(call, parts, current) ??
    maskRefusal(call, parts) ??
    tokenRefusal(call, parts, current) ??
    referencesRefusal(call, parts)
  )
}
