import { assert } from "@effect/vitest"

/** Where a console is mounted, as its visitors see it. */
export interface Mounted {
  readonly origin: string
  readonly basePath: string
  /** How requests get there: over the network, or straight to a web handler. */
  readonly fetch: (address: URL, init: RequestInit) => Promise<Response>
}

const cookieOf = (user: string | null): Record<string, string> => (user === null ? {} : { cookie: `user=${user}` })

/** Sends a request as a browser of that person would. */
export const send = ({ fetch, origin }: Mounted, user: string | null, path: string, init: RequestInit = {}) =>
  fetch(new URL(path, origin), {
    redirect: "manual",
    ...init,
    headers: { ...cookieOf(user), ...(init.headers as Record<string, string>) }
  })

/** Sends a form. */
export const post = (mounted: Mounted, user: string, path: string, form: Record<string, string> = {}) =>
  send(mounted, user, path, {
    method: "POST",
    headers: { origin: mounted.origin },
    body: new URLSearchParams(form)
  })

const unescaped = (text: string) => text.replaceAll("&amp;", "&")

/** The addresses in a page's HTML, by the attribute that they stand in. */
export const addressesIn = (html: string) =>
  [...html.matchAll(/ (href|src|action|data-live|data-options|data-copy)="([^"]*)"/g)].map(
    ([, attribute = "", value = ""]) => ({
      attribute,
      address: unescaped(value)
    })
  )

/** What the one form of a page with that address would send. */
export const fieldsOf = (html: string, action: string): Record<string, string> => {
  const [form = ""] = html.split("<form").filter((part) => unescaped(part).includes(` action="${action}"`))
  const [inside = ""] = form.split("</form>")
  return Object.fromEntries(
    [...inside.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value])
  )
}

/**
 * Follows every link from a page on, as far as they lead, and asserts that all of them lead to something below the console's
 * path, and that every other address in the pages does, too.
 */
export const crawl = async (mounted: Mounted, user: string, from: string): Promise<ReadonlyMap<string, string>> => {
  const pages = new Map<string, string>()
  const waiting = [from]
  for (let path = waiting.pop(); path !== undefined && pages.size < 300; path = waiting.pop()) {
    if (pages.has(path)) continue
    const answer = await send(mounted, user, path)
    const text = await answer.text()
    assert.strictEqual(answer.status, 200, path)
    pages.set(path, text)
    if (!(answer.headers.get("content-type") ?? "").startsWith("text/html")) continue
    for (const { address, attribute } of addressesIn(text)) {
      // The host's own, and a place on the same page.
      if (address === "/logout" || address.startsWith("#")) continue
      const below = attribute === "data-copy" ? `${mounted.origin}${mounted.basePath}/` : `${mounted.basePath}/`
      assert.isTrue(address.startsWith(below), `${attribute}="${address}" in ${path}`)
      if (attribute === "href" || attribute === "src" || attribute === "data-options") waiting.push(address)
    }
  }
  return pages
}
