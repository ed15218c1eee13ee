/**
 * What every request passes before it reaches a page or a call: a name, a line in the log, headers that take from browsers what
 * pages do not need, and refusals of forged and of too large requests. The console guards itself; hosts guard pages of their
 * own with it.
 *
 * @module
 */

import { Effect } from "effect"
import type { Hono } from "hono"
import { bodyLimit } from "hono/body-limit"
import { secureHeaders } from "hono/secure-headers"
import { Host } from "./Host.ts"
import { problemJson } from "./problemJson.ts"
import { nameRequests, requestServices } from "./RequestIds.ts"
import { sameOriginOnly } from "./SameOrigin.ts"

const contentSecurityPolicy = {
  defaultSrc: ["'self'"],
  objectSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"]
}

// Inputs are small, and nothing here takes uploads.
const maxBodyBytes = 64 * 1024

/** Makes the guard, for the origin and the addresses of `Host`. */
export const makeGuard = Effect.gen(function* () {
  const { links, origin } = yield* Host
  const run = Effect.runPromiseWith(yield* Effect.context())
  const assets = links.asset("")

  /**
   * Guards routes that are added later.
   *
   * @param path which of them
   */
  return (app: Hono, path: string): void => {
    app.use(path, nameRequests)
    app.use(path, async (c, next) => {
      const from = performance.now()
      await next()
      const { method, path: asked } = c.req
      // The line leaves out the query, which may say more than a log should keep. Assets are not worth a line.
      if (asked.startsWith(assets)) return
      const line = { method, path: asked, status: c.res.status, millis: Math.round(performance.now() - from) }
      await run(Effect.logInfo("Answered").pipe(Effect.annotateLogs(line), Effect.provideContext(requestServices(c))))
    })
    app.use(
      path,
      secureHeaders({
        contentSecurityPolicy,
        referrerPolicy: "same-origin",
        permissionsPolicy: { camera: false, geolocation: false, microphone: false },
        strictTransportSecurity: origin.startsWith("https:")
      })
    )
    app.use(path, sameOriginOnly(origin, links.api("/")))
    app.use(
      path,
      bodyLimit({
        maxSize: maxBodyBytes,
        onError: () => problemJson(413, "The request is too large.", `Send at most ${maxBodyBytes} bytes.`)
      })
    )
  }
})
