/**
 * Secrets inside texts: profiles (property lists, XML of Wi-Fi and EAP, JSON of app configurations), scripts and command lines,
 * as they are or in base64. A text that holds one is sealed as a whole, because nobody can tell what else in it matters.
 *
 * @module
 */

import { Result, Schema } from "effect"
import { canBeSecret, isSecretName } from "./SecretNames.ts"
import { secretHint, secretShapes } from "./SecretShapes.ts"

/** Says whether parsed JSON holds a secret. */
type JudgeJson = (value: unknown) => boolean

const parseJson = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Unknown))

const isSecret = ({ groups = {} }: RegExpMatchArray): boolean => {
  const { double, name, single, value } = groups
  const found = value ?? double ?? single
  return (name === undefined || isSecretName(name)) && (found === undefined || canBeSecret(found))
}

const isJson = /^\s*[[{]/

const holds = (text: string, judge: JudgeJson): boolean =>
  (secretHint.test(text) && secretShapes.some(({ pattern }) => [...text.matchAll(pattern)].some(isSecret))) ||
  (isJson.test(text) && Result.match(parseJson(text), { onFailure: () => false, onSuccess: judge }))

const base64 = /^[A-Za-z\d+/\s]{16,}={0,2}\s*$/

/** What base64 says; null for anything else. Signed profiles are binary, with the profile readable inside. */
const decoded = (text: string): string | null => {
  if (!base64.test(text)) return null
  const bytes = Buffer.from(text, "base64")
  const isUtf16 = bytes[0] === 0xff || bytes[1] === 0
  return new TextDecoder(isUtf16 ? "utf-16le" : "utf-8").decode(bytes)
}

/**
 * Whether a text, or what it says in base64, holds a secret.
 *
 * @param judge says whether parsed JSON holds one
 */
export const textHoldsSecret = (text: string, judge: JudgeJson): boolean => {
  if (text.length < 8) return false
  const inside = decoded(text)
  return holds(text, judge) || (inside !== null && holds(inside, judge))
}
