import type { Context } from "hono"

/** Which selector of a page. */
export type SelectorKey = "group" | "role"

/** What a selector was asked, and what was chosen in it: all of it travels in the page's address. */
export interface SelectorState<Filter extends string = string> {
  readonly key: SelectorKey
  readonly query: string
  readonly filters: ReadonlyArray<Filter>
  readonly cursor: string | null
  readonly ids: ReadonlyArray<string>
}

/** The parameter that the address has for a selector's part; the chosen ids have the selector's own name. */
export const parameterOf = (key: SelectorKey, part: "query" | "filter" | "cursor"): string => `${key}.${part}`

const mostChosen = 200
const longestQuery = 200

/**
 * Reads a selector's state from the address, whatever that holds: unknown filters are dropped, what is too much is cut.
 *
 * @param c the request
 * @param key which selector
 * @param filters those that it has
 */
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

/**
 * The parameters that bring a page's selectors back as they are.
 *
 * @param states all of its selectors
 */
export const parametersOf = (states: ReadonlyArray<SelectorState>): ReadonlyArray<readonly [string, string]> =>
  states.flatMap(({ cursor, filters, ids, key, query }) => [
    ...(query === "" ? [] : [[parameterOf(key, "query"), query] as const]),
    ...filters.map((filter) => [parameterOf(key, "filter"), filter] as const),
    ...(cursor === null ? [] : [[parameterOf(key, "cursor"), cursor] as const]),
    ...ids.map((id) => [key, id] as const)
  ])
