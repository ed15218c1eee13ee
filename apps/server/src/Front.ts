/**
 * The listening socket of the server, with health, readiness and metrics. It opens before everything else and closes last, so
 * that health can be asked while the database is waited for and while work is given back.
 *
 * @module
 */

import type { Server } from "node:http"
import { serve } from "@hono/node-server"
import { Context, Data, Effect, Layer, Option, type Scope } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { Hono } from "hono"
import { Settings } from "./Settings.ts"

/** The configured address cannot be listened on. The message says why. */
export class ListenError extends Data.TaggedError("ListenError")<{ readonly message: string }> {}

/** Answers a request, as Hono's `fetch` does. */
export type Fetch = (request: Request, env: unknown) => Response | Promise<Response>

/** The socket, on which an application is mounted once it is ready. */
export class Front extends Context.Service<
  Front,
  {
    /** Says why the process cannot serve yet, or no longer. */
    report(reason: string): Effect.Effect<void>
    /**
     * Lets an application answer until the scope closes. What the scope depends on lives until requests under way are answered.
     *
     * @param fetch the application; null if this process has none
     * @param check fails with the reason why the process cannot serve now
     */
    mount(fetch: Fetch | null, check: Effect.Effect<void, string>): Effect.Effect<void, never, Scope.Scope>
  }
>()("@atlas/server/Front") {
  static readonly layer: Layer.Layer<Front, ListenError, Settings> = Layer.effect(
    Front,
    Effect.gen(function* () {
      const { host, port } = yield* Settings
      let reason = "The process is starting."
      let mounted = Option.none<{ readonly fetch: Fetch | null; readonly check: Effect.Effect<void, string> }>()
      const run = Effect.runPromiseWith(yield* Effect.context())
      // Tracks a request only until its answer begins: a stream of events would never let us go.
      const underWay = new Set<Promise<Response>>()
      const track = (answer: Promise<Response>) => {
        underWay.add(answer)
        return answer.finally(() => underWay.delete(answer))
      }

      const unready = Effect.suspend(() =>
        Option.match(mounted, {
          onNone: () => Effect.succeed<string | null>(reason),
          onSome: ({ check }) => check.pipe(Effect.as(null), Effect.catch(Effect.succeed<string | null>))
        })
      )
      const unavailable = (detail: string) =>
        Response.json(
          { type: "about:blank", title: "The service is not ready.", status: 503, detail },
          { status: 503, headers: { "content-type": "application/problem+json", "retry-after": "2" } }
        )

      const app = new Hono()
      app.get("/healthz", (c) => c.json({ status: "alive" }))
      // https://prometheus.io/docs/instrumenting/exposition_formats/; names no tenant and no person.
      app.get("/metrics", async (c) =>
        c.text(await run(PrometheusMetrics.format()), 200, {
          "content-type": "text/plain; version=0.0.4; charset=utf-8",
          "cache-control": "no-store"
        })
      )
      app.get("/readyz", async (c) => {
        const why = await run(unready)
        return why === null ? c.json({ status: "ready" }) : unavailable(why)
      })
      app.all("*", (c) =>
        Option.match(mounted, {
          onNone: () => unavailable(reason),
          onSome: ({ fetch }) => (fetch === null ? c.notFound() : track(Promise.resolve(fetch(c.req.raw, c.env))))
        })
      )
      yield* Effect.acquireRelease(listen(app.fetch, host, port), close)

      return Front.of({
        report: (next) =>
          Effect.sync(() => {
            reason = next
          }),
        mount: (fetch, check) =>
          Effect.acquireRelease(
            Effect.sync(() => {
              mounted = Option.some({ fetch, check })
            }),
            () =>
              Effect.suspend(() => {
                reason = "The process is shutting down."
                mounted = Option.none()
                return settled(underWay)
              })
          )
      })
    })
  )
}

// Requests under way get an answer, unless that takes too long.
const settled = (answers: Iterable<Promise<unknown>>) =>
  Effect.promise(() => Promise.allSettled(answers)).pipe(Effect.timeoutOption("2 seconds"))

const listen = (fetch: Fetch, host: string, port: number) =>
  Effect.callback<Server, ListenError>((resume) => {
    const server = serve({ fetch, hostname: host, port }, () => resume(Effect.succeed(server))) as Server
    server.once("error", (error: NodeJS.ErrnoException) =>
      resume(
        Effect.fail(
          new ListenError({
            message:
              error.code === "EADDRINUSE"
                ? `Port ${port} on ${host} is taken: stop the program that uses it, or set PORT to another one.`
                : `Cannot listen on ${host}:${port}: ${error.message}`
          })
        )
      )
    )
  })

// Requests under way finish; streams that never end are cut after a moment.
const close = (server: Server) =>
  Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 2_000).unref()
  })
