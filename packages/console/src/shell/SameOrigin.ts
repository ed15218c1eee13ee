import type { Context, MiddlewareHandler } from "hono"
import { problemJson } from "./problemJson.ts"

const safeMethods: ReadonlyArray<string> = ["GET", "HEAD", "OPTIONS"]

/**
 * Whether another site could have made a browser send this request with its credentials. A browser attaches cookies by itself,
 * but never a token, and the host judges a request with a token by the token alone. So a call of the API with a token, or
 * without any credentials, need not prove where it comes from. Pages set cookies and always must.
 */
const mayBeForged = (c: Context, api: string): boolean => {
  if (safeMethods.includes(c.req.method)) return false
  const isApi = c.req.path.startsWith(api)
  return !isApi || (c.req.header("authorization") === undefined && c.req.header("cookie") !== undefined)
}

const originOf = (url: string) => URL.parse(url)?.origin

/**
 * Whether the browser says that a page of this server sent the request. Scripts can set none of these headers. `Sec-Fetch-Site`
 * is the browser's own comparison, which is right behind any proxy; browsers without it send `Origin`, or at least `Referer`.
 */
const isOwn = (c: Context, publicOrigin: string): boolean => {
  const site = c.req.header("sec-fetch-site")
  if (site !== undefined) return site === "same-origin"
  const origin = c.req.header("origin")
  return (origin ?? originOf(c.req.header("referer") ?? "")) === publicOrigin
}

/**
 * Refuses what another site may have made a browser send: every request that could change something, whatever its body, to a
 * page or to the API.
 *
 * @param publicOrigin where browsers reach this server
 * @param api what paths of the API begin with
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
export const sameOriginOnly =
  (publicOrigin: string, api: string): MiddlewareHandler =>
  async (c, next) =>
    mayBeForged(c, api) && !isOwn(c, publicOrigin)
      ? problemJson(
          403,
          "The request does not come from a page of this server.",
          `Open ${publicOrigin} and try again there. Programs call the API with a bearer token.`
        )
      : next()
