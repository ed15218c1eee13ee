import { AtlasError, createAtlas, defineOperation } from "@atlas/operations/promise"
import { serve } from "@hono/node-server"
import { type Context, Hono } from "hono"
import { z } from "zod"

const exportReport = defineOperation({
  name: "reports.export",
  label: "Export report",
  input: z.object({ month: z.string().regex(/^\d{4}-\d{2}$/) }),
  capabilities: { start: "tenant.reports.export", view: "tenant.reports.view" },
  identity: { rule: "while_active", key: ({ month }) => month },
  handler: async ({ input, scope, progress }) => {
    console.log(`Exporting ${input.month} of ${scope.tenantId}`)
    progress({ total: 1, processed: 1 })
  }
})

// Your own policy: which workspace a tenant belongs to, and what a person may do there.
const workspaceOf = (tenant: string) => (tenant === "acme-eu" ? "acme" : null)
const rights = { ada: ["tenant.reports.export", "tenant.reports.view"], rita: ["tenant.reports.view"] } as const
const grants = ({ id }: { id: string }) =>
  Object.hasOwn(rights, id) ? [{ workspaceId: "acme", tenants: "all", capabilities: rights[id as "ada"] } as const] : []
const actorOf = (c: Context) => ({ id: c.req.header("x-user") ?? "nobody" }) // Your own sign-in.

const databaseUrl = process.env["DATABASE_URL"] ?? "postgres://localhost/host"
const atlas = await createAtlas({ databaseUrl, operations: [exportReport], access: { workspaceOf, grants } })
const app = new Hono()
app.post("/tenants/:tenantId/reports/:month", async (c) => {
  const { tenantId, month } = c.req.param()
  return c.json(await atlas.start(actorOf(c), exportReport, { tenantId, input: { month } }), 202)
})
app.get("/runs/:id", async (c) => c.json(await atlas.get(actorOf(c), c.req.param("id"))))
app.onError((error) => {
  if (!(error instanceof AtlasError)) throw error
  return Response.json(error, { status: error.status, headers: { "content-type": "application/problem+json" } })
})
const server = serve({ fetch: app.fetch, port: Number(process.env["PORT"] ?? 3000), hostname: "127.0.0.1" })
process.once("SIGTERM", () => server.close(() => void atlas.close()))
