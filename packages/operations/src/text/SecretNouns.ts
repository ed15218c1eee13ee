/**
 * The nouns that say of a value that it is secret, wherever its name stands: before a value in a text (`psk=…`, `"wepKey":"…"`),
 * or as the name of a member that one judges by itself. Whoever judges names goes by this list; a new noun is a new entry here.
 *
 * @module
 */

const keys = [
  "access",
  "account",
  "activation",
  "api",
  "encryption",
  "licen[cs]e",
  "master",
  "network",
  "private",
  "product",
  "recovery",
  "shared",
  "signing",
  "storage",
  "subscription",
  "symmetric",
  "wep",
  "workspace",
  "wpa"
]

/** The nouns as patterns for either case, with what a redacted value is called. Separators between their words are optional. */
export const secretNouns: ReadonlyArray<readonly [what: string, pattern: string]> = [
  ["password", "pass(?:word|wd|phrase|code)|psk"],
  ["key", `(?:${keys.join("|")})[_-]?key|key[_-]?material`],
  ["connection string", "connection[_-]?string"],
  ["secret", "secret(?:[_-]?key)?"],
  ["token", "token"],
  ["credential", "credential"],
  ["certificate", "pfx(?:[_-]?(?:blob|data|file|content))?"],
  // The package that enrols devices in Defender, and the one that ends that.
  ["onboarding blob", "(?:on|off)boarding[_-]?blob"]
]

/** What may follow a noun: its plural, and the form of the value. */
export const nounEnding = "s?(?:[_-]?(?:value|text|string|base64|plain))?"

/** Nouns that count only as whole words: nobody keeps a secret in `spin`. */
export const shortNouns: ReadonlyArray<string> = ["pin", "pw", "pwd"]

/** Whole names of what Microsoft documents as secrets, and that do not say so. */
export const documentedNames: ReadonlyArray<readonly [what: string, name: string]> = [
  ["configuration", "configurationxml"],
  ["license", "license"],
  ["password", "passwordformatstring"],
  // What a device scans to enrol itself.
  ["enrollment code", "qrcodecontent"],
  ["enrollment code", "qrcodeimage"]
]
