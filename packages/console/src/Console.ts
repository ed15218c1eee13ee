/**
 * The console: every page, form and asset, the HTTP API and the live timeline of runs, as one web handler. A host makes one and
 * mounts it below any path. The host answers who makes a request (`actorOf`) and what that person may do (`Access`).
 *
 * @module
 */

import {
  type Authorization,
  Decoding,
  type OperationCatalog,
  OperationsApi,
  OperationsHttp,
  type Problems,
  type Runs
} from "@atlas/operations"
import { Context, Effect, Layer, Schema, type Scope, Tracer } from "effect"
import type { HttpApi } from "effect/http-api"
import { RateLimiter } from "effect/persistence"
import { type Context as Asked, Hono } from "hono"
import { apiHeaders, makeApi } from "./api/Api.ts"
import { callsOf } from "./api/calls.ts"
import { makeRunActionRoutes } from "./operations/RunActionRoutes.ts"
import { makeRunListRoutes } from "./operations/RunListRoutes.ts"
import { makeRunRoutes } from "./operations/RunRoutes.ts"
import { makeApiReferenceRoutes } from "./reference/ApiReferenceRoutes.ts"
import { makeAssets } from "./shell/Assets.ts"
import { Confirmations } from "./shell/Confirmations.ts"
import { makeGuard } from "./shell/guard.ts"
import { Host, type HostOptions } from "./shell/Host.ts"
import { makeMethodsAt } from "./shell/methods.ts"
import { Contributions, makePart, type Part } from "./shell/Part.ts"
import { problemJson } from "./shell/problemJson.ts"
import { requestServices } from "./shell/RequestIds.ts"
import { makeRequests, redirect } from "./shell/Requests.ts"
import { makeStartLimit, type Routes, routesOf } from "./shell/Routes.ts"
import { makeTenantRoutes } from "./tenants/TenantRoutes.ts"

/** How a console is mounted, and which features it has. */
export interface Options<Parts extends ReadonlyArray<Part<unknown>>> extends HostOptions {
  /** Features besides runs and tenants. What is not listed has no page, call or link. */
  readonly parts?: Parts
}

/** A console as a web handler. */
export interface Handler {
  (request: Request): Promise<Response>
  /** Every method and path, with `:name` for what varies: for tests and gateways that try them all. */
  readonly routes: ReadonlyArray<{ readonly method: string; readonly path: string }>
}

type ServicesOf<One> = One extends Part<infer R> ? R : never

/** The services that parts need. */
export type PartServices<Parts extends ReadonlyArray<Part<unknown>>> = ServicesOf<Parts[number]>

/** The services that every console needs: the ledger. */
export type LedgerServices = Authorization | OperationCatalog | Runs

/** Runs and tenants, which every console has. */
const ledger = makePart({
  pages: Effect.map(
    Effect.all([makeTenantRoutes, makeRunListRoutes, makeRunRoutes, makeRunActionRoutes]),
    (adders) => (routes: Routes) => {
      for (const add of adders) add(routes)
    }
  ),
  api: { declaration: OperationsApi.Api, routes: OperationsHttp.layer }
})

/** Keeps its counts in this process: with several processes, each allows as much. */
const limiter = RateLimiter.layer.pipe(Layer.provide(RateLimiter.layerStoreMemory))

const contributionsOf = <R>(parts: ReadonlyArray<Part<R>>) =>
  Layer.effect(
    Contributions,
    Effect.forEach(parts, ({ contribution = Effect.succeed({}) }) => contribution)
  )

const nothing = Effect.succeed(() => {})

