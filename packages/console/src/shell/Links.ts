/**
 * The addresses of one mounted console. This is the only place that knows them: components get them from `useLinks`, routes and
 * parts from `Host`.
 *
 * @module
 */

import { createContext, useContext } from "hono/jsx"

/** Where everything of a console is. Paths are given as if it were mounted at the root of a host. */
export interface Links {
  /** A page, such as `/operations`. */
  readonly to: (path: string) => string
  /** A call of the API, such as `/v1/operations`. */
  readonly api: (path: string) => string
  /** A file that pages load, such as `app.css`. */
  readonly asset: (name: string) => string
  /** The page of a tenant. The addresses of the pages below it begin with its address. */
  readonly tenant: (id: string) => string
  /** The canonical viewer of a run. */
  readonly run: (id: string) => string
  /** Where a form starts an operation in a tenant. */
  readonly start: (tenantId: string, type: string) => string
}

/**
 * Makes the links of a console.
 *
 * @param basePath of its pages and assets: empty, or `/` and names without a slash at the end
 * @param apiBasePath of its API, which is at `/api` below it
 */
export const makeLinks = (basePath: string, apiBasePath: string): Links => {
  const to = (path: string) => `${basePath}${path}`
  const tenant = (id: string) => to(`/tenants/${encodeURIComponent(id)}`)
  return {
    to,
    api: (path) => `${apiBasePath}/api${path}`,
    asset: (name) => to(`/assets/${name}`),
    tenant,
    run: (id) => to(`/operations/${id}`),
    start: (tenantId, type) => `${tenant(tenantId)}/operations/${encodeURIComponent(type)}`
  }
}

/** `Layout` sets it for everything on a page. */
export const LinksContext = createContext<Links | null>(null)

/** The links of the console that a component is rendered for. */
export const useLinks = (): Links => {
  const links = useContext(LinksContext)
  if (links === null)
    throw new Error("A component with links is rendered outside of a Layout: render it inside of one.")
  return links
}
