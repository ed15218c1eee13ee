/**
 * Atlas inside a Hono backend written in Effect, which has its own sign-in and its own policy.
 *
 * Run it with `DATABASE_URL=postgres://… pnpm exec node --import tsx examples/effect/server.ts`.
 */
import {
  Access,
  type Actor,
  type Grant,
  Operations,
  Operation,
  RunHandler,
  Runs,
  type StartProblem,
  Worker,
  WorkspaceId
} from "@atlas/operations"
import * as Pg from "@atlas/operations/pg"
import { serve } from "@hono/node-server"
import { Config, Effect, Layer, ManagedRuntime, Option, Schema } from "effect"
import { HttpServerRespondable, HttpServerResponse } from "effect/http"
import { type Context, Hono } from "hono"

// The host's policy. A real one asks the host's own tables; tenant ids are the host's own as well.
const acme = WorkspaceId.make("acme")
const grants = new Map<string, Grant>([
  [
    "ada",
    { workspaceId: acme, tenants: "all", capabilities: new Set(["tenant.reports.export", "tenant.reports.view"]) }
  ],
  ["rita", { workspaceId: acme, tenants: "all", capabilities: new Set(["tenant.reports.view"]) }]
])
const workspaces = new Map([["acme-eu", acme]])

const access = Layer.succeed(
  Access,
  Access.of({
    workspaceOf: (tenantId) => Effect.succeed(Option.fromUndefinedOr(workspaces.get(tenantId))),
    grants: (actor) => Effect.succeed(Option.toArray(Option.fromUndefinedOr(grants.get(actor.id))))
  })
)

// The host's Postgres: its tables and Atlas' live side by side. Migrations are applied before anything asks for a run.
const database = Layer.unwrap(Effect.map(Config.Redacted("DATABASE_URL"), (url) => Pg.layer({ url })))

// The host's own sign-in; here it believes a header.
const actorOf = (c: Context): Actor => {
  const id = c.req.header("x-user") || "anonymous"
  return { id, kind: "user", name: id }
}

// #region embedding
const ExportReport = Operation.make({
  name: "reports.export",
  label: "Export report",
  description: "Exports one month of a tenant's report.",
  category: "Reports",
  input: Schema.Struct({ month: Schema.String.check(Schema.isPattern(/^\d{4}-\d{2}$/)) }),
  capabilities: { start: "tenant.reports.export", view: "tenant.reports.view" },
  identity: { rule: "while_active", key: ({ month }) => month }
})

const exportReport = ExportReport.toLayer(({ input, scope }) =>
  Effect.as(Effect.log(`Exporting ${input.month} of ${scope.tenantId}`), RunHandler.succeeded)
)

const atlas = Worker.layer(exportReport).pipe(
  Layer.provideMerge(Operations.layer(ExportReport)),
  Layer.provide([access, database])
)
const runtime = ManagedRuntime.make(atlas)

const app = new Hono()
app.post("/tenants/:tenant/reports/:month", (c) => {
  const { tenant, month } = c.req.param()
  const request = { tenantId: tenant, input: { month } }
  return answer(c, 202, (runs) => runs.start(actorOf(c), ExportReport, request))
})
app.get("/runs/:run", (c) => answer(c, 200, (runs) => runs.get(actorOf(c), c.req.param("run"))))
// #endregion

// A refusal brings its answer along, such as 404, 403 or 422, as `application/problem+json`.
type Refusal = StartProblem

function answer<A extends object>(
  c: Context,
  status: 200 | 202,
  ask: (runs: Runs["Service"]) => Effect.Effect<A, Refusal>
) {
  return runtime.runPromise(
    Runs.use(ask).pipe(
      Effect.map((answered) => c.json(answered, status)),
      Effect.catch((refusal) => Effect.map(HttpServerRespondable.toResponse(refusal), HttpServerResponse.toWeb))
    )
  )
}

// Layers are built on first use: this is it, so the worker is up and a wrong setting stops the start.
const port = await runtime.runPromise(Config.Port("PORT").pipe(Config.withDefault(3000)))
const server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, () => console.log(`Listening on port ${port}`))

// Running work is given back to the queue before the process ends.
process.once("SIGTERM", () => {
  server.close()
  void runtime.dispose()
})