const build = Effect.fnUntraced(function* <R>(parts: ReadonlyArray<Part<R>>) {
  const { apiBasePath, links } = yield* Host
  const requests = yield* makeRequests
  const declared = parts.flatMap(({ api }) => api ?? [])
  const declarations = declared.map(({ declaration }) => declaration as HttpApi.Top)
  const known = callsOf(declarations)
  const api = yield* makeApi(
    declared.map(({ routes }) => routes),
    known
  )
  const addPages = yield* Effect.forEach(parts, ({ pages = nothing }) => pages)
  const addReference = yield* makeApiReferenceRoutes(declarations)
  const addAssets = yield* makeAssets
  const guard = yield* makeGuard
  const limitStarts = yield* makeStartLimit
  const run = Effect.runPromiseWith(yield* Effect.context())

  const app = new Hono()
  const calls = links.api("/*")
  guard(app, "*")
  app.use(calls, apiHeaders)
  for (const { path, startsRuns } of known) if (startsRuns) app.post(`${apiBasePath}${path}`, limitStarts)
  const below = links.to("") === "" ? app : app.basePath(links.to(""))
  addAssets(below)
  addReference(app)
  app.all(calls, api)
  const routes = routesOf(below, limitStarts)
  for (const add of addPages) add(routes)
  app.get(links.to("") || "/", () => redirect(links.to("/tenants")))
  const failed = (c: Asked, error: unknown) =>
    run(
      Effect.logError(`${c.req.method} ${c.req.path} failed`, error).pipe(Effect.provideContext(requestServices(c)))
    ).then(() =>
      problemJson(500, "Something went wrong on our side.", "Try again; if it persists, report it with the time.")
    )
  // Where even the page of the problem fails, such as for a wrong address of the sign-in, its words remain.
  app.onError((error, c) =>
    c.req.path.startsWith(links.api("/"))
      ? failed(c, error)
      : requests
          .open(() => Effect.die(error))(c)
          .catch((another: unknown) => failed(c, another))
  )
  app.notFound(requests.unknown(makeMethodsAt(app.routes)))
  return app
})

const untraced = <R>(context: Context.Context<R>) => Context.omit(Tracer.ParentSpan)(context) as Context.Context<R>

const Given = Schema.StructWithRest(Schema.Struct({ parts: Schema.optionalKey(Schema.Array(Schema.ObjectKeyword)) }), [
  Schema.Record(Schema.String, Schema.Unknown)
])

const decode = Decoding.argumentsOf(Schema.Struct({ options: Given }))

/**
 * Makes a console, for as long as the scope is open. Fails with `InvalidInput`, which names each problem, for options that make
 * no sense.
 *
 * @example
 * ```ts
 * const make = Console.make({
 *   origin: "https://acme.example",
 *   actorOf: ({ headers }) => actorOf(headers.get("cookie")),
 *   tenantsOf: people.tenantsOf,
 *   secret,
 *   parts: [intune, hello]
 * })
 * const console = await runtime.runPromise(Effect.provideService(make, Scope.Scope, runtime.scope))
 * ```
 */
export const make = Effect.fn("Console.make")(function* <
  const Parts extends ReadonlyArray<Part<unknown>> = readonly []
>(
  given: Options<Parts>
): Effect.fn.Return<Handler, Problems.InvalidInput, Scope.Scope | LedgerServices | PartServices<Parts>> {
  yield* decode({ options: given })
  const { parts, ...options } = given
  type Needed = LedgerServices | PartServices<Parts>
  const all: ReadonlyArray<Part<Needed>> = [ledger, ...((parts ?? []) as ReadonlyArray<Part<PartServices<Parts>>>)]
  const own = Layer.merge(Confirmations.layer, contributionsOf(all)).pipe(
    Layer.provideMerge(Layer.merge(Layer.effect(Host, Host.make(options)), limiter))
  )
  // A request belongs to its own trace or its caller's, never to the one in which the console was made.
  const app = yield* build(all).pipe(
    Effect.provideContext(yield* Layer.build(own)),
    Effect.updateContext(untraced<Needed | Scope.Scope>)
  )
  return Object.assign(async (request: Request) => app.fetch(request), { routes: app.routes })
})
