import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { Directory } from "@atlas/directory"
import { Access, Operations, Operation, TenantId, WorkspaceId } from "@atlas/operations"
import * as Pg from "@atlas/operations/pg"
import { TestDatabase } from "@atlas/test"
import { Effect, Layer, Logger, Option } from "effect"
import express from "express"
import { assert, it, vi } from "vitest"
import { mountConsole } from "./console.ts"

const report = Operation.make({
  name: "reports.export",
  label: "Export report",
  description: "Writes a report.",
  category: "Reports",
  input: Operation.NoInput,
  capabilities: { start: "tenant.reports.export", view: "tenant.reports.view" },
  identity: { rule: "while_active" }
})

const scope = { workspaceId: WorkspaceId.make("acme"), tenantId: TenantId.make("acme-eu") }
const capabilities = new Set(Object.values(report.capabilities))

const access = Layer.succeed(
  Access,
  Access.of({
    workspaceOf: (id) => Effect.succeed(id === scope.tenantId ? Option.some(scope.workspaceId) : Option.none()),
    grants: () => Effect.succeed([{ workspaceId: scope.workspaceId, tenants: "all", capabilities }])
  })
)

const services = Directory.layer.pipe(
  Layer.provideMerge(Operations.layer(report)),
  Layer.provide([access, Pg.listener]),
  Layer.provide(TestDatabase.layer),
  Layer.provideMerge(Logger.layer([])),
  Layer.orDie
)

const ada = { id: "ada", name: "Ada" }
const people = {
  personOf: async (cookie: string | null) => (cookie === "user=ada" ? ada : null),
  tenantsOf: async () => [{ id: scope.tenantId, name: "Acme Europe", workspace: "Acme" }]
}

it("shows the host's tenants to the host's people, and leads others to its sign-in", async () => {
  vi.stubEnv("CONSOLE_SECRET", "a secret of at least 32 characters")
  const app = express().use(express.urlencoded())
  const server = app.listen(0, "127.0.0.1")
  await once(server, "listening")
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const runtime = await mountConsole(app, origin, services, people)
  const page = await fetch(`${origin}/ops/atlas/tenants`, { headers: { cookie: "user=ada" } })
  assert.include(await page.text(), "Acme Europe")
  const form = { method: "POST", headers: { cookie: "user=ada", origin }, redirect: "manual" } as const
  const started = await fetch(`${origin}/ops/atlas/tenants/acme-eu/operations/reports.export`, form)
  assert.match(started.headers.get("location") ?? "", /^\/ops\/atlas\/operations\//)
  const stranger = await fetch(`${origin}/ops/atlas/tenants`, { redirect: "manual" })
  assert.strictEqual(stranger.headers.get("location"), "/login?next=%2Fops%2Fatlas%2Ftenants")
  server.close()
  server.closeAllConnections()
  await runtime.dispose()
  vi.unstubAllEnvs()
})
