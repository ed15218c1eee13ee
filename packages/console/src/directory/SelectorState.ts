/**
 * The state of the selectors of a page, as the page's address carries it.
 *
 * @module
 */

import type { Context } from "hono"

/** The name of a selector of the page. */
export type SelectorKey = "group" | "role"

/** The question of a selector, and what was chosen in it. All of it travels in the page's address. */
export interface SelectorState<Filter extends string = string> {
  readonly key: SelectorKey
  readonly query: string
  readonly filters: ReadonlyArray<Filter>
  readonly cursor: string | null
  readonly ids: ReadonlyArray<string>
}

/** The parameter of the address for a part of a selector. The chosen ids have the name of the selector itself. */
export const parameterOf = (key: SelectorKey, part: "query" | "filter" | "cursor"): string => `${key}.${part}`

const mostChosen = 200
const longestQuery = 200

/** Reads the state of a selector from the address, whatever that holds: drops unknown filters, and cuts what is too long. */
export const readSelector = <Filter extends string>(
  c: Context,
  key: SelectorKey,
  filters: ReadonlyArray<Filter>
): SelectorState<Filter> => {
  const asked = new Set(c.req.queries(parameterOf(key, "filter")))
  return {
    key,
    query: (c.req.query(parameterOf(key, "query")) ?? "").slice(0, longestQuery),
    filters: filters.filter((filter) => asked.has(filter)),
    cursor: c.req.query(parameterOf(key, "cursor")) ?? null,
    ids: [...new Set(c.req.queries(key))].slice(0, mostChosen)
  }
}

/** The parameters that restore all selectors of a page as they are. */
export const parametersOf = (states: ReadonlyArray<SelectorState>): ReadonlyArray<readonly [string, string]> =>
  states.flatMap(({ cursor, filters, ids, key, query }) => [
    ...(query === "" ? [] : [[parameterOf(key, "query"), query] as const]),
    ...filters.map((filter) => [parameterOf(key, "filter"), filter] as const),
    ...(cursor === null ? [] : [[parameterOf(key, "cursor"), cursor] as const]),
    ...ids.map((id) => [key, id] as const)
  ])
