/**
 * Which members hold secrets, by name. The last noun of a name says what a member holds: `adminAccountPassword` is a password,
 * `passwordMinimumLength` is a length. Names of members, keys, settings, OMA-URIs, arguments and labels are judged alike.
 *
 * @module
 */

import { SecretNouns } from "@atlas/operations"

// Compared without separators and case, since definitions of settings have neither.
const endsInSecret = new RegExp(
  `(?:${SecretNouns.secretNouns.map(([, pattern]) => pattern).join("|")})${SecretNouns.nounEnding}$`
)

// Short words count only as words: nobody keeps a secret in `spin`.
const capitalised = SecretNouns.shortNouns.map((noun) => `${noun.slice(0, 1).toUpperCase()}${noun.slice(1)}`)
const upper = SecretNouns.shortNouns.map((noun) => noun.toUpperCase())
const endsInShortWord = new RegExp(
  `(?:^|[^A-Za-z])(?:${SecretNouns.shortNouns.join("|")})$|(?:^|[a-z\\d])(?:${[...capitalised, ...upper].join("|")})$`
)

/** Members that Microsoft documents as secrets, and whose names do not say so. */
const documented: ReadonlySet<string> = new Set(SecretNouns.documentedNames.map(([, name]) => name))

/** Whether what has this name is a secret. */
export const isSecretName = (name: string): boolean => {
  const bare = name.replace(/[^A-Za-z\d]/g, "").toLowerCase()
  return documented.has(bare) || endsInSecret.test(bare) || endsInShortWord.test(name.replace(/[^A-Za-z\d]+$/, ""))
}

/**
 * What enrols devices and is of use to whoever reads it. A restore makes it anew, so nothing of it is stored but that it was
 * there.
 */
export const handedOut: ReadonlySet<string> = new Set(["tokenValue", "qrCodeContent", "qrCodeImage", "wifiPassword"])

/** In place of a secret, Graph shows asterisks. Nobody can write these back. */
export const isMasked = (value: string): boolean => /^\*{4,}$/.test(value)

// Words of enumerations, and variables that something else replaces.
const noSecret = /^(?:true|false|null|none|required|optional|enabled|disabled|notConfigured|\d)$/i
const variable = /^(?:\{\{[^{}]+\}\}|%\w+%|\$\{?\(?[\w:.]+\)?\}?|<[^<>]+>)$/

/** Whether a text can be a secret: it is not empty, masked, a word of an enumeration or a variable. */
export const canBeSecret = (value: string): boolean => {
  const text = value.trim()
  return text !== "" && !isMasked(text) && !noSecret.test(text) && !variable.test(text)
}
