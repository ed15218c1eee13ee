/**
 * Secrets that follow a name, such as `client_secret=…`: finds where each value begins and ends, however it was quoted, escaped
 * or percent-encoded.
 *
 * @module
 */
import { type Judge, redactWhere } from "./redactWhere.ts"
import { documentedNames, nounEnding, secretNouns, shortNouns } from "./SecretNouns.ts"

// A text may have been escaped as JSON, as a URL or as both, any number of times.
const percent = "%(?:25)*"
const quote = String.raw`(?:\\*["'\x60]|(?:\\|${percent}5C)+u002[27]|(?:${percent}5C)*${percent}2[27])`
const space = String.raw`(?:[ \t+]|${percent}20)`
const separator = `(?:=>|[:=>]|${percent}3[ADE])`
const bracket = String.raw`(?:\[|${percent}5B)`

// Short names count only where they begin a word.
const alone = String.raw`(?:(?<![a-z])|(?<=${percent}[\da-f]{2})|(?<=\\[nrt]))`

/** What a protocol sends, which is no secret as a member of its own: names only before values. */
const protocolNames: ReadonlyArray<readonly [what: string, pattern: string]> = [
  ["authorization header", "authorization"],
  ["cookie", "cookie"],
  ["client secret", "client[_-]?secret"],
  ["client assertion", "assertion"],
  ["refresh token", "refresh[_-]?token"],
  ["delta token", "delta_?token"],
  ["skip token", "skip_?token"],
  ["signature", `${alone}(?:sig|signature)`]
]

/** Names whose values are secret, with what a redacted value is called. The first match counts. */
const names: ReadonlyArray<readonly [what: string, pattern: string]> = [
  ...protocolNames,
  ...secretNouns.map(([what, pattern]) => [what, `(?:${pattern})${nounEnding}`] as const),
  ["password", `${alone}(?:${shortNouns.join("|")})`],
  ...documentedNames.map(([what, name]) => [what, `${alone}${name}`] as const)
]

const anyName = names.map(([, pattern]) => `(${pattern})`).join("|")

const named = new RegExp(
  `(?:${anyName})` +
    String.raw`(?:(?<closing>${quote})\]?)?${space}*(?<separator>${separator})${space}*(?:(?:${bracket}${space}*)?(?<opening>${quote}))?`,
  "gi"
)

const whatOf = (match: RegExpExecArray): string =>
  names[match.slice(1, names.length + 1).findIndex((group) => group !== undefined)]?.[0] ?? "secret"

const secretName = new RegExp(`(?:${anyName})$`, "i")

/** What replaces a value whose name says that it is secret, such as `[removed: password]`; undefined for other names. */
export const redactionNamed = (name: string): string | undefined => {
  const match = secretName.exec(name)
  return match === null ? undefined : `[removed: ${whatOf(match)}]`
}

const scheme = new RegExp(`(?:bearer|basic|digest|dpop|negotiate|ntlm|pop|sharedkey|aws4-hmac-sha256)${space}+`, "iy")

/** Where a quoted value ends. In nested JSON and in URLs, a closing quote is escaped exactly as its opening quote is. */
const quotedEnd = (text: string, from: number, opening: string): number => {
  const unit = /(?:u?[\d%]+|.)$/i.exec(opening)?.[0] ?? opening
  const encoding = /^%(?:25)*(?=2[27]$|5C)/i.exec(opening)?.[0]
  const slash = encoding === undefined ? "\\" : `${encoding}5C`
  const escaped = (opening.length - unit.length) / slash.length
  // Each level of nesting doubles the slashes: a closing quote has those of the opening one, plus a multiple of this period.
  const period = 2 ** (33 - Math.clz32(escaped))
  for (let at = text.indexOf(unit, from); at !== -1; at = text.indexOf(unit, at + unit.length)) {
    let slashes = 0
    let before = at - slash.length
    while (before >= from && text.slice(before, before + slash.length).toUpperCase() === slash) {
      slashes += 1
      before -= slash.length
    }
    // An apostrophe within a word is not a closing quote.
    if (unit === "'" && /[^\s,;:.)\]}>&"\\]/.test(text[at + 1] ?? "")) continue
    if (slashes < escaped) return at - slashes * slash.length
    if (slashes % period === escaped) return at - escaped * slash.length
  }
  return text.length
}

/** How often a piece of text was percent-encoded; 0 if it does not begin with `%`. */
export const depthOf = (piece: string): number => (/^%(?:25)*/.exec(piece)?.[0].length ?? -1) / 2 + 0.5

