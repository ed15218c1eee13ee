/** A part of a text to redact, and what it is. */
export interface Redaction {
  readonly start: number
  readonly end: number
  readonly what: string
}

/** Decides what to redact because of a match. It may reach beyond the match. */
export type Judge = (match: RegExpExecArray) => Redaction | undefined

/**
 * Redacts parts of a text and says what they were. It takes linear time if pattern and judge do, because the search continues
 * behind each redaction.
 *
 * @param pattern a global pattern: where to look closer
 */
export const redactWhere = (text: string, pattern: RegExp, judge: Judge): string => {
  let kept = ""
  let copied = 0
  pattern.lastIndex = 0
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const redaction = judge(match)
    if (redaction === undefined || redaction.end <= redaction.start) continue
    kept += `${text.slice(copied, redaction.start)}[removed: ${redaction.what}]`
    copied = redaction.end
    pattern.lastIndex = redaction.end
  }
  return kept + text.slice(copied)
}
