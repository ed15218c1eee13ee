import { Statement } from "effect/sql"

/**
 * SQL that is the same for every call, composed once: literal text and other such fragments. Its types take no values, so
 * that none can become SQL; what varies is bound where the statement is made.
 *
 * @example
 * const active = (run: Statement.Fragment) => sqlText`${run}.status <> 'completed'`
 */
export const sqlText = (
  strings: TemplateStringsArray,
  ...parts: ReadonlyArray<Statement.Fragment>
): Statement.Fragment => {
  const segments: Array<Statement.Segment> = []
  const add = (segment: Statement.Segment) => {
    const last = segments.at(-1)
    const joins = isText(segment) && last !== undefined && isText(last)
    // One segment, however many parts it was made of: what a statement costs to build is the number of its segments.
    if (joins) segments[segments.length - 1] = Statement.literal(last.value + segment.value)
    else segments.push(segment)
  }
  strings.forEach((text, index) => {
    add(Statement.literal(text))
    parts[index]?.segments.forEach(add)
  })
  return Statement.fragment(segments)
}

const isText = (segment: Statement.Segment): segment is Statement.Literal =>
  segment._tag === "Literal" && segment.params === undefined

/**
 * A name of our own in SQL: a column, a status. Anything but lower-case letters and underscores is a defect.
 *
 * @param word from a closed list in code
 */
export const sqlWord = (word: string): Statement.Fragment => {
  if (!/^[a-z_]+$/.test(word)) throw new TypeError(`"${word}" is not a lower-case name, so it cannot stand in SQL`)
  return Statement.fragment([Statement.literal(word)])
}

/**
 * Fragments one after the other, with a separator between them.
 *
 * @param separator such as `, `
 * @param parts in their order
 */
export const sqlJoin = (separator: Statement.Fragment, parts: ReadonlyArray<Statement.Fragment>): Statement.Fragment =>
  parts.reduce((all, part, index) => (index === 0 ? part : sqlText`${all}${separator}${part}`), sqlText``)
