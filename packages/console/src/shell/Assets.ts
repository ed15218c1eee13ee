import { readFile } from "node:fs/promises"
import { Effect } from "effect"
import type { Context, Hono } from "hono"
import { etag } from "hono/etag"

// Beside `src` and, in the package, beside `dist`.
const folder = new URL("../../assets/", import.meta.url)

const types = {
  "app.css": "text/css; charset=utf-8",
  "app.js": "text/javascript; charset=utf-8",
  "favicon.svg": "image/svg+xml",
  "morph.js": "text/javascript; charset=utf-8",
  "selector.js": "text/javascript; charset=utf-8"
}

const answer = (body: Uint8Array<ArrayBuffer>, type: string) => (c: Context) =>
  // Asset names carry no hash: browsers ask again, and get 304.
  c.body(body, 200, { "content-type": type, "cache-control": "no-cache" })

/** Serves the files that pages load. They are small and kept in memory. */
export const makeAssets = Effect.gen(function* () {
  const files = yield* Effect.forEach(Object.entries(types), ([name, type]) =>
    Effect.promise(async () => ({ name, type, body: new Uint8Array(await readFile(new URL(name, folder))) }))
  )
  return (app: Hono): void => {
    app.use("/assets/*", etag())
    for (const { body, name, type } of files) app.get(`/assets/${name}`, answer(body, type))
  }
})