/** A pattern that matches what was redacted before. */
export const removed = String.raw`\[removed: [\w ]{1,30}\]`
const anyRemoved = new RegExp(removed, "g")

// What ends a value depends on how often the sign between name and value was percent-encoded.
const levels = ["", "25", "2525", "252525"]
const ends = (plain: string, encoded: string) => ({
  byDepth: [plain, ...levels.map((level) => `${plain}|%${level}(?:${encoded})`)].map(
    (pattern) => new RegExp(`${pattern}|${removed}`, "gi")
  ),
  deeper: new RegExp(`${plain}|${percent}(?:${encoded})|${removed}`, "gi")
})
const endsOfValues = ends(
  String.raw`[\s&;"<>\x60]|'(?=[\s,;)\]}&"]|$)|\\(?:["'nrt\\]|u00(?:2[267]|3[ce]))|,(?=[\s"'[{]|$)`,
  "0[AD]|2[0267]|3[BCE]|5C"
)
const endsOfHeaders = ends(String.raw`[\r\n"']|\\+["'nr]`, "0[AD]|22|5C")

/**
 * Where an unquoted value ends. What was redacted before is part of the value.
 *
 * @param end a global pattern that matches what ends the value, and what was redacted before
 */
export const bareEnd = (text: string, from: number, end: RegExp): number => {
  end.lastIndex = from
  for (let stop = end.exec(text); stop !== null; stop = end.exec(text)) {
    if (!stop[0].startsWith("[")) return stop.index
  }
  return text.length
}

/** Whether a word looks generated. `Bearer authentication` and `Invalid token: expired` are prose. */
export const isOpaque = (word: string): boolean =>
  word.length >= 20 || (word.length >= 8 && /\d|[a-z][A-Z]|[^\w.,:!?)-]/.test(word))

// Values that are no secret, and the beginning of a nested value, whose members are judged on their own.
const nothing = /^(?:null|true|false|undefined|none|[[{(]*)$/i

const isProse = (what: string, separator: string, value: string): boolean =>
  separator === ":" &&
  !["authorization header", "client secret", "password", "secret"].includes(what) &&
  !isOpaque(value.replace(anyRemoved, "")) &&
  !(what === "cookie" && value.includes("="))

const nested = new RegExp(`${named.source}|bearer${space}`, "gi")

/**
 * Where, at the end of a value, the next secret name begins whose own value lies beyond: `sig=password: …`. Otherwise `end`.
 */
export const beforeNextName = (text: string, start: number, end: number): number => {
  const from = Math.max(start, end - 60)
  for (const { 0: found, index } of text.slice(from, end + 20).matchAll(nested)) {
    if (from + index < end && from + index + found.length >= end) return from + index
  }
  return end
}

/** Extends a value beyond what seemed to be its end: `password=postgres://ada:…')…@host` is one value, up to the host. */
export type Continuation = (text: string, start: number, end: number) => number

const makeJudge =
  (goesOn: Continuation): Judge =>
  (match) => {
    const { 0: whole, index, input: text } = match
    const what = whatOf(match)
    const { closing = "", opening, separator: sign = "" } = match.groups ?? {}
    let start = index + whole.length
    const depth = depthOf(sign)
    // A quote that is encoded more often than what stands before it is the value's own first character.
    if (opening !== undefined && depthOf(opening) <= Math.max(depth, depthOf(closing))) {
      return { start, end: beforeNextName(text, start, quotedEnd(text, start, opening)), what }
    }
    start -= opening?.length ?? 0
    scheme.lastIndex = start
    start += scheme.exec(text)?.[0].length ?? 0
    const { byDepth, deeper } = what === "cookie" && /^[%:]/.test(sign) ? endsOfHeaders : endsOfValues
    const furthest = goesOn(text, start, bareEnd(text, start, byDepth[depth] ?? deeper))
    const end = beforeNextName(text, start, furthest)
    const value = text.slice(start, end)
    return nothing.test(value) || isProse(what, sign, value) ? undefined : { start, end, what }
  }

/**
 * Redacts the values of secret names: `client_secret=…`, `"password":"…"`, `Authorization: …`, `$skiptoken=…`, however often
 * they were escaped or percent-encoded.
 *
 * @param goesOn extends an unquoted value beyond its apparent end
 */
export const redactNamed = (text: string, goesOn: Continuation): string => redactWhere(text, named, makeJudge(goesOn))

/** Where the next secret name begins between two positions; `to` if there is none. */
export const nextName = (text: string, from: number, to: number): number => {
  const [first] = text.slice(from, to).matchAll(nested)
  return first === undefined ? to : from + first.index
}
