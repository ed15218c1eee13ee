/**
 * SQL text that is the same for every call, composed once from constants. No value can become SQL here: the types take none.
 * Statements bind what varies. Packages compose their statements of it, and hosts describe their tables to `@atlas/replica`
 * with it.
 *
 * @module
 */
import { Statement } from "effect/sql"

/**
 * Composes SQL of literal text and other such fragments.
 *
 * @example
 * ```ts
 * const tags: Collection = {
 *   name: "scope_tags",
 *   tables: { objects: sqlText`scope_tags`, rounds: sqlText`scope_tag_rounds`, sightings: sqlText`scope_tag_sightings` },
 *   member: null,
 *   properties: { title: { type: "text", unset: unset.id } },
 *   ginIndex: null
 * }
 * ```
 */
export const sqlText = (
  strings: TemplateStringsArray,
  ...parts: ReadonlyArray<Statement.Fragment>
): Statement.Fragment => {
  const segments: Array<Statement.Segment> = []
  const add = (segment: Statement.Segment) => {
    const last = segments.at(-1)
    const joins = isText(segment) && last !== undefined && isText(last)
    // One segment, however many parts it has: building a statement costs as much as it has segments.
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
 * A name from a closed list in code, such as a column or a status. Anything but lower-case letters and underscores is a defect.
 */
export const sqlWord = (word: string): Statement.Fragment => {
  if (!/^[a-z_]+$/.test(word)) throw new TypeError(`"${word}" is not a lower-case name, so it cannot be part of SQL`)
  return Statement.fragment([Statement.literal(word)])
}

/** Joins fragments with a separator, such as `, `. */
export const sqlJoin = (separator: Statement.Fragment, parts: ReadonlyArray<Statement.Fragment>): Statement.Fragment =>
  parts.reduce((all, part, index) => (index === 0 ? part : sqlText`${all}${separator}${part}`), sqlText``)
