/** A part of a text that must not stay, and what it is. */
export interface Redaction {
  readonly start: number
  readonly end: number
  readonly what: string
}

/** Decides what of the text has to go because of a match; it may reach beyond the match. */
export type Judge = (match: RegExpExecArray) => Redaction | undefined

/**
 * Redacts parts of a text and says what they were. Takes linear time where pattern and judge do, because the search goes
 * on behind what was removed.
 *
 * @param text anything
 * @param pattern global; where to look closer
 * @param judge what to remove there
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
