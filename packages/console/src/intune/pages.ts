import type { Context } from "hono"
import { hrefWith } from "../shell/components/format.ts"

const perPage = 50

/** What is asked of a service: one more than a page shows, to know whether another page follows. */
export const pageLimit: number = perPage + 1

/**
 * A page of what was found with `pageLimit`, and the address of the next one.
 *
 * @param path of the list
 * @param paramsAfter the parameters of the page after an item, which is the last one of this page
 */
export const pageOf = <A>(
  found: ReadonlyArray<A>,
  path: string,
  paramsAfter: (last: A) => ReadonlyArray<readonly [string, string | undefined]>
): { readonly items: ReadonlyArray<A>; readonly nextHref: string | null } => {
  const items = found.slice(0, perPage)
  const last = items.at(-1)
  return { items, nextHref: found.length > perPage && last !== undefined ? hrefWith(path, paramsAfter(last)) : null }
}

/** The parameters that name the policy after which a page begins. */
export const policyParams = ({ id, source }: { readonly source: string; readonly id: string }) =>
  [
    ["after.source", source],
    ["after.id", id]
  ] as const

/** The policy after which a requested page begins; null for the first page. */
export const policyAfter = (c: Context): { readonly source: string; readonly id: string } | null => {
  const [source, id] = [c.req.query("after.source"), c.req.query("after.id")]
  return source === undefined || id === undefined ? null : { source, id }
}
