import { fileURLToPath } from "node:url"
import { type DirectoryGroups, DirectoryHttp, type DirectoryRoleDefinitions } from "@atlas/directory"
import {
  type Backups,
  type BackupSchedules,
  IntuneHttp,
  type Inventory,
  type PolicyDrift,
  type Restores
} from "@atlas/intune"
import { type Authentication, OperationsHttp, Problems, type Runs } from "@atlas/operations"
import { getConnInfo } from "@hono/node-server/conninfo"
import { serveStatic } from "@hono/node-server/serve-static"
import { Cause, Effect, Layer, Logger } from "effect"
import { HttpRouter, HttpServer, HttpServerRespondable, HttpServerResponse } from "effect/http"
import { type Context, Hono, type MiddlewareHandler } from "hono"
import { bodyLimit } from "hono/body-limit"
import { etag } from "hono/etag"
import { secureHeaders } from "hono/secure-headers"
import { makeApiReferenceRoutes } from "./ApiReferenceRoutes.ts"
import { makeConfigurationRoutes } from "./ConfigurationRoutes.ts"
import { databaseAnswers } from "./Database.ts"
import { Front } from "./Front.ts"
import { authentication, Identity } from "./Identity.ts"
import { makeBackupRoutes } from "./BackupRoutes.ts"
import { makeDriftRoutes } from "./DriftRoutes.ts"
import { makeInventoryRoutes } from "./InventoryRoutes.ts"
import { makeLegacyRoutes } from "./LegacyRoutes.ts"
import { problemJson } from "./problemJson.ts"
import { nameRequests, requestServices } from "./RequestIds.ts"
import * as RateLimits from "./RateLimits.ts"
import { makeRequests, redirect } from "./Requests.ts"
import { makeRunActionRoutes } from "./RunActionRoutes.ts"
import { makeRunListRoutes } from "./RunListRoutes.ts"
import { makeRunRoutes } from "./RunRoutes.ts"
import { sameOriginOnly } from "./SameOrigin.ts"
import { isLoopback, Settings } from "./Settings.ts"
import { makeRestoreRoutes } from "./RestoreRoutes.ts"
import { makeScheduleRoutes } from "./ScheduleRoutes.ts"
import { makeSignInRoutes } from "./SignInRoutes.ts"
import { makeTenantRoutes } from "./TenantRoutes.ts"

const assets = fileURLToPath(new URL("../assets", import.meta.url))

// Anyone who reaches the development sign-in is whoever they like: nobody but this machine may, not even through a name
// that was pointed at it (DNS rebinding).
const loopbackOnly: MiddlewareHandler = async (c, next) => {
  const peer = getConnInfo(c).remote.address ?? ""
  const host = URL.parse(`http://${c.req.header("host") ?? ""}`)?.hostname ?? ""
  if (isLoopback(peer.replace(/^::ffff:/, "")) && isLoopback(host)) return next()
  return problemJson(403, "Development sign-in is for this machine only.", "Open the server by its loopback address.")
}

const setHeader =
  (name: string, value: string): MiddlewareHandler =>
  async (c, next) => {
    await next()
    c.header(name, value)
  }

// What the router refuses by itself, such as an unknown path, arrives as a defect that holds the answer.
const isOurs = (defect: unknown) => !HttpServerResponse.isHttpServerResponse(defect) || defect.status >= 500

// What is answered depends on who asks: no cache between us may hand it to others.
const apiHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  const { headers } = c.res
  if (!headers.has("cache-control")) c.header("cache-control", "private, no-cache")
  if (!headers.has("vary")) c.header("vary", "Authorization, Cookie")
  // RFC 9110, section 11.6.1: what would be accepted, and no more than that.
  if (c.res.status === 401) c.header("www-authenticate", "Bearer")
}

// Whoever asked learns that something went wrong; what it was is for the log.
const logDefects = <A, E, R>(answer: Effect.Effect<A, E, R>) =>
  Effect.tapCause(answer, (cause) =>
    cause.reasons.some((reason) => Cause.isDieReason(reason) && isOurs(reason.defect))
      ? Effect.logError("A request to the API failed", cause)
      : Effect.void
  )

/** The API as a web handler; it shares the services that are already built. */
const makeApi = Effect.gen(function* () {
  const services = yield* Effect.context<
    | Authentication
    | DirectoryGroups
    | DirectoryRoleDefinitions
    | Backups
    | BackupSchedules
    | Inventory
    | PolicyDrift
    | Restores
    | OperationsHttp.PublicUrl
    | Runs
  >()
  const routes = Layer.mergeAll(OperationsHttp.layer, DirectoryHttp.layer, IntuneHttp.layer).pipe(
    Layer.provide(Layer.succeedContext(services)),
    Layer.provide(HttpServer.layerServices)
  )
  // The handler runs outside this server's context, and would log with loggers of its own.
  const loggers = yield* Logger.CurrentLoggers
  const middleware = <A, E, R>(answer: Effect.Effect<A, E, R>) =>
    Effect.provideService(logDefects(answer), Logger.CurrentLoggers, loggers)
  return yield* Effect.acquireRelease(
    Effect.sync(() => HttpRouter.toWebHandler(routes, { disableLogger: true, middleware })),
    (api) => Effect.promise(() => api.dispose())
  )
})

