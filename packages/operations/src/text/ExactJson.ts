/**
 * JSON whose long integers keep their digits. Microsoft Graph sends 64-bit integers, and a JavaScript number is exact only up to
 * 2^53: `JSON.parse` would make `9223372036854775807` another number, and a restore would write that one. Whatever reads or
 * writes a provider's JSON parses it here; `JSON.stringify` writes the result back digit by digit.
 *
 * @module
 */

// TypeScript's library does not know these functions yet.
const json = JSON as typeof JSON & {
  rawJSON(text: string): object
  isRawJSON(value: unknown): boolean
}

/** Whether a parsed value is an integer that JavaScript has no number for. It is an object, but has no members that count. */
export const isLongInteger: (value: unknown) => boolean = json.isRawJSON

/** For `JSON.parse` and `Schema.fromJsonString`: integers beyond 2^53 become values that `JSON.stringify` writes unchanged. */
export const reviver = (_name: string, value: unknown, context?: { readonly source?: string }): unknown => {
  const source = context?.source ?? ""
  return Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
    ? json.rawJSON(source)
    : value
}

// More than anything has that is JSON for a reason, and little for a stack.
const deepestKept = 500

/** A text in which null stands for every value that is inside more than `deepestKept` others. */
const withoutDepths = (text: string): string => {
  let kept = ""
  let from = 0
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const sign = text.charAt(at)
    if (sign === '"') {
      for (at++; at < text.length && text.charAt(at) !== '"'; at++) if (text.charAt(at) === "\\") at++
    } else if (sign === "{" || sign === "[") {
      if (depth++ === deepestKept) kept += `${text.slice(from, at)}null`
    } else if ((sign === "}" || sign === "]") && --depth === deepestKept) from = at + 1
  }
  return kept + text.slice(from)
}

const parseWithReviver = (text: string): unknown => {
  try {
    return JSON.parse(text, reviver)
  } catch (error) {
    // The reviver's walk needs the stack that parsing does not.
    if (error instanceof RangeError) return JSON.parse(withoutDepths(text), reviver)
    throw error
  }
}

/**
 * Parses JSON with the `reviver`, which it asks only where a text has so many digits. Throws a `SyntaxError` as `JSON.parse`. A
 * value may nest deeper than the stack is: look before recursing. What nests so deep may have null in place of its depths.
 */
export const parse = (text: string): unknown =>
  // To ask for each value costs several times as much as to parse, and few texts hold so long a number.
  /\d{16}/.test(text) ? parseWithReviver(text) : JSON.parse(text)
