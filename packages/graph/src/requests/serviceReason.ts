/**
 * The sentence in which Microsoft says why it refused a request: often the only hint that people get. Intune hides it in JSON
 * inside the message, once or twice, and joins support ids and internal addresses to it.
 *
 * @module
 */
import { Redaction } from "@atlas/operations"
import { Option, Predicate, Schema } from "effect"

const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))
const longest = 300

/** The innermost message. */
const sentenceIn = (message: string, depth = 0): string => {
  const inner = Option.getOrUndefined(parse(message))
  const nested = Predicate.hasProperty(inner, "Message")
    ? inner.Message
    : Predicate.hasProperty(inner, "message")
      ? inner.message
      : undefined
  if (Predicate.isString(nested) && depth < 4) return sentenceIn(nested, depth + 1)
  // JSON without a message is a payload, which nobody can read and nobody should keep.
  return Predicate.isObject(inner) ? "" : message
}

// Says nothing: the service itself has no reason.
const generic = /^an? (internal |internal server |unexpected )?error (has )?occurred\b/i
// What follows helps Microsoft's support only.
const trailer = /\s+-\s+(Operation ID|Activity ID|Url|CustomApiErrorPhrase|TimeStamp|Correlation|Request ID)\b.*$/is

/**
 * Microsoft's reason, redacted and on one line, of at most 300 characters; null if it gives none.
 *
 * @param message `error.message` of an answer, whatever it is
 */
export const serviceReason = (message: unknown): string | null => {
  if (!Predicate.isString(message)) return null
  const sentence = sentenceIn(message.slice(0, 32_000)).replace(trailer, "")
  const text = Redaction.redact(sentence)
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim()
    .replace(/[.:;,\s]+$/, "")
  if (text === "" || generic.test(text)) return null
  return text.length <= longest ? text : `${text.slice(0, longest - 1).trimEnd()}…`
}