const contentSecurityPolicy = {
  defaultSrc: ["'self'"],
  objectSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"]
}

const toWeb = (refusal: Problems.NotFound) =>
  Effect.map(HttpServerRespondable.toResponse(refusal), (response) => HttpServerResponse.toWeb(response))

// Inputs are small; nothing here takes uploads.
const maxBodyBytes = 64 * 1024

// Whatever creates runs.
const startPaths = [
  "/api/v1/tenants/:tenant/operations/:type",
  "/api/v1/workspaces/:workspace/operations/:type",
  "/api/v1/operations/:run/retry",
  "/api/v1/tenants/:tenant/restores",
  "/api/v1/tenants/:tenant/restores/:restore/confirm",
  "/api/v1/tenants/:tenant/restores/:restore/plan",
  "/admin/tenants/:tenant/operations/:type",
  "/admin/tenants/:tenant/drift",
  "/admin/tenants/:tenant/restores",
  "/admin/tenants/:tenant/restores/:restore/confirm",
  "/admin/tenants/:tenant/restores/:restore/plan",
  "/admin/operations/:run/retry",
  "/admin/operations/:run/replace"
]

/** The application: every route, behind everything that a request has to pass first. */
export const makeApp = Effect.gen(function* () {
  const identity = yield* Identity
  const { publicUrl } = yield* Settings
  const requests = yield* makeRequests
  const api = yield* makeApi
  const addPages = [
    yield* makeSignInRoutes,
    yield* makeTenantRoutes,
    yield* makeConfigurationRoutes,
    yield* makeInventoryRoutes,
    yield* makeScheduleRoutes,
    yield* makeBackupRoutes,
    yield* makeRestoreRoutes,
    yield* makeDriftRoutes,
    yield* makeLegacyRoutes,
    yield* makeRunListRoutes,
    yield* makeRunRoutes,
    yield* makeRunActionRoutes
  ]
  const addReference = yield* makeApiReferenceRoutes
  const run = Effect.runPromiseWith(yield* Effect.context())
  const serve = <A>(c: Context, effect: Effect.Effect<A>) => run(Effect.provideContext(effect, requestServices(c)))

  const app = new Hono()
  app.use(nameRequests)
  app.use(async (c, next) => {
    const from = performance.now()
    await next()
    const { method, path } = c.req
    // Without the query, which may say more than a log should keep. Assets are not worth a line.
    const line = { method, path, status: c.res.status, millis: Math.round(performance.now() - from) }
    if (!path.startsWith("/assets/")) await serve(c, Effect.annotateLogs(Effect.logInfo("Answered"), line))
  })
  if (identity.development) app.use(loopbackOnly)
  app.use(
    secureHeaders({
      contentSecurityPolicy,
      referrerPolicy: "same-origin",
      permissionsPolicy: { camera: false, geolocation: false, microphone: false },
      strictTransportSecurity: publicUrl.startsWith("https:")
    })
  )
  app.use("/api/*", apiHeaders)
  app.use(sameOriginOnly(publicUrl))
  app.use(bodyLimit({ maxSize: maxBodyBytes, onError: () => problemJson(413, "The request is too large.") }))
  const limits = yield* RateLimits.makeRateLimits
  for (const path of ["/sign-in", "/sign-in/*"]) app.use(path, limits.signIn)
  for (const path of startPaths) app.use(path, limits.start)
  // Asset names carry no hash: browsers ask again, and get 304.
  app.use("/assets/*", etag(), setHeader("cache-control", "no-cache"))
  app.use("/assets/*", serveStatic({ root: assets, rewriteRequestPath: (path) => path.replace(/^\/assets/, "") }))

  addReference(app)
  app.all("/api/*", async (c) => {
    const response = await api.handler(c.req.raw, requestServices(c))
    // Answered in plain text, and often met: what curl sends with `-d` is a form.
    if (response.status === 415) {
      return problemJson(415, "This call takes JSON.", "Send the body with the header Content-Type: application/json.")
    }
    if (response.ok || response.headers.has("content-type")) return response
    // The router's own answers have no body. An unknown path looks like anything else that is not there.
    if (response.status === 404) return run(toWeb(new Problems.NotFound({})))
    return response.status < 500
      ? response
      : problemJson(
          response.status,
          "Something went wrong on our side.",
          "Try again; if it persists, report it with the time."
        )
  })

  for (const add of addPages) add(app)
  app.get("/", () => redirect("/admin/tenants"))
  app.get("/admin", () => redirect("/admin/tenants"))
  app.onError((error, c) =>
    serve(c, Effect.logError(`${c.req.method} ${c.req.path} failed`, error)).then(() =>
      problemJson(500, "Something went wrong.")
    )
  )
  app.notFound(requests.open(() => new Problems.NotFound({})))
  return app
})

/** The web side of the server: pages, API, live events and sign-in, behind the listening socket. */
export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const front = yield* Front
    const app = yield* makeApp
    yield* front.mount(app.fetch, yield* databaseAnswers)
  })
).pipe(Layer.provide([authentication, RateLimits.layer]))
