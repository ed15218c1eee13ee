/**
 * The HTTP API of the console as a web handler, with the actors of the host and with answers in words.
 *
 * @module
 */

import { OperationsApi, OperationsHttp, Problems } from "@atlas/operations"
import { Cause, Context, Effect, Layer, Logger, Option } from "effect"
import { HttpRouter, HttpServer, HttpServerRespondable, HttpServerResponse } from "effect/http"
import type { Context as Request, MiddlewareHandler } from "hono"
import { Host } from "../shell/Host.ts"
import { makeMethodsAt, otherMethod, type Route } from "../shell/methods.ts"
import type { ApiServices } from "../shell/Part.ts"
import { problemJson } from "../shell/problemJson.ts"
import { requestServices } from "../shell/RequestIds.ts"

/** The request as it came to the console, from which `actorOf` tells who makes it. */
const Incoming = Context.Reference<globalThis.Request | null>("@atlas/console/Api/Incoming", {
  defaultValue: () => null
})

const authentication = Layer.effect(
  OperationsApi.Authentication,
  Effect.map(Host, ({ actorOf }) =>
    OperationsApi.Authentication.of(
      Effect.fnUntraced(function* (answer) {
        const request = yield* Incoming
        const actor = request === null ? Option.none() : yield* actorOf(request)
        if (Option.isNone(actor)) return yield* new Problems.Unauthenticated({})
        return yield* Effect.provideService(answer, OperationsApi.CurrentActor, actor.value)
      })
    )
  )
)

const publicUrl = Layer.effect(
  OperationsHttp.PublicUrl,
  Effect.map(Host, ({ apiBasePath, links, origin }) => ({ origin, api: apiBasePath, pages: links.to("") }))
)

// A refusal of the router itself, such as of an unknown path, arrives as a defect that holds the answer.
const isOurs = (defect: unknown) => !HttpServerResponse.isHttpServerResponse(defect) || defect.status >= 500

// The caller learns only that something went wrong; the log has the cause.
const logDefects = <A, E, R>(answer: Effect.Effect<A, E, R>) =>
  Effect.tapCause(answer, (cause) =>
    cause.reasons.some((reason) => Cause.isDieReason(reason) && isOurs(reason.defect))
      ? Effect.logError("A request to the API failed", cause)
      : Effect.void
  )

/** The answer depends on the caller, so no cache in between may pass it to others. */
export const apiHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  const { headers } = c.res
  if (!headers.has("cache-control")) c.header("cache-control", "private, no-cache")
  if (!headers.has("vary")) c.header("vary", "Authorization, Cookie")
  // RFC 9110, section 11.6.1: names what would be accepted, and nothing else.
  if (c.res.status === 401) c.header("www-authenticate", "Bearer")
}

const notFound = Effect.map(HttpServerRespondable.toResponse(new Problems.NotFound({})), (response) =>
  HttpServerResponse.toWeb(response)
)

const notAllowed = (method: string, methods: ReadonlyArray<string>) => {
  const { allow, detail, title } = otherMethod(method, methods)
  const response = problemJson(405, title, detail)
  response.headers.set("allow", allow)
  return response
}

/**
 * Gives words to an answer of the router that has none.
 *
 * @param methods that the address takes
 */
const inWords = async (response: Response, method: string, methods: ReadonlyArray<string>): Promise<Response> => {
  // The router answers in plain text, and people meet it often: what curl sends with `-d` is a form.
  if (response.status === 415)
    return problemJson(415, "This call takes JSON.", "Send the body with the header Content-Type: application/json.")
  if (response.ok || response.headers.has("content-type")) return response
  // The router's own answers have no body. An unknown path looks like anything else that does not exist.
  if (response.status === 404) return methods.length === 0 ? Effect.runPromise(notFound) : notAllowed(method, methods)
  return response.status < 500
    ? response
    : problemJson(
        response.status,
        "Something went wrong on our side.",
        "Try again; if it persists, report it with the time."
      )
}

// One address for each call, as the console's own router has it: what is said of an address, such as how often people may start
// something there, would not be true of its other spellings.
const exact = { caseSensitive: true, ignoreDuplicateSlashes: false, ignoreTrailingSlash: false }

/**
 * The API as a web handler. It shares the services that are built already.
 *
 * @param routes of every part, below `/api/v1`
 * @param calls that the routes answer
 */
export const makeApi = Effect.fnUntraced(function* <R>(
  routes: ReadonlyArray<Layer.Layer<never, never, R | ApiServices>>,
  calls: ReadonlyArray<Route>
) {
  const { apiBasePath } = yield* Host
  const services = yield* Effect.context<R | Host>()
  const [first = Layer.empty, ...others] = routes
  const served = Layer.mergeAll(first, ...others).pipe(
    Layer.provide(Layer.merge(authentication, publicUrl)),
    Layer.provide(Layer.succeedContext(services)),
    Layer.provide(HttpServer.layerServices)
  ) as Layer.Layer<never, never, HttpRouter.HttpRouter>
  // The handler runs outside the host's context, and would use loggers of its own.
  const loggers = yield* Logger.CurrentLoggers
  const middleware = <A, E, R>(answer: Effect.Effect<A, E, R>) =>
    Effect.provideService(logDefects(answer), Logger.CurrentLoggers, loggers)
  const api = yield* Effect.acquireRelease(
    Effect.sync(() => HttpRouter.toWebHandler(served, { disableLogger: true, middleware, routerConfig: exact })),
    (handler) => Effect.promise(() => handler.dispose())
  )

  // The console itself answers with the description.
  const methodsAt = makeMethodsAt([...calls, { method: "GET", path: "/api/v1/openapi.json" }])
  return async (c: Request): Promise<Response> => {
    const { raw } = c.req
    const url = new URL(raw.url)
    url.pathname = url.pathname.slice(apiBasePath.length)
    const request = apiBasePath === "" ? raw : new globalThis.Request(url, raw)
    const response = await api.handler(request, Context.add(requestServices(c), Incoming, raw))
    return inWords(response, raw.method, methodsAt(url.pathname))
  }
})
