/**
 * The sentence in which Microsoft says why it refused a request: often the only hint that people get. Intune hides it in JSON
 * inside the message, once or twice, and joins support ids and internal addresses to it.
 *
 * @module
 */
import { Redaction, Storable } from "@atlas/operations"
import { Option, Predicate, Schema } from "effect"

const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))
// What is read of a message, and what people get of it.
const mostRead = 32_000
const mostSearched = 2_000
const longest = 300

/** The innermost message. A payload is none: nobody can read it, and nobody should keep it. */
const sentenceIn = (message: string, depth = 0): string => {
  const inner = Option.getOrUndefined(parse(message))
  if (Predicate.isString(inner)) return depth < 4 ? sentenceIn(inner, depth + 1) : ""
  if (!Predicate.isObjectOrArray(inner)) return /^\s*[[{<"]/.test(message) ? "" : message
  const nested = Predicate.hasProperty(inner, "Message")
    ? inner.Message
    : Predicate.hasProperty(inner, "message")
      ? inner.message
      : undefined
  return Predicate.isString(nested) && depth < 4 ? sentenceIn(nested, depth + 1) : ""
}

// Says nothing: the service itself has no reason.
const generic = /^an? (internal |internal server |unexpected )?error (has )?occurred\b/i
// What follows helps Microsoft's support only, or is a payload.
const trailer =
  / - (?:Operation ID|Activity ID|Url|CustomApiErrorPhrase|TimeStamp|Correlation|Request ID)\b.*$|[[{] ?["{].*$/i
const marks = new Set(". : ; ,".split(" ").concat(" "))

const withoutMarks = (text: string) => {
  let end = text.length
  while (end > 0 && marks.has(text.charAt(end - 1))) end--
  return text.slice(0, end)
}

/**
 * Microsoft's reason, redacted and on one line, of at most 300 characters; null if it gives none.
 *
 * @param message `error.message` of an answer, whatever it is
 */
export const serviceReason = (message: unknown): string | null => {
  if (!Predicate.isString(message)) return null
  const line = sentenceIn(message.slice(0, mostRead))
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, " ")
    .trim()
    .slice(0, mostSearched)
  const text = withoutMarks(Redaction.redact(line.replace(trailer, "")))
  if (text === "" || generic.test(text)) return null
  return Storable.nearest(text.length <= longest ? text : `${withoutMarks(text.slice(0, longest - 1))}…`)
}
