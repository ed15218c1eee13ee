/**
 * Redaction: takes secrets out of a text before it is stored or logged, and says what was there, such as
 * `[removed: bearer token]`. It finds them by name and by shape, inside JSON and URLs that were escaped any number of times,
 * and where a text was cut off. It takes linear time. The ledger redacts what it stores and logs; hosts install the logger.
 *
 * @module
 */
import { Cause, type Layer, Logger } from "effect"
import { type Judge, redactWhere } from "./redactWhere.ts"
import {
  bareEnd,
  beforeNextName,
  type Continuation,
  depthOf,
  isOpaque,
  nextName,
  removed,
  redactNamed
} from "./SecretValues.ts"

// Nobody reads more of one message, and the limit bounds what one message costs.
const longestText = 32_000
const cut = "[removed: the rest]"
const mostPasses = 3

/** The end of what a sticky pattern matches at a position; the position itself if it does not match. */
const reach = (pattern: RegExp, text: string, from: number): number => {
  pattern.lastIndex = from
  return from + (pattern.exec(text)?.[0].length ?? 0)
}

const keyBegins = /-----BEGIN[\w %+]{0,40}?PRIVATE[\w %+]{0,20}KEY[\w %+]{0,20}-----/g

// A key without its end reaches to the end of the text.
const privateKey: Judge = ({ index, input: text }) => {
  const footer = text.indexOf("-----END", index)
  const close = footer === -1 ? -1 : text.indexOf("-----", footer + 8)
  return { start: index, end: close === -1 ? text.length : close + 5, what: "private key" }
}

const queryBegins = /\?|%(?:25)*3F/gi
const queryRun = /(?:[^\s"'<>\\]|'(?![\s,;)\]}"]|$)|\\u0026|\\\/)*/iy
const signature = /(?:^|[?&]|%(?:25)*(?:3F|26)|u0026)(?:sig|signature|x-(?:amz|goog|ms)-signature)(?:=|%(?:25)*3D)/i

const signedQuery: Judge = ({ 0: mark, index, input: text }) => {
  const start = index + mark.length
  const run = reach(queryRun, text, start)
  queryBegins.lastIndex = run
  if (!signature.test(text.slice(start, run))) return undefined
  return { start, end: beforeNextName(text, start, run), what: "signed URL" }
}

