/**
 * SQL text that is the same for every call, composed once from constants. No value can become SQL here: the types take none.
 * Statements bind what varies. Packages compose their statements of it, and hosts describe their tables to `@atlas/replica`
 * with it.
 *
 * @module
 */
import { Statement } from "effect/sql"

const isText = (segment: Statement.Segment): segment is Statement.Literal =>
  segment._tag === "Literal" && segment.params === undefined

const compose = (strings: TemplateStringsArray, ...parts: ReadonlyArray<Statement.Fragment>): Statement.Fragment => {
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

const word = (name: string): Statement.Fragment => {
  if (!/^[a-z_]+$/.test(name)) throw new TypeError(`"${name}" is not a lower-case name, so it cannot be part of SQL`)
  return Statement.fragment([Statement.literal(name)])
}

const join = (separator: Statement.Fragment, parts: ReadonlyArray<Statement.Fragment>): Statement.Fragment =>
  parts.reduce((all, part, index) => (index === 0 ? part : compose`${all}${separator}${part}`), compose``)

/**
 * Composes SQL of literal text and other such fragments. `sqlText.word` takes a name from a closed list in code, such as a
 * column or a status; anything but lower-case letters and underscores is a defect. `sqlText.join` puts a separator, such as
 * `, `, between fragments.
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
export const sqlText = Object.assign(compose, { word, join })
