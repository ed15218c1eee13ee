/**
 * Secrets inside texts: profiles (property lists, XML of Wi-Fi and EAP, JSON of app configurations), scripts and command lines,
 * as they are or in base64. A text that holds one is sealed as a whole, because nobody can tell what else in it matters.
 *
 * @module
 */

import { Result, Schema } from "effect"
import { canBeSecret, isSecretName } from "./SecretNames.ts"

/** Says whether parsed JSON holds a secret. */
type JudgeJson = (value: unknown) => boolean

const parseJson = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Unknown))

const name = String.raw`(?<name>[\w.-]{2,80})`
const quoted = String.raw`(?:"(?<double>[^"\r\n]{1,2000})"|'(?<single>[^'\r\n]{1,2000})')`

/** Where a name stands before its value. */
const pairs: ReadonlyArray<RegExp> = [
  // <key>Password</key><string>…</string>
  /<key>\s*(?<name>[^<>]{2,120}?)\s*<\/key>\s*<(?:string|data)>(?<value>[^<>]+)</g,
  // <keyMaterial>…</keyMaterial>
  new RegExp(String.raw`<(?:[\w.-]{1,40}:)?${name}(?:\s[^<>]{0,500})?>(?<value>[^<>]+)</`, "g"),
  // <data id="Proxy_Password" value="…"/>, as administrative templates have it
  /<data\s+id\s*=\s*["'](?<name>[^"'<>]{2,120})["']\s+value\s*=\s*["'](?<value>[^"'<>]+)["']/g,
  // $password = "…", password: "…", "password": "…"
  new RegExp(String.raw`(?<![\w.-])${name}["']?\s{0,20}(?:=>|[:=])\s{0,20}${quoted}`, "g"),
  // PASSWORD=…, AccountKey=…; as command lines and connection strings have it
  new RegExp(String.raw`(?<![\w.-])${name}=(?<value>[^\s"'$%<>(){}[\];,&|]{3,2000})`, "g"),
  // -Password …, --token …, /p:…
  new RegExp(
    String.raw`(?<=\s|^)(?:--?|/)${name}[ \t:=]{1,20}(?:${quoted}|(?<value>[^\s"'$%<>(){}-][^\s"'$<>(){}]{2,2000}))`,
    "g"
  )
]

/** What is a secret whatever its name. */
const shapes: ReadonlyArray<RegExp> = [
  /-----BEGIN[\w ]{0,30} PRIVATE KEY/,
  // A certificate with its key, in a property list.
  /<key>\s*PayloadContent\s*<\/key>\s*<data>\s*[\w+/]/,
  /ConvertTo-SecureString\s+(?:-String\s+)?["'][^"'$]/i,
  // Tokens in JSON's own form, secrets of Entra's apps, signed addresses, passwords in addresses.
  /(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\./,
  /(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{20,}/,
  /[?&]sig=[\w%+/-]{10,}/,
  /:\/\/[^\s/:@"'<>]{1,100}:[^\s/@"'<>$%{}]{1,200}@/
]

const isSecretPair = ({ groups = {} }: RegExpMatchArray): boolean =>
  isSecretName(groups["name"] ?? "") && canBeSecret(groups["value"] ?? groups["double"] ?? groups["single"] ?? "")

// Most texts hold nothing that even looks like it: one look tells.
const hint =
  /pass|securestring|pwd|pw\b|pin\b|secret|token|credential|psk|key|connection|pfx|blob|licen|eyJ|Q~|sig=|:\/\/|^\s*[[{]/i

const holds = (text: string, judge: JudgeJson): boolean =>
  hint.test(text) &&
  (shapes.some((shape) => shape.test(text)) ||
    pairs.some((pair) => [...text.matchAll(pair)].some(isSecretPair)) ||
    (/^\s*[[{]/.test(text) && Result.match(parseJson(text), { onFailure: () => false, onSuccess: judge })))

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
