import { Console } from "@atlas/console"
import { directory } from "@atlas/console/directory"
import { graph } from "@atlas/console/graph"
import { intune } from "@atlas/console/intune"
import { legacy } from "@atlas/console/legacy"
import { makeGuard, problemJson, redirect } from "@atlas/console/shell"
import { getConnInfo } from "@hono/node-server/conninfo"
import { Effect, Layer } from "effect"
import { Hono, type MiddlewareHandler } from "hono"
import * as ConsoleHost from "./ConsoleHost.ts"
import { databaseAnswers } from "./Database.ts"
import { Front } from "./Front.ts"
import { SignIn } from "./SignIn.ts"
import * as RateLimits from "./RateLimits.ts"
import { isLoopback } from "./Settings.ts"
import { makeSignInRoutes } from "./SignInRoutes.ts"

// Anyone who reaches the development sign-in can be whoever they like. So only this machine may reach it, not even through a
// name that points at it (DNS rebinding).
const loopbackOnly: MiddlewareHandler = async (c, next) => {
  const peer = getConnInfo(c).remote.address ?? ""
  const host = URL.parse(`http://${c.req.header("host") ?? ""}`)?.hostname ?? ""
  if (isLoopback(peer.replace(/^::ffff:/, "")) && isLoopback(host)) return next()
  return problemJson(403, "Development sign-in is for this machine only.", "Open the server by its loopback address.")
}

/** The application: the sign-in, and the console with all of its parts. */
export const makeApp = Effect.gen(function* () {
  const { development } = yield* SignIn
  const options = yield* ConsoleHost.hostOptions
  const console = yield* Effect.orDie(Console.make({ ...options, parts: [legacy, intune, directory, graph] }))
  const addSignIn = yield* makeSignInRoutes
  const guard = yield* makeGuard
  const limitSignIn = yield* RateLimits.makeSignInLimit

  const app = new Hono()
  if (development) app.use(loopbackOnly)
  for (const path of ["/", "/sign-in/*", "/sign-out"]) guard(app, path)
  app.use("/sign-in/*", limitSignIn)
  addSignIn(app)
  app.get("/", () => redirect(`${options.basePath}/tenants`))
  app.all("*", (c) => console(c.req.raw))
  return { fetch: app.fetch, routes: [...app.routes, ...console.routes] }
})

/** The web side of the server, mounted on the front: pages, API, live events and sign-in. */
export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const front = yield* Front
    const app = yield* makeApp
    yield* front.mount(app.fetch, yield* databaseAnswers)
  })
).pipe(Layer.provide([ConsoleHost.layer, RateLimits.layer]))