// In China, 21Vianet runs Intune below a domain of its own.
const internalHost = /(?<![\w.-])[\w.-]*\bmanage\.(?:microsoft\.(?:com|us|cn)|microsoftonline\.cn)/gi
const addressRun = /(?:[^\s"'<>\\)]|\\\/)*/y

const internalAddress: Judge = ({ index, input: text }) => ({
  start: index,
  end: beforeNextName(text, index, reach(addressRun, text, index)),
  what: "internal address"
})

// An address that was cut off within the host's name: the rest still identifies it.
const suffixes = ["manage.microsoft.com", "manage.microsoft.us", "manage.microsoft.cn", "manage.microsoftonline.cn"]
const cutSuffix = [
  ...new Set(suffixes.flatMap((suffix) => [...suffix].map((_, length) => suffix.slice(0, length + 1))))
]
  .map((beginning) => beginning.replaceAll(".", "\\."))
  .join("|")
const cutHost = new RegExp(`(?<=/|%2F)(?:fef\\.[\\w.-]*|[\\w-]+(?:\\.[\\w-]+)+\\.(?:${cutSuffix}))$`, "i")
const longestHost = 200

const redactCutHost = (text: string): string =>
  text.slice(0, -longestHost) + text.slice(-longestHost).replace(cutHost, "[removed: internal address]")

const authorityBegins = /:\/\/|:\\\/\\\/|%(?:25)*3A(?:%(?:25)*2F){2}/gi
const user = /[^\s/:@"<>%\\[\]?#]*/y
const authorityEnds = String.raw`[\s"<>]|\\["'\\nrtu]|:\/\/|:\\\/\\\/|${removed}`
const encodedAuthorityEnds = (level: string) => new RegExp(`${authorityEnds}|%${level}3A(?:%${level}2F){2}`, "gi")
// Indexed by how often the address was encoded: a password may hold addresses that were encoded more often.
const endsOfAuthorities = [
  new RegExp(authorityEnds, "gi"),
  ...[0, 1, 2, 3].map((count) => encodedAuthorityEnds("25".repeat(count)))
]
const endOfDeepAuthority = encodedAuthorityEnds("(?:25)*")
const colon = /:|%(?:25)*3A/iy
const port = /^\d{1,5}(?:[/?#\\]|[&),.;:\]}']*$)/
// What ends a port is encoded as often as its address. What is encoded once more belongs to a password.
const encodedPort = (depth: number) => new RegExp(`^\\d{1,5}%${"25".repeat(depth - 1)}(?:2F|3F|23|22|20|5C)`, "i")

const passwordInUrl: Judge = ({ 0: mark, index, input: text }) => {
  const named = reach(user, text, index + mark.length)
  const start = reach(colon, text, named)
  if (start === named) return undefined
  const depth = depthOf(mark)
  const end = bareEnd(text, start, endsOfAuthorities[depth] ?? endOfDeepAuthority)
  const rest = text.slice(start, end)
  if (port.test(rest) || (depth > 0 && encodedPort(depth).test(rest)) || rest.startsWith("[removed: ")) return undefined
  const at = rest.lastIndexOf("@")
  const host = at === -1 && depth > 0 ? rest.lastIndexOf(`%${"25".repeat(depth - 1)}40`) : at
  return { start, end: host === -1 ? end : start + host, what: "password" }
}

/**
 * Extends a secret's value that is an address to the end of the address's password, whatever that contains. Secret names inside
 * it are judged on their own.
 */
const withAddress: Continuation = (text, start, end) => {
  authorityBegins.lastIndex = start
  const begins = authorityBegins.exec(text)
  if (begins === null || begins.index >= end) return end
  const found = passwordInUrl(begins)
  return found === undefined || found.start >= end || found.end <= end ? end : nextName(text, end, found.end)
}

const bearerBegins = /bearer(?:[ \t+]|%(?:25)*20)+/gi
const bearerRun = /(?:[\w.~+/-]|%(?:25)*(?:2B|2F|7E)|\\u002b)*(?:=|%(?:25)*3D)*/iy

const challenge = /^(?:authorization_uri|claims|client_id|error(?:_description)?|realm|resource_id|trusted_issuers)=$/i

const bearerToken: Judge = ({ 0: begins, index, input: text }) => {
  const start = index + begins.length
  const end = beforeNextName(text, start, reach(bearerRun, text, start))
  // `Bearer error="…"` is a challenge, not a token.
  const token = text.slice(start, end)
  return isOpaque(token) && !challenge.test(token) ? { start, end, what: "bearer token" } : undefined
}

const jwtBegins = /eyJ(?=[\w-]{9})/g
const jwtRun = /[\w.-]*/y

const jwt: Judge = ({ index, input: text }) => {
  const head = atob(
    text
      .slice(index, index + 12)
      .replaceAll("-", "+")
      .replaceAll("_", "/")
  )
  const isJson = /^\{"[\w#]+(?:"|$)/.test(head)
  return isJson ? { start: index, end: reach(jwtRun, text, index), what: "JWT" } : undefined
}

const entraSecret = /[\w.~-]{3}\dQ(?:~|%(?:25)*7E)(?:[\w.~-]|%(?:25)*7E){6,}/gi
const olderEntraSecret = /(?<![\w.~-])(?=[\w.-]*~)[\w.~-]{34,}/g

const clientSecret: Judge = ({ 0: found, index }) => ({
  start: index,
  end: index + found.length,
  what: "client secret"
})
const olderClientSecret: Judge = (match) =>
  [/\d/, /[a-z]/, /[A-Z]/].every((kind) => kind.test(match[0])) ? clientSecret(match) : undefined

const pass = (text: string): string => {
  let clean = redactWhere(text, keyBegins, privateKey)
  clean = redactWhere(clean, queryBegins, signedQuery)
  clean = redactCutHost(redactWhere(clean, internalHost, internalAddress))
  clean = redactWhere(clean, bearerBegins, bearerToken)
  clean = redactWhere(clean, jwtBegins, jwt)
  clean = redactWhere(clean, entraSecret, clientSecret)
  clean = redactWhere(clean, olderEntraSecret, olderClientSecret)
  // A secret name inside what looks like a password has its own value, so these two come last, in this order.
  return redactWhere(redactNamed(clean, withAddress), authorityBegins, passwordInUrl)
}

/**
 * Redacts bearer tokens and authorization headers, JWTs, secrets and passwords by name or shape, private keys, delta and skip
 * tokens, signed URLs, and Intune's internal addresses. Other text stays as it is. A text longer than 32,000 characters is cut.
 * To shorten a text yourself, redact it first.
 */
export const redact = (text: string): string => {
  if (text.length > longestText) return redact(text.slice(0, longestText - cut.length)) + cut
  let clean = pass(text)
  // Text next to a redacted secret may read differently now, so look again.
  for (let before = text, passes = 1; clean !== before && passes < mostPasses; passes++) {
    before = clean
    clean = pass(clean)
  }
  return clean
}

/** A cause as text that is safe to log, even where the host has not installed the redacting logger. */
export const redactCause = (cause: Cause.Cause<unknown>): string => redact(Cause.pretty(cause))

/**
 * Replaces a program's loggers by one that redacts every line: messages, causes, annotations and spans.
 *
 * @param format logfmt by default
 */
export const redactingLogger = (format: Logger.Logger<unknown, string> = Logger.formatLogFmt): Layer.Layer<never> =>
  Logger.layer([Logger.withConsoleLog(Logger.map(format, redact))])
