/**
 * Decides which strings of a policy are secrets: by the name of their member, by the name beside them in a pair of name and value,
 * by their type, and by what they say.
 *
 * @module
 */

import { Predicate } from "effect"
import type { GraphObject } from "../PolicySource.ts"
import { nestsTooDeep } from "./Nesting.ts"
import { canBeSecret, isMasked, isSecretName } from "./SecretNames.ts"
import { textHoldsSecret } from "./SecretTexts.ts"

/** Whether a value is an object, as opposed to a list. */
export const isRecord = (value: unknown): value is GraphObject => Predicate.isObject(value) && !Array.isArray(value)

/** Members that name what another member of the same object is worth. */
const naming = ["name", "key", "appConfigKey", "omaUri", "settingDefinitionId", "definitionId"] as const

/** The other members. */
const valuing: ReadonlySet<string> = new Set([
  "value",
  "values",
  "valueString",
  "valueJson",
  "appConfigKeyValue",
  "defaultValue",
  "simpleSettingValue",
  "simpleSettingCollectionValue"
])

const namesOf = (within: GraphObject): ReadonlyArray<unknown> => {
  const { displayName, omaUri, presentation } = within
  return [
    ...naming.map((name) => within[name]),
    // What people call a setting by its address; other objects have names of their own.
    omaUri === undefined ? undefined : displayName,
    isRecord(presentation) ? presentation["label"] : undefined
  ]
}

const isPaired = (name: string, within: GraphObject): boolean =>
  valuing.has(name) && namesOf(within).some((each) => Predicate.isString(each) && isSecretName(each))

/** A masked value, or the token that stands for a value that Graph keeps to itself. Nobody can write either back. */
export const isHidden = (name: string, value: string, within: GraphObject): boolean =>
  isMasked(value) ||
  (name === "value" && within["valueState"] === "encryptedValueToken") ||
  // The mask of XML: an element without content, in base64.
  (name === "value" && within["isEncrypted"] === true && isEmptyXml(value)) ||
  // Of an Android profile (OMA-CP), Graph shows “a placeholder string”, whatever that is: it is no XML.
  (name === "configurationXml" && !isXml(value))

const isXml = (value: string): boolean =>
  [value, Buffer.from(value, "base64").toString("utf8")].some((text) => text.includes("<"))

const isEmptyXml = (value: string): boolean =>
  /^\s*<[^<>]+>\s*(?:<\/[^<>]+>)?\s*$/.test(Buffer.from(value, "base64").toString("utf8"))

const isSecretType = (type: unknown) => Predicate.isString(type) && type.endsWith("SecretSettingValue")

/** Whether every string that a member holds is secret: itself, its items, or the `value` of its objects. */
export const isSecretMember = (name: string, within: GraphObject): boolean =>
  isSecretName(name) ||
  isPaired(name, within) ||
  (name === "value" && (within["isEncrypted"] === true || isSecretType(within["@odata.type"])))

// Whoever lists policies needs what they are called.
const titles: ReadonlySet<string> = new Set(["displayName", "name", "@odata.type", "id"])

/** Whether a string is a secret. `isWithin` says that its member is one that holds secrets. */
export const isSecretString = (name: string, value: string, isWithin: boolean): boolean =>
  isWithin ? canBeSecret(value) : !titles.has(name) && textHoldsSecret(value, mayHoldSecret)

/** What nests too deep to look into is sealed unseen. */
const mayHoldSecret = (value: unknown): boolean => nestsTooDeep(value) || holdsSecret(value)

/** Whether JSON inside a policy, such as the configuration of an app, holds a secret. */
const holdsSecret = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.some(holdsSecret)
    : isRecord(value) &&
      Object.entries(value).some(
        ([name, member]) => holdsSecret(member) || holdsIn(member, isSecretMember(name, value))
      )

/** Whether one of the strings of a member that holds secrets is one. */
const holdsIn = (member: unknown, isSecret: boolean): boolean =>
  isSecret &&
  (Array.isArray(member)
    ? member.some((item) => holdsIn(item, true))
    : isRecord(member)
      ? holdsIn(member["value"], true)
      : Predicate.isString(member) && canBeSecret(member))
