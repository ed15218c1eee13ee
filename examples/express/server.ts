import { AtlasError, createAtlas, defineOperation } from "@atlas/operations/promise"
import express, { type ErrorRequestHandler, type Request } from "express"
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
const actorOf = (req: Request) => ({ id: req.header("x-user") ?? "nobody" }) // Your own sign-in.

const databaseUrl = process.env["DATABASE_URL"] ?? "postgres://localhost/host"
const atlas = await createAtlas({ databaseUrl, operations: [exportReport], access: { workspaceOf, grants } })
const app = express()
app.post("/tenants/:tenantId/reports/:month", async (req, res) => {
  const { tenantId, month } = req.params
  res.status(202).json(await atlas.start(actorOf(req), exportReport, { tenantId, input: { month } }))
})
app.get("/runs/:id", async (req, res) => void res.json(await atlas.get(actorOf(req), req.params.id)))
const refuse: ErrorRequestHandler = (error, _req, res, next) =>
  error instanceof AtlasError ? res.status(error.status).type("application/problem+json").json(error) : next(error)
app.use(refuse)
const server = app.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1")
process.once("SIGTERM", () => server.close(() => void atlas.close()))
