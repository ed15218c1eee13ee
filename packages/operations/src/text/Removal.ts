/** A part of a text that must not stay, and what it is. */
export interface Removal {
  readonly start: number
  readonly end: number
  readonly what: string
}

/** Decides what of the text has to go because of a match; it may reach beyond the match. */
export type Judge = (match: RegExpExecArray) => Removal | undefined

/**
 * Removes parts of a text and says what they were. Takes linear time where pattern and judge do, because the search goes
 * on behind what was removed.
 *
 * @param text anything
 * @param pattern global; where to look closer
 * @param judge what to remove there
 */
export const removeWhere = (text: string, pattern: RegExp, judge: Judge): string => {
  let kept = ""
  let copied = 0
  pattern.lastIndex = 0
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const removal = judge(match)
    if (removal === undefined || removal.end <= removal.start) continue
    kept += `${text.slice(copied, removal.start)}[removed: ${removal.what}]`
    copied = removal.end
    pattern.lastIndex = removal.end
  }
  return kept + text.slice(copied)
}
